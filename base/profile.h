/* profile.h - the in-memory profile: the nouns that all rooms share.
 *
 * The shapes are those of pprof's profile.proto (github.com/google/pprof/blob/main/proto/profile.proto), stored as
 * columns: one array for each kind of thing, references are indices into these arrays, and a sample is a row across
 * several columns.  A profile of a million samples is a dozen arrays, not millions of objects.
 *
 *	sample i:  values   [i * n_types .. +n_types)           one value for each sample type
 *	           stack    [stack_at[i] .. stack_at[i + 1])     location indices, leaf first
 *	           labels   [label_at[i] .. label_at[i + 1])     in file order
 *	location l: lines   [first_line .. +n_lines)             innermost inlined function first; last = the physical one
 *
 * Strings are numbers of `strings` (strtab.h); 0 is "".  Indices that may be absent are PROFILE_NONE.
 * A struct profile owns all its arrays; profile_free() releases them.  Not thread-safe.
 * In the tool, running out of memory ends the process; the target does not use this file's builders in a handler.
 */
#ifndef SONDE_BASE_PROFILE_H
#define SONDE_BASE_PROFILE_H

#include "base/strtab.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_NONE UINT32_MAX

struct value_type {
	str_id type, unit; /* "cpu", "nanoseconds" */
};

struct label {
	str_id key;
	str_id str;  /* the value of a string label; meaningless when is_num */
	str_id unit; /* of a numeric label; 0 = none given */
	bool is_num;
	int64_t num;
};

struct mapping {
	uint64_t id; /* as in the file; 1..N in table order in files that we write */
	uint64_t start, limit, offset;
	str_id file, build_id;
	bool has_functions, has_filenames, has_line_numbers, has_inline_frames;
};

struct function {
	uint64_t id;
	str_id name, system_name, filename; /* demangled, linkage name, source file */
	int64_t start_line;
};

struct line {
	uint32_t function; /* index, or PROFILE_NONE */
	bool is_inlined;   /* only after filter_mark_inlines() (analyze/filter.h) */
	int64_t line, column;
};

struct location {
	uint64_t id;
	uint64_t address;
	uint32_t mapping; /* index, or PROFILE_NONE */
	uint32_t first_line, n_lines;
	bool is_folded;
};

struct profile {
	struct strtab *strings;
	VEC(struct value_type) sample_types;
	str_id default_sample_type; /* 0 = none */

	size_t n_samples;
	VEC(int64_t) values;  /* n_samples * sample_types.n */
	VEC(size_t) stack_at; /* n_samples + 1 */
	VEC(uint32_t) stack;  /* location indices */
	VEC(size_t) label_at; /* n_samples + 1 */
	VEC(struct label) labels;

	VEC(struct mapping) mappings;
	VEC(struct location) locations;
	VEC(struct line) lines;
	VEC(struct function) functions;

	str_id drop_frames, keep_frames;
	int64_t time_nanos, duration_nanos; /* since the epoch; 0 = unknown */
	struct value_type period_type;
	int64_t period;
	VEC(str_id) comments;
	str_id doc_url;
};

struct profile *profile_new(void);
void profile_free(struct profile *p); /* NULL is fine */

/* Append one sample: sample_types.n values, frames leaf first, labels.  All are copied. */
void profile_add_sample(struct profile *p, const int64_t *values, const uint32_t *stack,
			size_t n_stack, const struct label *labels, size_t n_labels);

static inline const char *profile_str(const struct profile *p, str_id id)
{
	return strtab_get(p->strings, id);
}

static inline str_id profile_intern(struct profile *p, const char *s)
{
	return strtab_add_str(p->strings, s);
}

/* A deep copy that shares nothing. */
struct profile *profile_copy(const struct profile *p);

#endif
