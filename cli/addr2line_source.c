/* addr2line_source.c - lines of source around a place, as llvm-symbolizer prints them.
 *
 *	8  : 	for (int i = 0; i < 10; i++)
 *	9 >: 		*p += middle(*p);
 *
 * The file that was read last is kept: most places follow others of the same file.
 */
#include "cli/addr2line_source.h"

#include <stdlib.h>
#include <string.h>

static bool open_source(struct source *s, const char *path)
{
	FILE *f;
	size_t n = 0;

	if (s->path && strcmp(s->path, path) == 0)
		return s->text != NULL;
	source_release(s);
	s->path = strdup(path);
	f = fopen(path, "re");
	if (f && getdelim(&s->text, &n, 0, f) < 0) {
		free(s->text);
		s->text = NULL;
	}
	if (f)
		fclose(f);
	return s->text != NULL;
}

void source_release(struct source *s)
{
	free(s->path);
	free(s->text);
	*s = (struct source){ NULL, NULL };
}

static void put_line(FILE *out, int64_t number, int width, bool is_it, const char *text, size_t n)
{
	if (n && text[n - 1] == '\r')
		n--;
	fprintf(out, "%*lld %s: %.*s\n", width, (long long)number, is_it ? ">" : " ", (int)n, text);
}

void source_print(struct source *s, FILE *out, const char *path, int64_t line, unsigned n_lines)
{
	int64_t first = line - n_lines / 2, last, at = 1;
	int width;

	if (!path || line <= 0 || !n_lines || !open_source(s, path))
		return;
	first = first < 1 ? 1 : first;
	last = first + n_lines - 1;
	width = snprintf(NULL, 0, "%lld", (long long)last - 1); /* as llvm's logarithm has it */
	for (const char *p = s->text; *p && at <= last; at++) {
		size_t n = strcspn(p, "\n");

		if (at >= first)
			put_line(out, at, width, at == line, p, n);
		p += n + (p[n] == '\n');
	}
}
