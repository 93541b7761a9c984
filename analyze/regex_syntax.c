/* regex_syntax.c - read Go's regular expression syntax, write PCRE2's.
 *
 * Both engines agree on most of the language, but not on all of it: in Go "a++" is an error (in
 * PCRE2 it is possessive), \v is one character (in PCRE2 a class), look-around and back-references
 * do not exist.  So the pattern is read completely by Go's rules, and what is written uses only
 * constructs that mean the same to PCRE2: every group is "(", which captures nothing with
 * PCRE2_NO_AUTO_CAPTURE and may nest deeper than "(?:"; every character that is not a letter or
 * digit is \x{...}.  A repetition after flags, "a(?i)*", is the a's, so flags are written when the
 * next item is.  Not handled: a second repetition after flags, "a+(?i)*"; here it is an error.
 *
 * A bad pattern is answered with Go's sentence, which quotes the part that is wrong.
 */
#include "analyze/regex_reader.h"
#include "base/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 1000, MAX_REPEAT = 1000 };

int regex_fail(struct regex_reader *r, const char *what, const char *from, const char *to)
{
	return err_set(r->err, SONDE_EUSAGE, "error parsing regexp: %s: `%.*s`", what,
		       (int)(to - from), from);
}

/* ---- writing ---- */

void regex_put(struct regex_reader *r, const char *s)
{
	size_t n = strlen(s);

	VEC_MUST(&r->out->text, r->out->text.n + n);
	memcpy(r->out->text.v + r->out->text.n, s, n);
	r->out->text.n += n;
}

void regex_put_char(struct regex_reader *r, uint32_t c)
{
	char s[16];

	if (c < 0x80 && isalnum((int)c))
		snprintf(s, sizeof(s), "%c", (char)c);
	else
		snprintf(s, sizeof(s), "\\x{%x}", c);
	regex_put(r, s);
}

void regex_put_atom(struct regex_reader *r, const char *s)
{
	regex_put(r, s);
	r->last = REGEX_ATOM;
}

uint32_t regex_next_char(struct regex_reader *r)
{
	uint32_t c;

	r->pos += utf8_decode(r->pos, (size_t)(r->end - r->pos), &c);
	return c;
}

/* ---- groups ---- */

static void hold_flags(struct regex_reader *r, const char *text)
{
	for (; *text; text++)
		*VEC_PUSH(&r->flags) = *text;
}

static void put_held_flags(struct regex_reader *r)
{
	for (size_t i = 0; i < r->flags.n; i++)
		*VEC_PUSH(&r->out->text) = r->flags.v[i];
	r->flags.n = 0;
}

static int open_group(struct regex_reader *r, const char *text)
{
	if (++r->depth > MAX_DEPTH)
		return regex_fail(r, "expression nests too deeply", r->start, r->end);
	put_held_flags(r);
	regex_put(r, text);
	r->last = REGEX_NOTHING;
	return 0;
}

