/* regex_syntax.c - read Go's regular expression syntax, write PCRE2's.
 *
 * Both engines agree on most of the language, but not on all of it: in Go "a++" is an error (in
 * PCRE2 it is possessive), \v is one character (in PCRE2 a class), look-around and back-references
 * do not exist.  So the pattern is read completely by Go's rules, and what is written uses only
 * constructs that mean the same to PCRE2: every group is "(", which captures nothing with
 * PCRE2_NO_AUTO_CAPTURE and may nest deeper than "(?:"; every character that is not a letter or
 * digit is \x{...}.  Not handled: a repetition right after a flag group, "a(?i)*", which Go applies
 * to the a; here it is an error.
 *
 * A bad pattern is answered with Go's sentence, which quotes the part that is wrong.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "analyze/regex_syntax.h"
#include "analyze/utf8.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 1000, MAX_REPEAT = 1000 };

enum item { ITEM_NONE, ITEM_ATOM }; /* what a repetition would apply to */

struct reader {
	const char *start, *pos, *end;
	struct pattern_text *out;
	enum item last;
	const char *last_repeat; /* the repetition just before pos, or NULL */
	int depth;
	struct err *err;
};

static int fail(struct reader *r, const char *what, const char *from, const char *to)
{
	return err_set(r->err, SONDE_EUSAGE, "error parsing regexp: %s: `%.*s`", what,
		       (int)(to - from), from);
}

/* ---- writing ---- */

static void put(struct reader *r, const char *s)
{
	size_t n = strlen(s);

	VEC_MUST(&r->out->text, r->out->text.n + n);
	memcpy(r->out->text.v + r->out->text.n, s, n);
	r->out->text.n += n;
}

static void put_char(struct reader *r, uint32_t c)
{
	char s[16];

	if (c < 0x80 && isalnum((int)c))
		snprintf(s, sizeof(s), "%c", (char)c);
	else
		snprintf(s, sizeof(s), "\\x{%x}", c);
	put(r, s);
}

static void put_atom(struct reader *r, const char *s)
{
	put(r, s);
	r->last = ITEM_ATOM;
}

/* ---- characters and escapes ---- */

static uint32_t next_char(struct reader *r)
{
	uint32_t c;

	r->pos += utf8_decode(r->pos, (size_t)(r->end - r->pos), &c);
	return c;
}

static int hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The digits after \x: two, or any number in braces. */
static int read_hex(struct reader *r, uint32_t *c, const char *from)
{
	bool braces = r->pos < r->end && *r->pos == '{';
	int n = 0;

	*c = 0;
	r->pos += braces;
	while (r->pos < r->end && (braces || n < 2) && *r->pos != '}') {
		int digit = hex_digit(*r->pos++);

		if (digit < 0)
			return fail(r, "invalid escape sequence", from, r->pos);
		*c = *c * 16 + (uint32_t)digit;
		if (*c > 0x10ffff)
			return fail(r, "invalid escape sequence", from, r->pos);
		n++;
	}
	if (braces && r->pos < r->end && n)
		r->pos++;
	else if (braces || n < 2)
		return fail(r, "invalid escape sequence", from, r->pos);
	return 0;
}

static bool is_octal(const struct reader *r)
{
	return r->pos < r->end && *r->pos >= '0' && *r->pos <= '7';
}

/* One escaped character, r->pos at its backslash. */
static int read_escape(struct reader *r, uint32_t *c)
{
	static const char names[] = "afnrtv", values[] = "\a\f\n\r\t\v";
	const char *from = r->pos++, *name;

	if (r->pos == r->end)
		return fail(r, "trailing backslash at end of expression", from, from);
	*c = next_char(r);
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
	return fail(r, "invalid escape sequence", from, r->pos);
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

/* \pL, \p{Greek}, \P{^Greek}, r->pos at the backslash. */
static int read_unicode_class(struct reader *r)
{
	const char *from = r->pos, *name, *close;
	char text[80];
	bool negative = r->pos[1] == 'P';

	r->pos += 2;
	if (r->pos == r->end)
		return fail(r, "invalid character class range", from, r->pos);
	name = r->pos;
	if (*r->pos != '{') {
		next_char(r);
		close = r->pos;
	} else {
		name++;
		close = memchr(r->pos, '}', (size_t)(r->end - r->pos));
		if (!close)
			return fail(r, "invalid character class range", from, r->end);
		r->pos = close + 1;
	}
	if (name < close && *name == '^') {
		negative = !negative;
		name++;
	}
	for (const char *s = name; s < close; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return fail(r, "invalid character class range", from, r->pos);
	if (close == name || close - name > 64)
		return fail(r, "invalid character class range", from, r->pos);
	snprintf(text, sizeof(text), "\\%c{%.*s}", negative ? 'P' : 'p', (int)(close - name), name);
	if (!is_unicode_class(text))
		return fail(r, "invalid character class range", from, r->pos);
	put(r, text);
	return 0;
}

/* ---- classes ---- */

/* Go's \s has no vertical tab, PCRE2's has. */
static const struct perl_class {
	char letter;
	const char *outside, *inside;
} perl_classes[] = {
	{ 'd', "\\d", "\\d" },
	{ 'D', "\\D", "\\D" },
	{ 'w', "\\w", "\\w" },
	{ 'W', "\\W", "\\W" },
	{ 's', "[\\t\\n\\f\\r\\x20]", "\\t\\n\\f\\r\\x20" },
	{ 'S', "[^\\t\\n\\f\\r\\x20]", "\\x{0}-\\x{8}\\x{b}\\x{e}-\\x{1f}\\x{21}-\\x{10ffff}" },
};

static const struct perl_class *find_perl_class(const struct reader *r)
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
static int read_posix_class(struct reader *r, bool *done)
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
		return fail(r, "invalid character class range", from, r->pos);
	snprintf(text, sizeof(text), "%.*s", (int)(r->pos - from), from);
	put(r, text);
	*done = true;
	return 0;
}

static int read_class_char(struct reader *r, uint32_t *c, const char *class_start)
{
	if (r->pos == r->end)
		return fail(r, "missing closing ]", class_start, r->end);
	if (*r->pos == '\\')
		return read_escape(r, c);
	*c = next_char(r);
	return 0;
}

static int read_class_range(struct reader *r, const char *class_start)
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
		return fail(r, "invalid character class range", from, r->pos);
	put_char(r, lo);
	if (hi != lo) {
		put(r, "-");
		put_char(r, hi);
	}
	return 0;
}

