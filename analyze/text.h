/* text.h - a string that grows at its end. */
#ifndef SONDE_ANALYZE_TEXT_H
#define SONDE_ANALYZE_TEXT_H

#include "base/err.h"
#include "base/vec.h"

struct text {
	VEC(char) v; /* v.n bytes, not zero-terminated */
};

void text_add(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) SONDE_PRINTF(2, 3);
void text_release(struct text *t);

#endif
