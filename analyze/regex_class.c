/* regex_class.c - escaped characters and classes of characters: from Go's syntax to PCRE2's. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "analyze/regex_reader.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdio.h>
#include <string.h>

/* ---- characters and escapes ---- */

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The digits after \x: two, or any number in braces. */
static int read_hex(struct regex_reader *r, uint32_t *c, const char *from)
{
	bool braces = r->pos < r->end && *r->pos == '{';
	int n = 0;

	*c = 0;
	r->pos += braces;
	while (r->pos < r->end && (braces || n < 2) && *r->pos != '}') {
		int digit = hex_digit(*r->pos++);

		if (digit < 0)
			return regex_fail(r, "invalid escape sequence", from, r->pos);
		*c = *c * 16 + (uint32_t)digit;
		if (*c > 0x10ffff)
			return regex_fail(r, "invalid escape sequence", from, r->pos);
		n++;
	}
	if (braces && r->pos < r->end && n)
		r->pos++;
	else if (braces || n < 2)
		return regex_fail(r, "invalid escape sequence", from, r->pos);
	return 0;
}

static bool is_octal(const struct regex_reader *r)
{
	return r->pos < r->end && *r->pos >= '0' && *r->pos <= '7';
}

int regex_read_escape(struct regex_reader *r, uint32_t *c)
{
	static const char names[] = "afnrtv", values[] = "\a\f\n\r\t\v";
	const char *from = r->pos++, *name;

	if (r->pos == r->end)
		return regex_fail(r, "trailing backslash at end of expression", from, from);
	*c = regex_next_char(r);
	name = *c && *c < 0x80 ? strchr(names, (int)*c) : NULL;
	if (name) {
		*c = (uint32_t)values[name - names];
		return 0;
	}
	if (*c == 'x')
		return read_hex(r, c, from);
	if (*c == '0' || (*c >= '1' && *c <= '7' && is_octal(r))) {
		*c -= '0';
		for (int i = 1; i < 3 && is_octal(r); i++)
			*c = *c * 8 + (uint32_t)(*r->pos++ - '0');
		return 0;
	}
	if (*c < 0x80 && !isalnum((int)*c))
		return 0;
	return regex_fail(r, "invalid escape sequence", from, r->pos);
}

/* Does PCRE2 know this class, such as \p{Greek}? */
static bool is_unicode_class(const char *text)
{
	PCRE2_SIZE at;
	int code;
	pcre2_code *compiled =
		pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &at, NULL);

	pcre2_code_free(compiled);
	return compiled != NULL;
}

