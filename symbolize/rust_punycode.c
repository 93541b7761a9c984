/* rust_punycode.c - names with letters beyond ASCII, as Rust writes them into symbols.
 *
 * RFC 3492: the ASCII letters first, then '_', then numbers of a variable length that say which
 * letter to insert where: each letter is a step in a walk over all places for all code points.
 */
#include "symbolize/demangle_rust.h"

#include <string.h>

enum { BASE = 36, T_MIN = 1, T_MAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_CODE = 128 };

#define MAX_LETTERS 512
#define MAX_CODE    0x10ffff

struct letters {
	uint32_t v[MAX_LETTERS];
	size_t n;
};

static int digit_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	return -1;
}

static uint32_t next_bias(uint64_t delta, size_t n, bool is_first)
{
	uint32_t k = 0;

	delta /= is_first ? DAMP : 2;
	delta += delta / n;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (uint32_t)((BASE - T_MIN + 1) * delta / (delta + SKEW));
}

/* One number at *p. */
static bool read_number(const char **p, const char *end, uint32_t bias, uint64_t *out)
{
	uint64_t weight = 1;

	*out = 0;
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = k <= bias ? T_MIN : k >= bias + T_MAX ? T_MAX : k - bias;
		int digit = *p < end ? digit_of(*(*p)++) : -1;

		if (digit < 0)
			return false;
		*out += (uint64_t)digit * weight;
		if (*out > UINT32_MAX)
			return false;
		if ((uint32_t)digit < t)
			return true;
		weight *= BASE - t;
		if (weight > UINT32_MAX)
			return false;
	}
}

static bool insert(struct letters *l, uint64_t at, uint64_t code)
{
	if (l->n == MAX_LETTERS || code > MAX_CODE || (code >= 0xd800 && code < 0xe000))
		return false;
	memmove(l->v + at + 1, l->v + at, (l->n - at) * sizeof(*l->v));
	l->v[at] = (uint32_t)code;
	l->n++;
	return true;
}

static bool decode(struct letters *l, const char *p, const char *end)
{
	uint64_t code = FIRST_CODE, at = 0, step;
	uint32_t bias = FIRST_BIAS;

	while (p < end) {
		if (!read_number(&p, end, bias, &step))
			return false;
		bias = next_bias(step, l->n + 1, code == FIRST_CODE && at == 0);
		at += step;
		code += at / (l->n + 1);
		at %= l->n + 1;
		if (!insert(l, at, code))
			return false;
		at++;
	}
	return true;
}

void put_utf8(char_list *out, uint32_t c)
{
	if (c < 0x80) {
		*VEC_PUSH(out) = (char)c;
		return;
	}
	if (c < 0x800) {
		*VEC_PUSH(out) = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		*VEC_PUSH(out) = (char)(0xe0 | c >> 12);
		*VEC_PUSH(out) = (char)(0x80 | (c >> 6 & 63));
	} else {
		*VEC_PUSH(out) = (char)(0xf0 | c >> 18);
		*VEC_PUSH(out) = (char)(0x80 | (c >> 12 & 63));
		*VEC_PUSH(out) = (char)(0x80 | (c >> 6 & 63));
	}
	*VEC_PUSH(out) = (char)(0x80 | (c & 63));
}

bool put_punycode(char_list *out, const char *s, size_t n)
{
	const char *ascii_end = memrchr(s, '_', n), *p = ascii_end ? ascii_end + 1 : s;
	struct letters l = { .n = 0 };

	for (const char *a = s; ascii_end && a < ascii_end; a++)
		if (!insert(&l, l.n, (unsigned char)*a))
			return false;
	if (!decode(&l, p, s + n))
		return false;
	for (size_t i = 0; i < l.n; i++)
		put_utf8(out, l.v[i]);
	return true;
}
