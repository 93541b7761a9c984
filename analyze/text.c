/* text.c - append to a growing string. */
#include "analyze/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void text_add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	VEC_MUST(&t->v, t->v.n + n);
	memcpy(t->v.v + t->v.n, s, n);
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

void text_release(struct text *t)
{
	VEC_RELEASE(&t->v);
}
