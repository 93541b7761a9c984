/* ordered_text.h - text that all cores make in numbered pieces, written in the order of the numbers. */
#ifndef SONDE_ANALYZE_ORDERED_TEXT_H
#define SONDE_ANALYZE_ORDERED_TEXT_H

#include "analyze/text.h"
#include "base/arena.h"

#include <stdio.h>

/* Where one piece is made.  It is used again for other pieces: out is empty then, the rest stays. */
struct text_piece {
	struct text out;
	struct arena *scratch;
	void *own; /* the maker's, zero at first */
};

struct text_maker {
	/* Append piece number `piece` to t->out; several threads are in here at a time. */
	void (*make)(void *ctx, size_t piece, struct text_piece *t);
	size_t own_bytes;
	void (*release)(void *own);
};

/* Make pieces 0 .. n - 1 and write them to out. */
void ordered_text_print(FILE *out, const struct text_maker *maker, void *ctx, size_t n);

#endif
