/* hash.h - 64-bit hashing of bytes and words, and a map from a 64-bit hash to an index.
 *
 * The functions are plain arithmetic: async-signal-safe, usable in a handler.
 */
#ifndef SONDE_BASE_HASH_H
#define SONDE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The finaliser of MurmurHash3 (Appleby, public domain): every input bit reaches every output bit. */
static inline uint64_t hash_mix(uint64_t h)
{
	h ^= h >> 33;
	h *= 0xff51afd7ed558ccdULL;
	h ^= h >> 33;
	h *= 0xc4ceb9fe1a85ec53ULL;
	h ^= h >> 33;
	return h;
}

static inline uint64_t hash_add(uint64_t h, uint64_t word)
{
	return hash_mix(h ^ word) + 0x9e3779b97f4a7c15ULL;
}

static inline uint64_t hash_bytes(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = 0x9e3779b97f4a7c15ULL ^ n, w;

	for (; n >= 8; s += 8, n -= 8) {
		memcpy(&w, s, 8);
		h = (h ^ w) * 0x9fb21c651e98df25ULL;
		h ^= h >> 32;
	}
	w = 0;
	memcpy(&w, s, n);
	return hash_mix(h ^ w);
}

/* Open addressing from hash to index.  The map knows nothing of the keys: the caller walks the candidates
 * and compares:
 *
 *	for (uint32_t *at = hash_map_first(&m, h); ; at = hash_map_next(&m, at, h)) {
 *		if (*at == HASH_MAP_NONE) { *at = new index; hash_map_added(&m, at, h); break; }
 *		if (entries[*at] equals key) { found; break; }
 *	}
 */
#define HASH_MAP_NONE UINT32_MAX

struct hash_map {
	uint32_t *index; /* HASH_MAP_NONE = empty */
	uint64_t *hashes;
	size_t n, slots;
};

void hash_map_init(struct hash_map *m); /* empty; allocates nothing */
void hash_map_release(struct hash_map *m);
void hash_map_clear(struct hash_map *m); /* empty, with room for as many as before */
int hash_map_reserve(struct hash_map *m,
		     size_t n); /* 0, or -1 on out of memory: room for n entries in all */

/* A slot whose hash equals h, or an empty one.  The map always keeps room for one more entry; the first call may
 * grow it, and exits on out of memory unless hash_map_reserve() went before. */
uint32_t *hash_map_first(struct hash_map *m, uint64_t h);
uint32_t *hash_map_next(struct hash_map *m, uint32_t *at, uint64_t h);
/* The first index whose hash is h, or HASH_MAP_NONE.  Changes nothing: several threads may ask. */
uint32_t hash_map_get(const struct hash_map *m, uint64_t h);
void hash_map_added(struct hash_map *m, uint32_t *at, uint64_t h);

#endif
