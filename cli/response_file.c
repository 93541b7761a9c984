/* response_file.c - @FILE among arguments: more of them, read from a file.
 *
 * Words are parted by white space; quotes of both kinds keep it, a backslash keeps the next
 * character.  Files may name files, up to a limit, as one may name itself.
 */
#include "cli/response_file.h"
#include "base/vec.h"
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 16
#define MAX_WORDS (1 << 20)

typedef VEC(char *) word_list;

/* The file's text with a zero behind it; NULL = it cannot be read. */
static char *read_text(const char *path)
{
	VEC(char) text = VEC_INIT;
	FILE *f = fopen(path, "re");
	char *copy = NULL;
	int c;

	while (f && (c = getc(f)) != EOF)
		*VEC_PUSH(&text) = (char)c;
	*VEC_PUSH(&text) = 0;
	if (f && !ferror(f))
		copy = strdup(text.v);
	if (f)
		fclose(f);
	VEC_RELEASE(&text);
	return copy;
}

/* The next word, in its own place: quotes and backslashes only make it shorter.  NULL at the end. */
static char *next_word(char **at)
{
	char *p = *at, *word, *out, quote = 0;

	while (isspace((unsigned char)*p))
		p++;
	if (!*p)
		return NULL;
	word = out = p;
	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (*p == '\\' && p[1])
			*out++ = *++p;
		else if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else
			*out++ = *p;
	}
	*at = *p ? p + 1 : p;
	*out = 0;
	return word;
}

static bool add_word(word_list *words, char *word, int depth)
{
	char *text = word[0] == '@' && depth < MAX_DEPTH ? read_text(word + 1) : NULL;
	char *at = text, *inner;

	if (!text) {
		*VEC_PUSH(words) = word;
		return words->n <= MAX_WORDS;
	}
	while ((inner = next_word(&at)))
		if (!add_word(words, inner, depth + 1))
			return false;
	return true;
}

int response_files_expand(int *argc, char ***argv)
{
	word_list words = VEC_INIT;

	for (int i = 0; i < *argc; i++)
		if (!add_word(&words, (*argv)[i], i == 0 ? MAX_DEPTH : 0)) {
			complain("more than %d arguments in files", MAX_WORDS);
			return EXIT_USAGE;
		}
	*VEC_PUSH(&words) = NULL;
	*argc = (int)words.n - 1;
	*argv = words.v;
	return EXIT_OK;
}
