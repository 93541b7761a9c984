/* text.h - a string that grows at its end. */
#ifndef SONDE_ANALYZE_TEXT_H
#define SONDE_ANALYZE_TEXT_H

#include "base/err.h"
#include "base/vec.h"

#include <stdio.h>
#include <string.h>

struct text {
	VEC(char) v; /* v.n bytes, not zero-terminated */
};

/* The end of the text, with room for so many bytes more. */
static inline char *text_room(struct text *t, size_t bytes)
{
	VEC_MUST(&t->v, t->v.n + bytes);
	return t->v.v + t->v.n;
}

static inline void text_put(struct text *t, const char *s, size_t n)
{
	if (n)
		memcpy(text_room(t, n), s, n);
	t->v.n += n;
}

void text_add(struct text *t, const char *s);
void text_fill(struct text *t, char c, size_t n); /* n times */
void text_printf(struct text *t, const char *fmt, ...) SONDE_PRINTF(2, 3);

/* A stream that adds to the text when it is flushed or closed, which is the caller's to do. */
FILE *text_file(struct text *t);

void text_release(struct text *t);

#endif
