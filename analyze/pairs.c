/* pairs.c - find the number of a pair. */
#include "analyze/pairs.h"

uint32_t pairs_add(struct pairs *t, uint32_t a, uint32_t b)
{
	/* reversible: equal hashes are equal pairs */
	uint64_t h = hash_mix((uint64_t)a << 32 | b);
	uint32_t *at = hash_map_first(&t->map, h);

	if (*at == HASH_MAP_NONE) {
		*at = (uint32_t)t->map.n;
		hash_map_added(&t->map, at, h);
		return (uint32_t)t->map.n - 1;
	}
	return *at;
}

void pairs_release(struct pairs *t)
{
	hash_map_release(&t->map);
}
