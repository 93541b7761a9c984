/* text_file.h - whole small files of text, as /proc has them. */
#ifndef SONDE_SYMBOLIZE_TEXT_FILE_H
#define SONDE_SYMBOLIZE_TEXT_FILE_H

#include "base/err.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

typedef VEC(char) text_bytes;

/* Append what is in the file, which must be a regular one of at most so many bytes; what /proc
 * makes up counts as regular.  SONDE_ENOTFOUND where there is none.  The caller releases out in any
 * case. */
SONDE_MUST int text_file_read(text_bytes *out, const char *path, size_t max_bytes, struct err *err);
/* The same from a descriptor, which stays open; path is for the sentence. */
SONDE_MUST int text_file_read_fd(text_bytes *out, int fd, const char *path, size_t max_bytes,
				 struct err *err);

struct text_line {
	const char *p, *end; /* what is left of it */
};

/* The next line of [*p, end), without its end. */
bool text_next_line(const char **p, const char *end, struct text_line *line);
/* A hexadecimal number at the beginning of what is left, with or without 0x. */
bool text_hex(struct text_line *line, uint64_t *out);
void text_skip_blanks(struct text_line *line);

#endif
