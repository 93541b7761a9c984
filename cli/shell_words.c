/* shell_words.c - cut a line of the shell into words.
 *
 * Regular expressions are full of backslashes, bars and, in Rust, single quotes: all of these mean
 * themselves inside of a word.  A quote counts only where a word begins (or its value does), and
 * only when its other end stands before a blank.
 */
#include "cli/shell.h"

#include <string.h>

static const char blanks[] = " \t\r\n\v\f";

static bool is_blank(char c)
{
	return c && strchr(blanks, c);
}

/* The quoted text that begins at s: what it stands for, and where it ends.  NULL when there is no
 * other end. */
static char *unquote(struct arena *a, const char *s, const char **end)
{
	char quote = *s++, *text = arena_alloc(a, strlen(s) + 1);
	size_t n = 0;

	for (; *s && *s != quote; s++) {
		if (quote == '"' && *s == '\\' && s[1] == '"')
			s++;
		text[n++] = *s;
	}
	if (*s != quote || (s[1] && !is_blank(s[1])))
		return NULL;
	*end = s + 1;
	return text;
}

/* How much of the word stands before its value, which may be quoted. */
static size_t prefix(const char *s)
{
	size_t name = strspn(s, "abcdefghijklmnopqrstuvwxyz_-");

	if (s[0] == '-' && s[1] == '-' && s[name] == '=')
		return name + 1;
	return *s == '-' || *s == '>';
}

bool shell_next_word(struct arena *a, const char **at, struct shell_word *word)
{
	const char *s = *at + strspn(*at, blanks), *end;
	size_t n;

	*at = s;
	if (!*s)
		return false;
	n = prefix(s);
	if (s[n] == '\'' || s[n] == '"') {
		const char *value = unquote(a, s + n, &end);

		if (value) {
			word->text = arena_printf(a, "%.*s%s", (int)n, s, value);
			word->is_quoted = n == 0;
			*at = end;
			return true;
		}
	}
	n = strcspn(s, blanks);
	word->text = arena_strndup(a, s, n);
	word->is_quoted = false;
	*at = s + n;
	return true;
}
