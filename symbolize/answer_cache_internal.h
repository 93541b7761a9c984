/* answer_cache_internal.h - the file of answers about one binary, byte by byte.
 *
 *	header | texts and answers, each at a multiple of 8 | entry[n_entries]
 *
 * Entries ascend by address and lead to answers, whose frames lead to texts, by their distance from the
 * beginning of the file.  Every part has a checksum of its own, of its contents and of where it belongs, so
 * that nobody reads more of a file than what is asked for.
 */
#ifndef SONDE_SYMBOLIZE_ANSWER_CACHE_INTERNAL_H
#define SONDE_SYMBOLIZE_ANSWER_CACHE_INTERNAL_H

#include "base/hash.h"
#include "symbolize/answer_cache.h"

#include <limits.h>

#define ANSWER_CACHE_MAGIC     0x34656863616373ULL /* scache4 */
#define ANSWER_CACHE_MAX_BYTES ((size_t)64 << 20)

struct cache_header {
	uint64_t magic, key;
	uint32_t n_entries, entries_at;
	uint64_t checksum; /* of the above */
};

struct cache_entry {
	uint64_t address;
	uint32_t at;	   /* of the answer */
	uint32_t checksum; /* of the answer and this address */
};

struct cache_frame {
	uint32_t function, file; /* texts; 0 = unknown */
	int64_t line;
	int32_t column;
	uint32_t discriminator;
	int64_t start_line;
};

struct cache_answer {
	uint64_t n;
	struct cache_frame frames[];
};

struct cache_text {
	uint32_t checksum;	       /* of what follows */
	uint32_t bytes;		       /* with the 0 at its end */
	uint32_t plain[DEMANGLE_NONE]; /* texts, by level of demangling; 0 = unknown */
	char s[];
};

struct answer_cache {
	uint64_t key;
	char path[PATH_MAX];
	void *map;
	size_t map_bytes;
	const struct cache_header
		*header; /* in the map, or where the caller has it; NULL = there is nothing yet */
	const struct cache_entry *entries;
	unsigned char *
		is_sound; /* a bit for each 8 bytes of the file: a text that was checked begins there */
};

static inline uint32_t cache_checksum(const void *bytes, size_t n, uint64_t key, uint64_t place)
{
	uint64_t h = hash_add(hash_add(hash_bytes(bytes, n), key), place);

	return (uint32_t)(h ^ h >> 32);
}

static inline uint64_t cache_header_checksum(const struct cache_header *h)
{
	return hash_bytes(h, offsetof(struct cache_header, checksum));
}

static inline size_t cache_answer_bytes(uint64_t n_frames)
{
	return sizeof(struct cache_answer) + n_frames * sizeof(struct cache_frame);
}

static inline uint32_t cache_text_checksum(const struct cache_text *t, uint64_t key, uint32_t at)
{
	return cache_checksum(&t->bytes, sizeof(*t) - sizeof(t->checksum) + t->bytes, key, at);
}

/* The text there, NULL if it is not sound. */
const struct cache_text *cache_text_at(const struct answer_cache *c, uint32_t at);

#endif
