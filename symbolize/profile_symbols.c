/* profile_symbols.c - fill in the functions, lines and inline chains of a whole profile.
 *
 * File by file: open it, turn the addresses of the locations in its mappings into the file's own, look
 * all of them up in one batch, and write each location's lines.  Code that has no file has names at
 * best: the kernel's are told by the kernel (kernel.c), those of compilers at work by these
 * (jit_map.c).
 *
 * Locations hold instruction addresses already (callers: return address - 1).
 */
#include "base/arena.h"
#include "base/hash.h"
#include "base/progress.h"
#include "base/utf8.h"
#include "symbolize/binary.h"
#include "symbolize/binary_code.h"
#include "symbolize/demangle_cut.h"
#include "symbolize/jit_map.h"
#include "symbolize/kernel.h"
#include "symbolize/symtab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAMES 256 /* of one location */

struct job {
	struct profile *p;
	const struct symbolize_opts *opts;
	struct symbolize_stats *stats;
	struct hash_map functions; /* of p */
	struct kernel *kernel;	   /* NULL = not needed yet */
	struct arena *arena;
	uint32_t *locations; /* by mapping: those of mapping m are [first[m] .. first[m + 1]) */
	size_t *first;
};

/* ---- functions, each once ---- */

static uint64_t function_hash(const struct function *f)
{
	uint64_t h = hash_add(f->name, f->system_name);

	return hash_add(hash_add(h, f->filename), (uint64_t)f->start_line);
}

static bool same_function(const struct function *x, const struct function *y)
{
	return x->name == y->name && x->system_name == y->system_name &&
	       x->filename == y->filename && x->start_line == y->start_line;
}

static uint32_t *find_function(struct job *j, const struct function *f, uint64_t h)
{
	uint32_t *at = hash_map_first(&j->functions, h);

	while (*at != HASH_MAP_NONE && !same_function(&j->p->functions.v[*at], f))
		at = hash_map_next(&j->functions, at, h);
	return at;
}

static uint32_t add_function(struct job *j, struct function f)
{
	uint64_t h = function_hash(&f);
	uint32_t *at = find_function(j, &f, h);

	if (*at == HASH_MAP_NONE) {
		f.id = j->p->functions.n + 1;
		*at = (uint32_t)j->p->functions.n;
		hash_map_added(&j->functions, at, h);
		*VEC_PUSH(&j->p->functions) = f;
	}
	return *at;
}

/* Ids of others need not be 1..N; those of new functions must not meet them. */
static void number_functions(struct profile *p)
{
	for (size_t i = 0; i < p->functions.n; i++)
		p->functions.v[i].id = i + 1;
}

static void index_functions(struct job *j)
{
	for (size_t i = 0; i < j->p->functions.n; i++) {
		struct function *f = &j->p->functions.v[i];
		uint64_t h = function_hash(f);
		uint32_t *at = find_function(j, f, h);

		if (*at != HASH_MAP_NONE)
			continue;
		*at = (uint32_t)i;
		hash_map_added(&j->functions, at, h);
	}
}

/* ---- one mapping ---- */

static void sort_locations(struct job *j)
{
	const struct profile *p = j->p;
	size_t n = p->mappings.n, *next;

	j->locations = ARENA_ARRAY(j->arena, uint32_t, p->locations.n);
	j->first = ARENA_ARRAY(j->arena, size_t, n + 2);
	next = j->first + 1;
	for (size_t i = 0; i < p->locations.n; i++)
		if (p->locations.v[i].mapping < n)
			next[p->locations.v[i].mapping + 1]++;
	for (size_t m = 0; m < n; m++)
		next[m + 1] += next[m];
	/* next[m] is now where mapping m begins, and ends up where it ends, which is first[m + 1].
	 */
	for (size_t i = 0; i < p->locations.n; i++)
		if (p->locations.v[i].mapping < n)
			j->locations[next[p->locations.v[i].mapping]++] = (uint32_t)i;
}

static bool is_wanted(const struct job *j, const struct location *l)
{
	return j->opts->force || l->n_lines == 0;
}

/* Binaries may hold any bytes, profiles only UTF-8. */
static str_id intern(struct job *j, const char *s)
{
	size_t n = strlen(s), at = 0;
	char *clean;

	while (at < n && (unsigned char)s[at] < 0x80)
		at++;
	if (at == n)
		return profile_intern(j->p, s);
	clean = arena_strndup(j->arena, s, n);
	for (size_t width; at < n; at += width) {
		uint32_t c;

		width = utf8_decode(s + at, n - at, &c);
		if (c == UTF8_BAD && width == 1)
			clean[at] = '?';
	}
	return profile_intern(j->p, clean);
}

