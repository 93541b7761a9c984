/* legacy_text.c - lines, spans and numbers of the older, textual profile formats. */
#include "writer/legacy.h"

bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool is_lower_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_hex(char c)
{
	return is_lower_hex(c) || (c >= 'A' && c <= 'F');
}

struct span span_trim(struct span s)
{
	while (s.n && (is_space(s.s[0]) || s.s[0] == '\v'))
		s.s++, s.n--;
	while (s.n && (is_space(s.s[s.n - 1]) || s.s[s.n - 1] == '\v'))
		s.n--;
	return s;
}

bool span_starts(struct span s, struct span with)
{
	return s.n >= with.n && memcmp(s.s, with.s, with.n) == 0;
}

bool span_has(struct span s, struct span part)
{
	return memmem(s.s, s.n, part.s, part.n) != NULL;
}

bool span_equals(struct span a, struct span b)
{
	return a.n == b.n && memcmp(a.s, b.s, a.n) == 0;
}

bool span_is_blank_or_comment(struct span s)
{
	s = span_trim(s);
	return s.n == 0 || s.s[0] == '#';
}

bool is_address_char(char c)
{
	return c == ' ' || c == 'x' || is_lower_hex(c);
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	return is_hex(c) ? (c | 0x20) - 'a' + 10 : 99;
}

static int take_base(struct span *s)
{
	char letter;

	if (s->n < 2 || s->s[0] != '0')
		return 10;
	letter = (char)(s->s[1] | 0x20);
	if (s->n > 2 && (letter == 'x' || letter == 'b' || letter == 'o')) {
		s->s += 2;
		s->n -= 2;
		return letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
	}
	return 8;
}

bool span_uint(struct span s, int base, uint64_t *out)
{
	uint64_t u = 0;

	if (base == 0)
		base = take_base(&s);
	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int d = digit_value(s.s[i]);

		if (d >= base || __builtin_mul_overflow(u, (uint64_t)base, &u) ||
		    __builtin_add_overflow(u, (uint64_t)d, &u))
			return false;
	}
	*out = u;
	return true;
}

bool span_int(struct span s, int base, int64_t *out)
{
	bool negative = s.n && s.s[0] == '-';
	uint64_t u;

	if (s.n && (s.s[0] == '-' || s.s[0] == '+'))
		s.s++, s.n--;
	if (!span_uint(s, base, &u) || u > (uint64_t)INT64_MAX + negative)
		return false;
	*out = (int64_t)(negative ? 0 - u : u);
	return true;
}

bool lines_next(struct lines *l)
{
	const char *nl;

	if (l->pos == l->end) {
		l->line = SPAN("");
		return false;
	}
	nl = memchr(l->pos, '\n', (size_t)(l->end - l->pos));
	l->line = (struct span){ l->pos, (size_t)((nl ? nl : l->end) - l->pos) };
	l->pos = nl ? nl + 1 : l->end;
	l->number++;
	if (l->line.n && l->line.s[l->line.n - 1] == '\r')
		l->line.n--;
	return true;
}

bool scan_literal(struct scan *c, struct span literal)
{
	struct span rest = { c->s, (size_t)(c->end - c->s) };

	if (!span_starts(rest, literal))
		return false;
	c->s += literal.n;
	return true;
}

size_t scan_blanks(struct scan *c)
{
	const char *from = c->s;

	while (c->s < c->end && *c->s == ' ')
		c->s++;
	return (size_t)(c->s - from);
}

size_t scan_spaces(struct scan *c)
{
	const char *from = c->s;

	while (c->s < c->end && is_space(*c->s))
		c->s++;
	return (size_t)(c->s - from);
}

bool scan_while(struct scan *c, bool (*is)(char), struct span *out)
{
	const char *from = c->s;

	while (c->s < c->end && is(*c->s))
		c->s++;
	if (out)
		*out = (struct span){ from, (size_t)(c->s - from) };
	return c->s > from;
}
