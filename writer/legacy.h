/* legacy.h - what the readers of the older profile formats share.
 *
 * Room-internal.  The formats are those that gperftools, Go before 1.9 and the Java agent wrote and
 * pprof still reads; what matters is that the same profile comes out, with all the corrections that
 * pprof makes, so the readers follow its patterns to the letter, also where a pattern accepts odd
 * input.
 *
 * Each reader gets a `struct legacy` with an empty profile and answers whether the bytes are its
 * format.
 */
#ifndef SONDE_WRITER_LEGACY_H
#define SONDE_WRITER_LEGACY_H

#include "base/arena.h"
#include "writer/input.h"

#include <stdbool.h>
#include <string.h>

enum legacy_result {
	LEGACY_OK = 0,
	LEGACY_NOT_MINE = 1,
	LEGACY_BROKEN = -1, /* its format and malformed: err is filled */
};

/* ---- text (legacy_text.c) ---- */

struct span {
	const char *s;
	size_t n;
};

#define SPAN(literal) ((struct span){ "" literal, sizeof(literal) - 1 })

struct span span_trim(struct span s); /* without white space at both ends */
bool span_starts(struct span s, struct span with);
bool span_has(struct span s, struct span part);
bool span_equals(struct span a, struct span b);
bool span_is_blank_or_comment(struct span s);

bool is_space(char c); /* what \s matches */
bool is_digit(char c);
bool is_hex(char c); /* either case */
bool is_lower_hex(char c);
bool is_address_char(char c); /* of "0x12 0x34", which is what [ x0-9a-f] matches */

/* Go's strconv: with base 0 the prefixes 0x, 0b, 0o and 0 choose the base.  False when s is not
 * wholly a number or does not fit. */
bool span_int(struct span s, int base, int64_t *out);
bool span_uint(struct span s, int base, uint64_t *out);

/* Text line by line, line ends removed. */
struct lines {
	const char *pos, *end;
	struct span line; /* the current one; empty before the first and after the last */
	size_t number;	  /* of the current line, from 1 */
};

bool lines_next(struct lines *l);

/* A place in a line from which pieces of a pattern are taken: each take moves on and succeeds, or
 * fails and has not moved.  NULL spans are allowed. */
struct scan {
	const char *s, *end;
};

bool scan_literal(struct scan *c, struct span literal);
size_t scan_blanks(struct scan *c);				     /* "  *": how many */
size_t scan_spaces(struct scan *c);				     /* \s*: how many */
bool scan_while(struct scan *c, bool (*is)(char), struct span *out); /* one at least */

/* ---- the profile that is being built (legacy.c) ---- */

/* Which addresses of a stack are those behind a call and must be moved back onto it. */
enum return_addresses { NONE_RETURNS, CALLERS_RETURN, ALL_RETURN };

struct legacy {
	struct profile *p;
	struct id_map by_address; /* locations of p */
	VEC(uint32_t) stack;	  /* of the sample that is being read */
	struct err *err;
};

/* Fill err: "malformed WHAT at line N: LINE". */
enum legacy_result legacy_broken(struct legacy *l, const char *what, const struct lines *at);

void legacy_sample_type(struct legacy *l, const char *type, const char *unit);
void legacy_period(struct legacy *l, const char *type, const char *unit, int64_t period);
void legacy_frame(struct legacy *l,
		  uint64_t address); /* one more of the current sample, leaf first */
/* Add a frame for each 0x… number in s; false: one has more than 64 bits. */
bool legacy_frames(struct legacy *l, struct span s, enum return_addresses which);
void legacy_sample(struct legacy *l, const int64_t *values,
		   const struct label *label); /* NULL: none */

/* Locations and functions in the order in which samples meet them, ids from 1, what is not met is
 * dropped. */
void legacy_renumber(struct profile *p);
/* Drop the second frame of each sample where it is the leaf again, as a return address. */
void legacy_drop_double_leaves(struct profile *p);

/* An estimate of what was allocated from what was sampled, one in `rate` bytes on average. */
void legacy_unsample(int64_t *count, int64_t *size, int64_t rate);
int64_t legacy_to_int64(double v);

/* ---- the memory map at the end (legacy_maps.c) ---- */

bool is_memory_map_start(struct span line);
/* Skip to the start of the memory map, read it, number everything and give each location its
 * mapping. */
enum legacy_result legacy_finish(struct legacy *l, struct lines *lines);
/* The same when lines are at the first line of the map already. */
enum legacy_result legacy_read_map(struct legacy *l, struct lines *lines);
enum legacy_result legacy_assign_mappings(struct legacy *l);

/* ---- the formats, one file each; legacy.c asks them in pprof's order ---- */

enum legacy_result legacy_cpu(struct legacy *l, const uint8_t *data, size_t n);
enum legacy_result legacy_heap(struct legacy *l, const uint8_t *data, size_t n);
enum legacy_result legacy_count(struct legacy *l, const uint8_t *data, size_t n);
enum legacy_result legacy_thread(struct legacy *l, const uint8_t *data, size_t n);
enum legacy_result legacy_contention(struct legacy *l, const uint8_t *data, size_t n);
enum legacy_result legacy_java(struct legacy *l, const uint8_t *data, size_t n);
/* The text part of a Java profile: "0xADDRESS function (file:line)" for the locations that samples
 * have. */
enum legacy_result legacy_java_locations(struct legacy *l, struct lines *lines);

/* All of them; LEGACY_NOT_MINE = none knows it. */
enum legacy_result legacy_decode(struct profile **out, const uint8_t *data, size_t n,
				 struct err *err);

#endif