/* (?P<name> or (?<name>; r->pos at the parenthesis, name_at after the '<'. */
static int read_named_group(struct regex_reader *r, size_t name_at)
{
	const char *name = r->pos + name_at, *close = memchr(name, '>', (size_t)(r->end - name));

	if (!close)
		return regex_fail(r, "invalid named capture", r->pos, r->end);
	for (const char *s = name; s < close; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return regex_fail(r, "invalid named capture", r->pos, close + 1);
	if (close == name)
		return regex_fail(r, "invalid named capture", r->pos, close + 1);
	r->pos = close + 1;
	return open_group(r, "(");
}

/* (?flags) or (?flags: */
static int read_flag_group(struct regex_reader *r)
{
	const char *from = r->pos;
	bool negative = false, saw_flag = false;
	char text[64];

	r->pos += 2;
	while (r->pos < r->end) {
		char c = *r->pos;

		regex_next_char(r);
		if (c == '-' && !negative) {
			negative = true;
			saw_flag = false;
		} else if (c && strchr("imsU", c)) {
			saw_flag = true;
		} else if ((c == ':' || c == ')') && (!negative || saw_flag)) {
			if (r->pos - from >= (long)sizeof(text))
				return regex_fail(r, "expression too large", from, r->pos);
			snprintf(text, sizeof(text), "%.*s", (int)(r->pos - from), from);
			if (c == ':')
				return open_group(r, text);
			hold_flags(r, text);
			return 0;
		} else {
			return regex_fail(r, "invalid or unsupported Perl syntax", from, r->pos);
		}
	}
	return regex_fail(r, "invalid or unsupported Perl syntax", from, r->end);
}

static int read_group(struct regex_reader *r)
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

static int close_group(struct regex_reader *r)
{
	if (r->depth-- == 0)
		return regex_fail(r, "unexpected )", r->start, r->end);
	r->pos++;
	regex_put_atom(r, ")");
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
static const char *find_counts(const struct regex_reader *r, bool *too_large)
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

static int read_repeat(struct regex_reader *r, const char *op_end, const char *after_repeat)
{
	const char *from = r->pos;
	char text[40];

	if (op_end < r->end && *op_end == '?')
		op_end++;
	if (after_repeat)
		return regex_fail(r, "invalid nested repetition operator", after_repeat, op_end);
	if (r->last == REGEX_NOTHING)
		return regex_fail(r, "missing argument to repetition operator", from, op_end);
	if (r->last == REGEX_REPEATED)
		return regex_fail(r, "invalid nested repetition operator", from, op_end);
	if (op_end - from >= (long)sizeof(text))
		return regex_fail(r, "invalid repeat count", from, op_end);
	snprintf(text, sizeof(text), "%.*s", (int)(op_end - from), from);
	regex_put(r, text);
	r->last = REGEX_REPEATED;
	r->last_repeat = from;
	r->pos = op_end;
	return 0;
}

static int read_brace(struct regex_reader *r, const char *after_repeat)
{
	bool too_large = false;
	const char *end = find_counts(r, &too_large);

	if (!end) {
		put_held_flags(r);
		regex_put_char(r, regex_next_char(r));
		r->last = REGEX_ATOM;
		return 0;
	}
	if (too_large)
		return regex_fail(r, "invalid repeat count", r->pos, end);
	return read_repeat(r, end, after_repeat);
}

/* ---- the whole ---- */

static void read_quoted(struct regex_reader *r)
{
	for (r->pos += 2; r->pos < r->end; r->last = REGEX_ATOM) {
		if (r->end - r->pos >= 2 && r->pos[0] == '\\' && r->pos[1] == 'E') {
			r->pos += 2;
			return;
		}
		regex_put_char(r, regex_next_char(r));
	}
}

static int read_backslash(struct regex_reader *r)
{
	const struct perl_class *perl = regex_perl_class(r);
	char letter = r->end - r->pos >= 2 ? r->pos[1] : 0;
	uint32_t c = 0;
	int rc;

	if (letter && strchr("AzbB", letter)) {
		char text[] = { '(', '?', ':', '\\', letter, ')', 0 };

		r->pos += 2;
		regex_put_atom(r, text);
		return 0;
	}
	if (letter == 'Q') {
		read_quoted(r);
		return 0;
	}
	if (perl) {
		r->pos += 2;
		regex_put_atom(r, perl->outside);
		return 0;
	}
	r->last = REGEX_ATOM;
	if (letter == 'p' || letter == 'P')
		return regex_read_unicode_class(r);
	rc = regex_read_escape(r, &c);
	if (!rc)
		regex_put_char(r, c);
	return rc;
}

static int read_item(struct regex_reader *r)
{
	const char *after_repeat = r->last_repeat;

	r->last_repeat = NULL;
	if (!strchr("*+?{(", *r->pos))
		put_held_flags(r);
	switch (*r->pos) {
	case '(':
		return read_group(r);
	case ')':
		return close_group(r);
	case '|':
		r->pos++;
		regex_put(r, "|");
		r->last = REGEX_NOTHING;
		return 0;
	case '^':
	case '$':
		regex_put_atom(r, *r->pos++ == '^' ? "(?:^)" : "(?:$)");
		return 0;
	case '.':
		r->pos++;
		regex_put_atom(r, ".");
		return 0;
	case '[':
		return regex_read_class(r);
	case '*':
	case '+':
	case '?':
		return read_repeat(r, r->pos + 1, after_repeat);
	case '{':
		return read_brace(r, after_repeat);
	case '\\':
		return read_backslash(r);
	default:
		regex_put_char(r, regex_next_char(r));
		r->last = REGEX_ATOM;
		return 0;
	}
}

static int check_utf8(struct regex_reader *r)
{
	uint32_t c;

	for (const char *s = r->start; s < r->end;) {
		size_t width = utf8_decode(s, (size_t)(r->end - s), &c);

		if (c == UTF8_BAD && width == 1)
			return regex_fail(r, "invalid UTF-8", r->start, r->end);
		s += width;
	}
	return 0;
}

int regex_translate(struct pattern_text *out, const char *pattern, struct err *err)
{
	struct regex_reader r = { .start = pattern,
				  .pos = pattern,
				  .end = pattern + strlen(pattern),
				  .out = out,
				  .err = err };
	int rc = check_utf8(&r);

	while (!rc && r.pos < r.end)
		rc = read_item(&r);
	if (!rc && r.depth)
		rc = regex_fail(&r, "missing closing )", r.start, r.end);
	*VEC_PUSH(&out->text) = 0;
	VEC_RELEASE(&r.flags);
	return rc;
}