/* Names that DWARF has in source form lose their template arguments like the others. */
static const char *plain_name(struct job *j, const struct frame *f)
{
	struct demangle_cut cut = { true };
	const char *name = f->function ? f->function : "";
	const char *plain = f->plain ? f->plain : demangle(name, j->opts->demangle);

	if (plain != name || j->opts->demangle != DEMANGLE_DEFAULT || !strchr(name, '<'))
		return plain;
	return demangle_cut_name(&cut, name, j->arena);
}

static void set_lines(struct job *j, struct location *l, const struct frame *frames, size_t n)
{
	struct profile *p = j->p;

	l->first_line = (uint32_t)p->lines.n;
	l->n_lines = (uint32_t)n;
	l->is_folded = false;
	for (size_t i = 0; i < n; i++) {
		const struct frame *f = &frames[i];
		const char *name = f->function ? f->function : "";
		uint32_t function =
			add_function(j, (struct function){
						.name = intern(j, plain_name(j, f)),
						.system_name = intern(j, name),
						.filename = intern(j, f->file ? f->file : ""),
						.start_line = f->start_line,
					});

		*VEC_PUSH(&p->lines) =
			(struct line){ .function = function, .line = f->line, .column = f->column };
	}
}

/* Mappings of one file, as the processes of one program have them. */
struct same_file {
	const uint32_t *mappings;
	size_t n;
};

static void prepare(struct job *j, struct binary *b, struct same_file same)
{
	VEC(uint64_t) addresses = VEC_INIT;

	for (size_t k = 0; k < same.n; k++) {
		uint32_t m = same.mappings[k];

		for (size_t i = j->first[m]; i < j->first[m + 1]; i++) {
			const struct location *l = &j->p->locations.v[j->locations[i]];
			uint64_t address;

			if (is_wanted(j, l) &&
			    binary_file_address(b, &j->p->mappings.v[m], l->address, &address))
				*VEC_PUSH(&addresses) = address;
		}
	}
	binary_prepare(b, addresses.v, addresses.n);
	VEC_RELEASE(&addresses);
}

static void resolve(struct job *j, struct binary *b, uint32_t mapping)
{
	for (size_t i = j->first[mapping]; i < j->first[mapping + 1]; i++) {
		struct location *l = &j->p->locations.v[j->locations[i]];
		struct frame frames[MAX_FRAMES];
		uint64_t address;
		size_t n;

		if (!is_wanted(j, l) ||
		    !binary_file_address(b, &j->p->mappings.v[mapping], l->address, &address))
			continue;
		n = binary_lookup(b, address, frames, MAX_FRAMES);
		if (n == 0)
			continue;
		set_lines(j, l, frames, n);
		if (frames[n - 1].function)
			j->stats->n_resolved++;
	}
}

static void add_location_flags(const struct profile *p, const struct location *l, struct mapping *m)
{
	if (l->n_lines == 0)
		m->has_functions = m->has_filenames = m->has_line_numbers = false;
	for (uint32_t i = 0; i < l->n_lines; i++) {
		const struct line *line = &p->lines.v[l->first_line + i];
		const struct function *f =
			line->function == PROFILE_NONE ? NULL : &p->functions.v[line->function];

		m->has_functions &= f && f->name;
		m->has_filenames &= f && f->filename;
		m->has_line_numbers &= line->line != 0;
	}
}

/* A flag promises something about every location of the mapping.  Inline chains come from where
 * lines come from. */
static void set_flags(struct job *j, uint32_t mapping)
{
	struct mapping *m = &j->p->mappings.v[mapping];

	m->has_functions = m->has_filenames = m->has_line_numbers = true;
	for (size_t i = j->first[mapping]; i < j->first[mapping + 1]; i++)
		add_location_flags(j->p, &j->p->locations.v[j->locations[i]], m);
	m->has_inline_frames = m->has_line_numbers;
}

static void report(struct job *j, const char *file, const char *reason)
{
	struct err e;

	if (!reason[0])
		return;
	err_set(&e, 0, "no symbols for '%s': %s", file, reason);
	if (j->stats->first_problem[0] == 0)
		snprintf(j->stats->first_problem, sizeof(j->stats->first_problem), "%s", e.text);
	if (j->opts->tell)
		j->opts->tell(j->opts->tell_ctx, e.text);
}

/* Code without a file, by a list of names. */
static void name_locations(struct job *j, uint32_t mapping, const struct symtab *names,
			   uint64_t slide)
{
	for (size_t i = j->first[mapping]; i < j->first[mapping + 1]; i++) {
		struct location *l = &j->p->locations.v[j->locations[i]];
		const struct symbol *s = symtab_find(names, l->address + slide);

		if (!is_wanted(j, l) || !s || !s->name[0])
			continue;
		set_lines(j, l, &(struct frame){ .function = s->name }, 1);
		j->stats->n_resolved++;
	}
	set_flags(j, mapping);
}

