/* json.h - write JSON piece by piece.
 *
 * Each call writes one member of the innermost open bracket: with its key in an object, with a NULL
 * key in an array.  Strings are escaped so that the text may also stand inside an HTML script
 * element; bytes that are not UTF-8 become U+FFFD.  Numbers that are not finite become null.
 */
#ifndef SONDE_ANALYZE_JSON_H
#define SONDE_ANALYZE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *out;
	bool comma; /* the next member is not the first */
	bool line;  /* and stands on a new line */
};

void json_open(struct json *j, const char *key, char bracket); /* '{' or '[' */
void json_close(struct json *j, char bracket);		       /* '}' or ']' */
void json_text(struct json *j, const char *key, const char *s);
void json_int(struct json *j, const char *key, int64_t v);
void json_real(struct json *j, const char *key, double v); /* nine digits */
void json_bool(struct json *j, const char *key, bool v);
void json_null(struct json *j, const char *key);
void json_line(struct json *j); /* go to a new line before the next member */

#endif
