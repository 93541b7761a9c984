/* regex.h - regular expressions as pprof's users know them: the syntax of RE2 and Go, unanchored.
 *
 * Look-around and back-references do not exist, and the error sentences are those of Go, because a
 * script may have learnt to read them.  Matching takes any bytes: what is not UTF-8 counts as one
 * U+FFFD per byte, as in Go. Not thread-safe: one thread for one struct regex.
 */
#ifndef SONDE_ANALYZE_REGEX_H
#define SONDE_ANALYZE_REGEX_H

#include "base/err.h"
#include "base/profile.h"

struct regex;

/* The sentence of a bad pattern is "error parsing regexp: ...". */
SONDE_MUST int regex_compile(struct regex **out, const char *pattern, struct err *err);
void regex_free(struct regex *r); /* NULL is fine */
bool regex_match(struct regex *r, const char *s, size_t n);
const char *regex_text(const struct regex *r); /* the pattern as given */

/* regex_match() of a profile's string, looked up once for each distinct string. */
bool regex_match_id(struct regex *r, const struct strtab *strings, str_id id);

#endif