static void name_kernel(struct job *j, struct same_file same)
{
	struct err why = { "" };

	if (!j->kernel)
		j->kernel = kernel_new(j->opts);
	for (size_t i = 0; i < same.n && j->kernel; i++) {
		const struct mapping *m = &j->p->mappings.v[same.mappings[i]];
		struct kernel_code code = {
			.file = profile_str(j->p, m->file),
			.build_id = profile_str(j->p, m->build_id),
			.start = m->start,
		};
		const struct symtab *names;
		uint64_t slide;

		if (kernel_names(j->kernel, &code, &names, &slide, &why) == 0) {
			name_locations(j, same.mappings[i], names, slide);
			continue;
		}
		j->stats->n_missing++;
		report(j, code.file, why.text);
	}
}

static void name_jit(struct job *j, struct same_file same, const char *file)
{
	struct jit_map_time time = {
		.start = j->p->time_nanos,
		.end = j->p->time_nanos ? j->p->time_nanos + j->p->duration_nanos : 0,
		.is_fresh = j->opts->is_fresh,
	};
	struct err why = { "" };
	struct symtab *names;

	if (jit_map_read(&names, file, j->opts->root ? j->opts->root : "", &time, &why)) {
		j->stats->n_missing += same.n;
		report(j, file, why.text);
		return;
	}
	for (size_t i = 0; i < same.n; i++)
		name_locations(j, same.mappings[i], names, 0);
	symtab_free(names);
}

static void symbolize_file(struct job *j, struct same_file same)
{
	const struct mapping *m = &j->p->mappings.v[same.mappings[0]];
	const char *file = profile_str(j->p, m->file);
	struct err why = { "" };
	struct binary *b;

	if (kernel_is_module(file, m->start)) {
		name_kernel(j, same);
		return;
	}
	if (jit_map_is(file)) {
		name_jit(j, same, file);
		return;
	}
	if (!mapping_has_file(file))
		return;
	if (binary_open_mapping(&b, file, profile_str(j->p, m->build_id), j->opts, &why)) {
		if (kernel_is_image(file)) {
			name_kernel(j, same);
			return;
		}
		j->stats->n_missing += same.n;
		report(j, file, why.text);
		return;
	}
	prepare(j, b, same);
	for (size_t i = 0; i < same.n; i++) {
		resolve(j, b, same.mappings[i]);
		set_flags(j, same.mappings[i]);
	}
	if (binary_problem(b)[0])
		report(j, file, binary_problem(b));
	binary_close(b);
}

static size_t count_wanted(const struct job *j, uint32_t mapping)
{
	size_t n = 0;

	for (size_t i = j->first[mapping]; i < j->first[mapping + 1]; i++)
		n += is_wanted(j, &j->p->locations.v[j->locations[i]]);
	return n;
}

static bool is_same_file(const struct mapping *x, const struct mapping *y)
{
	return x->file == y->file && x->build_id == y->build_id;
}

static int by_file(const void *a, const void *b, void *profile)
{
	const struct profile *p = profile;
	const uint32_t *i = a, *k = b;
	const struct mapping *x = &p->mappings.v[*i], *y = &p->mappings.v[*k];

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->build_id != y->build_id)
		return x->build_id < y->build_id ? -1 : 1;
	return (*i > *k) - (*i < *k);
}

/* The mappings with something to do, those of one file side by side.  Returns how many. */
static size_t sort_mappings(struct job *j, uint32_t *mappings)
{
	size_t n = 0;

	for (uint32_t m = 0; m < j->p->mappings.n; m++) {
		size_t n_wanted = count_wanted(j, m);

		j->stats->n_locations += n_wanted;
		if (n_wanted)
			mappings[n++] = m;
	}
	qsort_r(mappings, n, sizeof(*mappings), by_file, j->p);
	j->stats->n_mappings = n;
	return n;
}

int symbolize_profile(struct profile *p, const struct symbolize_opts *opts,
		      struct symbolize_stats *stats, struct err *err)
{
	static const struct symbolize_opts no_opts;
	struct symbolize_stats unused;
	struct job j = {
		.p = p,
		.opts = opts ? opts : &no_opts,
		.stats = stats ? stats : &unused,
		.arena = arena_new(ARENA_DIE),
	};
	uint32_t *mappings = ARENA_ARRAY(j.arena, uint32_t, p->mappings.n);
	size_t n, end;

	*j.stats = (struct symbolize_stats){ 0 };
	sort_locations(&j);
	number_functions(p);
	hash_map_init(&j.functions);
	n = sort_mappings(&j, mappings);
	if (n > 0)
		index_functions(&j);
	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n &&
		       is_same_file(&p->mappings.v[mappings[i]], &p->mappings.v[mappings[end]]))
			end++;
		progress_begin("finding functions and lines", n);
		progress_add(i);
		symbolize_file(&j, (struct same_file){ mappings + i, end - i });
	}
	hash_map_release(&j.functions);
	kernel_free(j.kernel);
	arena_free(j.arena);
	return 0;
}
