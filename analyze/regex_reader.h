/* regex_reader.h - a pattern that is being read by Go's rules and written by PCRE2's.  For regex_syntax.c and its parts. */
#ifndef SONDE_ANALYZE_REGEX_READER_H
#define SONDE_ANALYZE_REGEX_READER_H

#include "analyze/regex_syntax.h"

#include <stdbool.h>
#include <stdint.h>

/* What a repetition would apply to. */
enum regex_item { REGEX_NOTHING, REGEX_ATOM, REGEX_REPEATED };

struct regex_reader {
	const char *start, *pos, *end;
	struct pattern_text *out;
	enum regex_item last;
	const char *last_repeat; /* the repetition just before pos, or NULL */
	VEC(char) flags;	 /* groups of them before pos, not written yet */
	int depth;
	struct err *err;
};

/* Go's sentence, which quotes the part that is wrong. */
SONDE_MUST int regex_fail(struct regex_reader *r, const char *what, const char *from,
			  const char *to);

/* Append: as it stands, one character of the pattern, the end of an item. */
void regex_put(struct regex_reader *r, const char *s);
void regex_put_char(struct regex_reader *r, uint32_t c);
void regex_put_atom(struct regex_reader *r, const char *s);

uint32_t regex_next_char(struct regex_reader *r);

/* ---- regex_class.c ---- */

/* \d and its kin: what stands for it outside of a class and inside of one. */
struct perl_class {
	char letter;
	const char *outside, *inside;
};

/* The one at pos, or NULL. */
const struct perl_class *regex_perl_class(const struct regex_reader *r);

/* One escaped character, pos at its backslash. */
SONDE_MUST int regex_read_escape(struct regex_reader *r, uint32_t *c);

/* \pL, \p{Greek}, \P{^Greek}, pos at the backslash. */
SONDE_MUST int regex_read_unicode_class(struct regex_reader *r);

/* [...], pos at the bracket. */
SONDE_MUST int regex_read_class(struct regex_reader *r);

#endif
