/* rust_v0.c - reading and printing for the files that demangle Rust's newer names. */
#include "symbolize/rust_v0.h"

#include <stdio.h>
#include <string.h>

#define MAX_DEPTH	 300
#define MAX_OUTPUT_BYTES (1 << 16)
#define MAX_STEPS	 (1 << 18)

/* ---- reading ---- */

void v0_fail(struct v0 *v)
{
	v->failed = true;
}

/* 0 at the end, and after a failure. */
char v0_peek(const struct v0 *v)
{
	return v->failed || v->at >= v->end ? 0 : v->s[v->at];
}

bool v0_eat(struct v0 *v, char c)
{
	if (v0_peek(v) != c)
		return false;
	v->at++;
	return true;
}

char v0_next(struct v0 *v)
{
	char c = v0_peek(v);

	if (!c)
		v0_fail(v);
	else
		v->at++;
	return c;
}

void v0_expect(struct v0 *v, char c)
{
	if (!v0_eat(v, c))
		v0_fail(v);
}

/* Between the items of a list up to E. */
bool v0_more_items(struct v0 *v)
{
	return !v->failed && v0_peek(v) != 'E';
}

bool v0_enter(struct v0 *v)
{
	if (++v->depth > MAX_DEPTH || ++v->steps > MAX_STEPS)
		v0_fail(v);
	return !v->failed;
}

void v0_leave(struct v0 *v)
{
	v->depth--;
}

static int base62_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 36;
	return -1;
}

/* "_" is 0, "0_" is 1. */
uint64_t v0_base62(struct v0 *v)
{
	uint64_t n = 0;

	if (v0_eat(v, '_'))
		return 0;
	while (!v->failed && !v0_eat(v, '_')) {
		int digit = base62_digit(v0_next(v));

		if (digit < 0 || n > (UINT64_MAX - 61) / 62 - 1)
			v0_fail(v);
		else
			n = n * 62 + (uint64_t)digit;
	}
	return n + 1;
}

uint64_t v0_optional_base62(struct v0 *v, char letter)
{
	return v0_eat(v, letter) ? v0_base62(v) + 1 : 0;
}

/* No number begins with 0 but 0 itself: 00 are two. */
static uint64_t decimal(struct v0 *v)
{
	uint64_t n = 0;

	if (v0_eat(v, '0'))
		return 0;
	if (v0_peek(v) < '0' || v0_peek(v) > '9')
		v0_fail(v);
	while (v0_peek(v) >= '0' && v0_peek(v) <= '9' && n < UINT32_MAX)
		n = n * 10 + (uint64_t)(v0_next(v) - '0');
	return n;
}

struct v0_identifier v0_identifier(struct v0 *v)
{
	struct v0_identifier id = { .is_punycode = v0_eat(v, 'u') };

	id.n = decimal(v);
	v0_eat(v, '_');
	id.p = v->s + v->at;
	if (v->failed || id.n > v->end - v->at) {
		v0_fail(v);
		id.n = 0;
		return id;
	}
	v->at += id.n;
	for (size_t i = 0; i < id.n; i++)
		if (base62_digit(id.p[i]) < 0 && id.p[i] != '_')
			v0_fail(v);
	return id;
}

/* ---- printing ---- */

void v0_put_bytes(struct v0 *v, const char *p, size_t n)
{
	if (v->failed || v->is_silent || n == 0)
		return;
	if (v->out.n + n > MAX_OUTPUT_BYTES) {
		v0_fail(v);
		return;
	}
	VEC_MUST(&v->out, v->out.n + n + 1);
	memcpy(v->out.v + v->out.n, p, n);
	v->out.n += n;
}

void v0_put(struct v0 *v, const char *s)
{
	v0_put_bytes(v, s, strlen(s));
}

void v0_put_number(struct v0 *v, const char *fmt, uint64_t n)
{
	char text[40];

	snprintf(text, sizeof(text), fmt, (unsigned long long)n);
	v0_put(v, text);
}

void v0_put_identifier(struct v0 *v, const struct v0_identifier *id)
{
	char_list text = VEC_INIT;

	if (!id->is_punycode) {
		v0_put_bytes(v, id->p, id->n);
		return;
	}
	if (put_punycode(&text, id->p, id->n))
		v0_put_bytes(v, text.v, text.n);
	else
		v0_fail(v);
	VEC_RELEASE(&text);
}

/* ---- what was said before ---- */

bool v0_go_back(struct v0 *v, struct v0_place *from)
{
	size_t here = v->at - 1, there = v0_base62(v);

	if (v->failed || v->is_silent)
		return false;
	if (there >= here) {
		v0_fail(v);
		return false;
	}
	*from = (struct v0_place){ v->at, v->end };
	v->at = there;
	v->end = here;
	return true;
}

void v0_return(struct v0 *v, struct v0_place from)
{
	v->at = from.at;
	v->end = from.end;
}
