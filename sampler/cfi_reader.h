/* cfi_reader.h - bounds-checked reading of call frame information: a cursor and its number formats. */
#ifndef SONDE_SAMPLER_CFI_READER_H
#define SONDE_SAMPLER_CFI_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *p, *end;
	bool bad; /* something reached past the end; everything read since is 0 */
};

static inline uint64_t cursor_fixed(struct cursor *c, size_t n)
{
	uint64_t v = 0;

	if ((size_t)(c->end - c->p) < n) {
		c->bad = true;
		c->p = c->end;
		return 0;
	}
	if (n == 4) /* most are: spare them the call */
		memcpy(&v, c->p, 4);
	else
		memcpy(&v, c->p, n);
	c->p += n;
	return v;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	if (c->p == c->end) {
		c->bad = true;
		return 0;
	}
	return *c->p++;
}

static inline uint64_t cursor_uleb(struct cursor *c)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t b = cursor_u8(c);

	if (b < 0x80)
		return b;
	for (;; b = cursor_u8(c), shift += 7) {
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return v;
	}
}

static inline int64_t cursor_sleb(struct cursor *c)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t b;

	do {
		b = cursor_u8(c);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80);
	if (shift < 64 && (b & 0x40))
		v |= ~(uint64_t)0 << shift;
	return (int64_t)v;
}

static inline struct cursor cursor_block(struct cursor *c, uint64_t n)
{
	struct cursor block = { c->p, c->p, false };

	if ((uint64_t)(c->end - c->p) < n) {
		c->bad = true;
		c->p = c->end;
		return block;
	}
	block.end = block.p + n;
	c->p += n;
	return block;
}

#endif
