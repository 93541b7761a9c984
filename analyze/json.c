/* json.c - commas, brackets and escapes. */
#include "analyze/json.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

static void put_escape(FILE *out, unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		fprintf(out, "\\%c", c);
		break;
	case '\n':
		fputs("\\n", out);
		break;
	case '\t':
		fputs("\\t", out);
		break;
	default:
		fprintf(out, "\\u%04x", c);
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static void put_string(FILE *out, const char *s)
{
	size_t n = strlen(s);

	putc_unlocked('"', out);
	while (n > 0) {
		size_t plain = 0, width;
		uint32_t c;

		while (plain < n && is_plain((unsigned char)s[plain]))
			plain++;
		fwrite_unlocked(s, 1, plain, out);
		s += plain;
		n -= plain;
		if (n == 0)
			break;
		width = utf8_decode(s, n, &c);
		if (c < 0x80)
			put_escape(out, (unsigned char)c);
		else if (c == UTF8_BAD && width == 1)
			fputs("\xef\xbf\xbd", out);
		else
			fwrite_unlocked(s, 1, width, out);
		s += width;
		n -= width;
	}
	putc_unlocked('"', out);
}

static void begin(struct json *j, const char *key)
{
	if (j->comma)
		putc_unlocked(',', j->out);
	if (j->line)
		putc_unlocked('\n', j->out);
	j->comma = true;
	j->line = false;
	if (!key)
		return;
	put_string(j->out, key);
	putc_unlocked(':', j->out);
}

void json_open(struct json *j, const char *key, char bracket)
{
	begin(j, key);
	putc_unlocked(bracket, j->out);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	putc_unlocked(bracket, j->out);
	j->comma = true;
	j->line = false;
}

void json_text(struct json *j, const char *key, const char *s)
{
	begin(j, key);
	put_string(j->out, s);
}

void json_int(struct json *j, const char *key, int64_t v)
{
	char digits[24], *end = digits + sizeof(digits), *s = end;
	uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--s = (char)('0' + left % 10);
	while (left /= 10);
	if (v < 0)
		*--s = '-';
	begin(j, key);
	fwrite_unlocked(s, 1, (size_t)(end - s), j->out); /* large files are integers mostly */
}

void json_real(struct json *j, const char *key, double v)
{
	if (!isfinite(v)) {
		json_null(j, key);
		return;
	}
	begin(j, key);
	fprintf(j->out, "%.9g", v == 0 ? 0 : v); /* no -0 */
}

void json_bool(struct json *j, const char *key, bool v)
{
	begin(j, key);
	fputs(v ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	begin(j, key);
	fputs("null", j->out);
}

void json_line(struct json *j)
{
	j->line = true;
}
