/* regex_syntax.h - from Go's regular expression syntax to PCRE2's.  For regex.c and its tests. */
#ifndef SONDE_ANALYZE_REGEX_SYNTAX_H
#define SONDE_ANALYZE_REGEX_SYNTAX_H

#include "base/err.h"
#include "base/vec.h"

struct pattern_text {
	VEC(char) text; /* zero-terminated */
};

/* Append the same expression in PCRE2's syntax; the caller releases out->text in any case. */
SONDE_MUST int regex_translate(struct pattern_text *out, const char *pattern, struct err *err);

#endif
