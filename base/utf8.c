/* utf8.c - decode UTF-8 one character at a time. */
#include "base/utf8.h"

size_t utf8_decode(const char *s, size_t n, uint32_t *c)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
	const unsigned char *u = (const unsigned char *)s;

	*c = u[0];
	if (u[0] < 0x80)
		return 1;
	for (size_t f = 0; f < 3; f++) {
		size_t width = f + 2;
		uint32_t v = u[0] & (unsigned char)~forms[f].mask;
		size_t i;

		if ((u[0] & forms[f].mask) != forms[f].lead || n < width)
			continue;
		for (i = 1; i < width && (u[i] & 0xc0) == 0x80; i++)
			v = v << 6 | (u[i] & 0x3f);
		if (i < width || v < forms[f].least || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
			break;
		*c = v;
		return width;
	}
	*c = UTF8_BAD;
	return 1;
}

size_t utf8_count(const char *s, size_t n)
{
	size_t count = 0;
	uint32_t c;

	for (size_t i = 0; i < n; count++)
		i += (unsigned char)s[i] < 0x80 ? 1 : utf8_decode(s + i, n - i, &c);
	return count;
}
