/* rust_v0_constant.c - constants in Rust's newer names: the arguments of const generics, lengths of
 * arrays.
 *
 * A letter for the type, then the value in hexadecimal digits up to '_'.  What is no plain literal
 * stands in braces where it is a generic argument, as in the source.
 */
#include "symbolize/rust_v0.h"

#include <string.h>

struct digits {
	const char *p;
	size_t n;
	uint64_t value; /* if n <= 16 */
};

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct digits read_digits(struct v0 *v)
{
	struct digits d = { .p = v->s + v->at };

	while (!v->failed && !v0_eat(v, '_')) {
		int digit = hex_digit(v0_next(v));

		if (digit < 0)
			v0_fail(v);
		d.value = d.value << 4 | (uint64_t)(digit & 15);
		d.n++;
	}
	return d;
}

static struct digits read_number(struct v0 *v)
{
	struct digits d = read_digits(v);

	for (; d.n && d.p[0] == '0'; d.n--)
		d.p++;
	return d;
}

static void integer(struct v0 *v)
{
	struct digits d = read_number(v);

	if (d.n <= 16) {
		v0_put_number(v, "%llu", d.value);
	} else {
		v0_put(v, "0x");
		v0_put_bytes(v, d.p, d.n);
	}
}

static void boolean(struct v0 *v)
{
	struct digits d = read_number(v);

	if (d.n > 1 || d.value > 1)
		v0_fail(v);
	v0_put(v, d.value ? "true" : "false");
}

static bool is_scalar(uint64_t c)
{
	return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

static const char *escape_of(uint64_t c)
{
	switch (c) {
	case '\t':
		return "\\t";
	case '\r':
		return "\\r";
	case '\n':
		return "\\n";
	case '\\':
		return "\\\\";
	default:
		return NULL;
	}
}

static void put_character(struct v0 *v, uint64_t c, char quote)
{
	const char *escape = escape_of(c);
	char plain = (char)c;

	if (escape) {
		v0_put(v, escape);
	} else if (c >= ' ' && c <= '~') {
		if (plain == quote)
			v0_put(v, "\\");
		v0_put_bytes(v, &plain, 1);
	} else {
		v0_put_number(v, "\\u{%llx}", c);
	}
}

static void character(struct v0 *v)
{
	struct digits d = read_number(v);

	if (d.n > 6 || !is_scalar(d.value))
		v0_fail(v);
	v0_put(v, "'");
	put_character(v, d.value, '\'');
	v0_put(v, "'");
}

/* Digits are the bytes of UTF-8. */
static unsigned byte_at(const struct digits *d, size_t i)
{
	return (unsigned)(hex_digit(d->p[2 * i]) << 4 | hex_digit(d->p[2 * i + 1]));
}

/* The character at byte *i, which is moved past it; false if it is none. */
static bool next_utf8(const struct digits *d, size_t *i, uint64_t *c)
{
	static const uint64_t least[] = { 0, 0x80, 0x800, 0x10000 };
	unsigned first = byte_at(d, (*i)++);
	size_t more = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;

	if ((first >= 0x80 && first < 0xc0) || first >= 0xf8 || d->n / 2 - *i < more)
		return false;
	*c = more ? first & (0x3fu >> more) : first;
	for (size_t k = 0; k < more; k++) {
		unsigned byte = byte_at(d, (*i)++);

		if ((byte & 0xc0) != 0x80)
			return false;
		*c = *c << 6 | (byte & 0x3f);
	}
	return *c >= least[more] && is_scalar(*c);
}

static void string(struct v0 *v)
{
	struct digits d = read_digits(v);
	size_t i = 0;

	if (d.n % 2)
		v0_fail(v);
	v0_put(v, "\"");
	while (!v->failed && i < d.n / 2) {
		uint64_t c;

		if (next_utf8(&d, &i, &c))
			put_character(v, c, '"');
		else
			v0_fail(v);
	}
	v0_put(v, "\"");
}

static size_t list(struct v0 *v)
{
	size_t n = 0;

	for (; v0_more_items(v); n++) {
		v0_put(v, n ? ", " : "");
		v0_constant(v, true);
	}
	v0_expect(v, 'E');
	return n;
}

static void fields(struct v0 *v)
{
	v0_put(v, " { ");
	for (size_t i = 0; v0_more_items(v); i++) {
		struct v0_identifier name;

		v0_put(v, i ? ", " : "");
		v0_optional_base62(v, 's');
		name = v0_identifier(v);
		v0_put_identifier(v, &name);
		v0_put(v, ": ");
		v0_constant(v, true);
	}
	v0_expect(v, 'E');
	v0_put(v, " }");
}

/* A value of a struct or enum: its path, and nothing, values or named values. */
static void variant(struct v0 *v)
{
	v0_path(v, true);
	switch (v0_next(v)) {
	case 'U':
		return;
	case 'T':
		v0_put(v, "(");
		list(v);
		v0_put(v, ")");
		return;
	case 'S':
		fields(v);
		return;
	default:
		v0_fail(v);
	}
}

static void compound(struct v0 *v, char kind)
{
	switch (kind) {
	case 'e':
		v0_put(v, "*");
		string(v);
		return;
	case 'R':
	case 'Q':
		v0_put(v, kind == 'R' ? "&" : "&mut ");
		v0_constant(v, true);
		return;
	case 'A':
		v0_put(v, "[");
		list(v);
		v0_put(v, "]");
		return;
	case 'T':
		v0_put(v, "(");
		v0_put(v, list(v) == 1 ? ",)" : ")");
		return;
	case 'V':
		variant(v);
		return;
	default:
		v0_fail(v);
	}
}

static void constant_of_kind(struct v0 *v, char kind, bool in_expression)
{
	if (kind && strchr("htmyojaslxni", kind)) {
		if (strchr("aslxni", kind) && v0_eat(v, 'n'))
			v0_put(v, "-");
		integer(v);
	} else if (kind == 'b') {
		boolean(v);
	} else if (kind == 'c') {
		character(v);
	} else if (kind == 'p') {
		v0_put(v, "_");
	} else if (kind == 'R' && v0_eat(v, 'e')) {
		string(v); /* a literal has the type &str */
	} else {
		v0_put(v, in_expression ? "" : "{");
		compound(v, kind);
		v0_put(v, in_expression ? "" : "}");
	}
}

void v0_constant(struct v0 *v, bool in_expression)
{
	struct v0_place from;

	if (!v0_enter(v))
		return;
	if (!v0_eat(v, 'B')) {
		constant_of_kind(v, v0_next(v), in_expression);
	} else if (v0_go_back(v, &from)) {
		v0_constant(v, in_expression);
		v0_return(v, from);
	}
	v0_leave(v);
}
