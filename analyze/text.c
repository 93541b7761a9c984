/* text.c - append to a growing string. */
#include "analyze/text.h"
#include "base/oom.h"

#include <stdarg.h>
#include <stdio.h>

void text_add(struct text *t, const char *s)
{
	text_put(t, s, strlen(s));
}

void text_fill(struct text *t, char c, size_t n)
{
	if (n)
		memset(text_room(t, n), c, n);
	t->v.n += n;
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	VEC_MUST(&t->v, t->v.n + (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(t->v.v + t->v.n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->v.n += (size_t)n;
}

static ssize_t add_written(void *cookie, const char *s, size_t n)
{
	text_put(cookie, s, n);
	return (ssize_t)n;
}

FILE *text_file(struct text *t)
{
	FILE *f = fopencookie(t, "w", (cookie_io_functions_t){ .write = add_written });

	if (!f)
		oom();
	return f;
}

void text_release(struct text *t)
{
	VEC_RELEASE(&t->v);
}
