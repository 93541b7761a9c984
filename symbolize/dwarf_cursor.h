/* dwarf_cursor.h - read a run of DWARF bytes without ever leaving it.
 *
 * A cursor goes bad at the first read beyond its end, and from then on reads zeros: check once, at
 * the end of a record.
 */
#ifndef SONDE_SYMBOLIZE_DWARF_CURSOR_H
#define SONDE_SYMBOLIZE_DWARF_CURSOR_H

#include "symbolize/elf_file.h"

#include <string.h>

struct dwarf_cursor {
	const unsigned char *p, *end;
	bool is_little, is_dwarf64, bad;
};

static inline struct dwarf_cursor cursor_over(struct elf_bytes bytes, bool is_little)
{
	return (struct dwarf_cursor){
		.p = bytes.p,
		.end = bytes.n ? bytes.p + bytes.n : bytes.p,
		.is_little = is_little,
	};
}

static inline size_t cursor_left(const struct dwarf_cursor *c)
{
	return (size_t)(c->end - c->p);
}

static inline void cursor_fail(struct dwarf_cursor *c)
{
	c->bad = true;
	c->p = c->end;
}

static inline const unsigned char *cursor_skip(struct dwarf_cursor *c, uint64_t n)
{
	const unsigned char *p = c->p;

	if (n > cursor_left(c)) {
		cursor_fail(c);
		return NULL;
	}
	c->p += n;
	return p;
}

static inline uint64_t bytes_number(const unsigned char *p, unsigned n, bool is_little)
{
	uint64_t value = 0;

	if (is_little && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		memcpy(&value, p, n);
		return value;
	}
	for (unsigned i = 0; i < n; i++)
		value |= (uint64_t)p[i] << 8 * (is_little ? i : n - 1 - i);
	return value;
}

/* n is 1 to 8 */
static inline uint64_t cursor_fixed(struct dwarf_cursor *c, unsigned n)
{
	const unsigned char *p = cursor_skip(c, n);

	return p ? bytes_number(p, n, c->is_little) : 0;
}

static inline uint64_t cursor_uleb(struct dwarf_cursor *c)
{
	uint64_t value = 0;

	if (c->p < c->end && *c->p < 128) /* as most are */
		return *c->p++;
	for (unsigned shift = 0; c->p < c->end; shift += 7) {
		unsigned char b = *c->p++;

		if (shift < 64)
			value |= (uint64_t)(b & 127) << shift;
		if (!(b & 128))
			return value;
	}
	cursor_fail(c);
	return 0;
}

static inline int64_t cursor_sleb(struct dwarf_cursor *c)
{
	uint64_t value = 0;

	for (unsigned shift = 0; c->p < c->end;) {
		unsigned char b = *c->p++;

		if (shift < 64)
			value |= (uint64_t)(b & 127) << shift;
		shift += 7;
		if (b & 128)
			continue;
		if (b & 64 && shift < 64)
			value |= UINT64_MAX << shift;
		return (int64_t)value;
	}
	cursor_fail(c);
	return 0;
}

static inline uint64_t cursor_offset(struct dwarf_cursor *c)
{
	return cursor_fixed(c, c->is_dwarf64 ? 8 : 4);
}

/* A length, which also says whether offsets have 4 or 8 bytes. */
static inline uint64_t cursor_length(struct dwarf_cursor *c)
{
	uint64_t n = cursor_fixed(c, 4);

	c->is_dwarf64 = n == 0xffffffff;
	return c->is_dwarf64 ? cursor_fixed(c, 8) : n;
}

/* Zero-terminated, in place; NULL where there is no end. */
static inline const char *cursor_string(struct dwarf_cursor *c)
{
	const unsigned char *p = c->p, *end = cursor_left(c) ? memchr(p, 0, cursor_left(c)) : NULL;

	if (!end) {
		cursor_fail(c);
		return NULL;
	}
	c->p = end + 1;
	return (const char *)p;
}

/* A string of a section, in place; NULL where it does not end within so many bytes.  A section that ends with a zero
 * is looked at no further: tables of files name many strings, most of which nobody asks for. */
static inline const char *bytes_string(struct elf_bytes b, uint64_t offset, uint64_t most)
{
	uint64_t left = offset < b.n ? b.n - offset : 0;

	if (!left || (b.p[b.n - 1] && !memchr(b.p + offset, 0, left < most ? left : most)))
		return NULL;
	return (const char *)b.p + offset;
}

#endif