static int read_class(struct reader *r)
{
	const char *from = r->pos++;
	bool first = true, done;
	int rc = 0;

	put(r, "[");
	if (r->pos < r->end && *r->pos == '^') {
		put(r, "^");
		r->pos++;
	}
	for (; r->pos == r->end || *r->pos != ']' || first; first = false) {
		const struct perl_class *perl = find_perl_class(r);

		rc = read_posix_class(r, &done);
		if (rc)
			return rc;
		if (done)
			continue;
		if (perl) {
			put(r, perl->inside);
			r->pos += 2;
		} else if (r->end - r->pos >= 2 && *r->pos == '\\' && (r->pos[1] | 0x20) == 'p') {
			rc = read_unicode_class(r);
		} else {
			rc = read_class_range(r, from);
		}
		if (rc)
			return rc;
	}
	r->pos++;
	put_atom(r, "]");
	return 0;
}

/* ---- groups ---- */

static int open_group(struct reader *r, const char *text)
{
	if (++r->depth > MAX_DEPTH)
		return fail(r, "expression nests too deeply", r->start, r->end);
	put(r, text);
	r->last = ITEM_NONE;
	return 0;
}

/* (?P<name> or (?<name>; r->pos at the parenthesis, name_at after the '<'. */
static int read_named_group(struct reader *r, size_t name_at)
{
	const char *name = r->pos + name_at, *close = memchr(name, '>', (size_t)(r->end - name));

	if (!close)
		return fail(r, "invalid named capture", r->pos, r->end);
	for (const char *s = name; s < close; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return fail(r, "invalid named capture", r->pos, close + 1);
	if (close == name)
		return fail(r, "invalid named capture", r->pos, close + 1);
	r->pos = close + 1;
	return open_group(r, "(");
}

/* (?flags) or (?flags: */
static int read_flag_group(struct reader *r)
{
	const char *from = r->pos;
	bool negative = false, saw_flag = false;
	char text[64];

	r->pos += 2;
	while (r->pos < r->end) {
		char c = *r->pos;

		next_char(r);
		if (c == '-' && !negative) {
			negative = true;
			saw_flag = false;
		} else if (c && strchr("imsU", c)) {
			saw_flag = true;
		} else if ((c == ':' || c == ')') && (!negative || saw_flag)) {
			if (r->pos - from >= (long)sizeof(text))
				return fail(r, "expression too large", from, r->pos);
			snprintf(text, sizeof(text), "%.*s", (int)(r->pos - from), from);
			if (c == ':')
				return open_group(r, text);
			put(r, text);
			return 0;
		} else {
			return fail(r, "invalid or unsupported Perl syntax", from, r->pos);
		}
	}
	return fail(r, "invalid or unsupported Perl syntax", from, r->end);
}

static int read_group(struct reader *r)
{
	size_t left = (size_t)(r->end - r->pos);

	if (left > 4 && strncmp(r->pos, "(?P<", 4) == 0)
		return read_named_group(r, 4);
	if (left > 3 && strncmp(r->pos, "(?<", 3) == 0)
		return read_named_group(r, 3);
	if (left > 1 && r->pos[1] == '?')
		return read_flag_group(r);
	r->pos++;
	return open_group(r, "(");
}

static int close_group(struct reader *r)
{
	if (r->depth-- == 0)
		return fail(r, "unexpected )", r->start, r->end);
	r->pos++;
	put_atom(r, ")");
	return 0;
}

/* ---- repetitions ---- */

static bool read_count(const char **at, const char *end, int *n)
{
	const char *from = *at;

	*n = 0;
	while (*at < end && isdigit((unsigned char)**at)) {
		if (*n <= MAX_REPEAT)
			*n = *n * 10 + (**at - '0');
		++*at;
	}
	return *at > from && (*from != '0' || *at == from + 1);
}

/* {n}, {n,} or {n,m} at r->pos: its end, or NULL when the brace is only a brace. */
static const char *find_counts(const struct reader *r, bool *too_large)
{
	const char *at = r->pos + 1;
	int min, max;

	if (!read_count(&at, r->end, &min) || at == r->end)
		return NULL;
	max = min;
	if (*at == ',') {
		at++;
		if (at == r->end)
			return NULL;
		if (*at == '}')
			max = -1;
		else if (!read_count(&at, r->end, &max))
			return NULL;
	}
	if (at == r->end || *at != '}')
		return NULL;
	*too_large = min > MAX_REPEAT || max > MAX_REPEAT || (max >= 0 && min > max);
	return at + 1;
}

static int read_repeat(struct reader *r, const char *op_end, const char *after_repeat)
{
	const char *from = r->pos;
	char text[40];

	if (op_end < r->end && *op_end == '?')
		op_end++;
	if (after_repeat)
		return fail(r, "invalid nested repetition operator", after_repeat, op_end);
	if (r->last == ITEM_NONE)
		return fail(r, "missing argument to repetition operator", from, op_end);
	if (op_end - from >= (long)sizeof(text))
		return fail(r, "invalid repeat count", from, op_end);
	snprintf(text, sizeof(text), "%.*s", (int)(op_end - from), from);
	put(r, text);
	r->last_repeat = from;
	r->pos = op_end;
	return 0;
}

static int read_brace(struct reader *r, const char *after_repeat)
{
	bool too_large = false;
	const char *end = find_counts(r, &too_large);

	if (!end) {
		put_char(r, next_char(r));
		r->last = ITEM_ATOM;
		return 0;
	}
	if (too_large)
		return fail(r, "invalid repeat count", r->pos, end);
	return read_repeat(r, end, after_repeat);
}

/* ---- the whole ---- */

static void read_quoted(struct reader *r)
{
	for (r->pos += 2; r->pos < r->end; r->last = ITEM_ATOM) {
		if (r->end - r->pos >= 2 && r->pos[0] == '\\' && r->pos[1] == 'E') {
			r->pos += 2;
			return;
		}
		put_char(r, next_char(r));
	}
}

static int read_backslash(struct reader *r)
{
	const struct perl_class *perl = find_perl_class(r);
	char letter = r->end - r->pos >= 2 ? r->pos[1] : 0;
	uint32_t c = 0;
	int rc;

	if (letter && strchr("AzbB", letter)) {
		char text[] = { '(', '?', ':', '\\', letter, ')', 0 };

		r->pos += 2;
		put_atom(r, text);
		return 0;
	}
	if (letter == 'Q') {
		read_quoted(r);
		return 0;
	}
	if (perl) {
		r->pos += 2;
		put_atom(r, perl->outside);
		return 0;
	}
	r->last = ITEM_ATOM;
	if (letter == 'p' || letter == 'P')
		return read_unicode_class(r);
	rc = read_escape(r, &c);
	if (!rc)
		put_char(r, c);
	return rc;
}

static int read_item(struct reader *r)
{
	const char *after_repeat = r->last_repeat;

	r->last_repeat = NULL;
	switch (*r->pos) {
	case '(':
		return read_group(r);
	case ')':
		return close_group(r);
	case '|':
		r->pos++;
		put(r, "|");
		r->last = ITEM_NONE;
		return 0;
	case '^':
	case '$':
		put_atom(r, *r->pos++ == '^' ? "(?:^)" : "(?:$)");
		return 0;
	case '.':
		r->pos++;
		put_atom(r, ".");
		return 0;
	case '[':
		return read_class(r);
	case '*':
	case '+':
	case '?':
		return read_repeat(r, r->pos + 1, after_repeat);
	case '{':
		return read_brace(r, after_repeat);
	case '\\':
		return read_backslash(r);
	default:
		put_char(r, next_char(r));
		r->last = ITEM_ATOM;
		return 0;
	}
}

static int check_utf8(struct reader *r)
{
	uint32_t c;

	for (const char *s = r->start; s < r->end;) {
		size_t width = utf8_decode(s, (size_t)(r->end - s), &c);

		if (c == UTF8_BAD && width == 1)
			return fail(r, "invalid UTF-8", r->start, r->end);
		s += width;
	}
	return 0;
}

int regex_translate(struct pattern_text *out, const char *pattern, struct err *err)
{
	struct reader r = { .start = pattern,
			    .pos = pattern,
			    .end = pattern + strlen(pattern),
			    .out = out,
			    .err = err };
	int rc = check_utf8(&r);

	while (!rc && r.pos < r.end)
		rc = read_item(&r);
	if (!rc && r.depth)
		rc = fail(&r, "missing closing )", r.start, r.end);
	*VEC_PUSH(&out->text) = 0;
	return rc;
}