int regex_read_unicode_class(struct regex_reader *r)
{
	const char *from = r->pos, *name, *close;
	char text[80];
	bool negative = r->pos[1] == 'P';

	r->pos += 2;
	if (r->pos == r->end)
		return regex_fail(r, "invalid character class range", from, r->pos);
	name = r->pos;
	if (*r->pos != '{') {
		regex_next_char(r);
		close = r->pos;
	} else {
		name++;
		close = memchr(r->pos, '}', (size_t)(r->end - r->pos));
		if (!close)
			return regex_fail(r, "invalid character class range", from, r->end);
		r->pos = close + 1;
	}
	if (name < close && *name == '^') {
		negative = !negative;
		name++;
	}
	for (const char *s = name; s < close; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return regex_fail(r, "invalid character class range", from, r->pos);
	if (close == name || close - name > 64)
		return regex_fail(r, "invalid character class range", from, r->pos);
	snprintf(text, sizeof(text), "\\%c{%.*s}", negative ? 'P' : 'p', (int)(close - name), name);
	if (!is_unicode_class(text))
		return regex_fail(r, "invalid character class range", from, r->pos);
	regex_put(r, text);
	return 0;
}

/* ---- classes ---- */

/* Go's \s has no vertical tab, PCRE2's has. */
static const struct perl_class perl_classes[] = {
	{ 'd', "\\d", "\\d" },
	{ 'D', "\\D", "\\D" },
	{ 'w', "\\w", "\\w" },
	{ 'W', "\\W", "\\W" },
	{ 's', "[\\t\\n\\f\\r\\x20]", "\\t\\n\\f\\r\\x20" },
	{ 'S', "[^\\t\\n\\f\\r\\x20]", "\\x{0}-\\x{8}\\x{b}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}" },
};

const struct perl_class *regex_perl_class(const struct regex_reader *r)
{
	if (r->end - r->pos < 2 || r->pos[0] != '\\')
		return NULL;
	for (size_t i = 0; i < sizeof(perl_classes) / sizeof(perl_classes[0]); i++)
		if (perl_classes[i].letter == r->pos[1])
			return &perl_classes[i];
	return NULL;
}

static bool is_posix_name(const char *s, size_t n)
{
	static const char names[] =
		" alnum alpha ascii blank cntrl digit graph lower print punct space upper "
		"word xdigit ";
	char want[16];

	if (n && *s == '^')
		s++, n--;
	if (n == 0 || n > 8 || memchr(s, ' ', n))
		return false;
	snprintf(want, sizeof(want), " %.*s ", (int)n, s);
	return strstr(names, want) != NULL;
}

/* [:alpha:] inside a class; *done says whether there was one. */
static int read_posix_class(struct regex_reader *r, bool *done)
{
	const char *from = r->pos, *close;
	char text[16];

	*done = false;
	if (r->end - r->pos < 3 || r->pos[0] != '[' || r->pos[1] != ':')
		return 0;
	close = memmem(r->pos + 2, (size_t)(r->end - r->pos - 2), ":]", 2);
	if (!close)
		return 0;
	r->pos = close + 2;
	if (!is_posix_name(from + 2, (size_t)(close - from - 2)))
		return regex_fail(r, "invalid character class range", from, r->pos);
	snprintf(text, sizeof(text), "%.*s", (int)(r->pos - from), from);
	regex_put(r, text);
	*done = true;
	return 0;
}

static int read_class_char(struct regex_reader *r, uint32_t *c, const char *class_start)
{
	if (r->pos == r->end)
		return regex_fail(r, "missing closing ]", class_start, r->end);
	if (*r->pos == '\\')
		return regex_read_escape(r, c);
	*c = regex_next_char(r);
	return 0;
}

static int read_class_range(struct regex_reader *r, const char *class_start)
{
	const char *from = r->pos;
	uint32_t lo = 0, hi;
	int rc = read_class_char(r, &lo, class_start);

	if (rc)
		return rc;
	hi = lo;
	if (r->end - r->pos >= 2 && r->pos[0] == '-' && r->pos[1] != ']') {
		r->pos++;
		rc = read_class_char(r, &hi, class_start);
		if (rc)
			return rc;
	}
	if (hi < lo)
		return regex_fail(r, "invalid character class range", from, r->pos);
	regex_put_char(r, lo);
	if (hi != lo) {
		regex_put(r, "-");
		regex_put_char(r, hi);
	}
	return 0;
}

int regex_read_class(struct regex_reader *r)
{
	const char *from = r->pos++;
	bool first = true, done;
	int rc = 0;

	regex_put(r, "[");
	if (r->pos < r->end && *r->pos == '^') {
		regex_put(r, "^");
		r->pos++;
	}
	for (; r->pos == r->end || *r->pos != ']' || first; first = false) {
		const struct perl_class *perl = regex_perl_class(r);

		rc = read_posix_class(r, &done);
		if (rc)
			return rc;
		if (done)
			continue;
		if (perl) {
			regex_put(r, perl->inside);
			r->pos += 2;
		} else if (r->end - r->pos >= 2 && *r->pos == '\\' && (r->pos[1] | 0x20) == 'p') {
			rc = regex_read_unicode_class(r);
		} else {
			rc = read_class_range(r, from);
		}
		if (rc)
			return rc;
	}
	r->pos++;
	regex_put_atom(r, "]");
	return 0;
}
