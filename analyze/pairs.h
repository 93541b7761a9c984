/* pairs.h - pairs of numbers, numbered in the order in which they are first met. */
#ifndef SONDE_ANALYZE_PAIRS_H
#define SONDE_ANALYZE_PAIRS_H

#include "base/hash.h"

struct pairs {
	struct hash_map map;
};

/* The number of a pair, old or new. */
uint32_t pairs_add(struct pairs *t, uint32_t a, uint32_t b);
void pairs_release(struct pairs *t);

#endif
