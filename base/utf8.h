/* utf8.h - reading UTF-8 as Go does: a byte that is not part of a whole, shortest-form character is
 * U+FFFD, width 1. */
#ifndef SONDE_BASE_UTF8_H
#define SONDE_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_BAD 0xfffd

/* The character at s (n > 0 bytes) into *c and its width as the result; *c is UTF8_BAD with width 1
 * for a bad byte. */
size_t utf8_decode(const char *s, size_t n, uint32_t *c);

size_t utf8_count(const char *s, size_t n); /* characters, bad bytes counted as one each */

#endif
