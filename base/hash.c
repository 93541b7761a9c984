/* hash.c - the growing open-addressing table of hash.h, linear probing, at most 5/8 full. */
#include "base/hash.h"
#include "base/oom.h"
#include "base/vec.h"

void hash_map_init(struct hash_map *m)
{
	*m = (struct hash_map){ 0 };
}

void hash_map_release(struct hash_map *m)
{
	vec_release(m->index, m->slots, sizeof(*m->index));
	vec_release(m->hashes, m->slots, sizeof(*m->hashes));
	hash_map_init(m);
}

void hash_map_clear(struct hash_map *m)
{
	m->n = 0;
	if (m->slots)
		memset(m->index, 0xff, m->slots * sizeof(*m->index));
}

static int resize(struct hash_map *m, size_t slots)
{
	void *index = NULL, *hashes = NULL;
	size_t index_cap = 0, hashes_cap = 0;
	struct hash_map old = *m;

	if (vec_grow(&index, &index_cap, slots, sizeof(*m->index)))
		return -1;
	if (vec_grow(&hashes, &hashes_cap, slots, sizeof(*m->hashes))) {
		vec_release(index, index_cap, sizeof(*m->index));
		return -1;
	}
	m->index = index;
	m->hashes = hashes;
	m->slots = slots;
	memset(m->index, 0xff, slots * sizeof(*m->index));
	for (size_t i = 0; i < old.slots; i++) {
		size_t at;

		if (old.index[i] == HASH_MAP_NONE)
			continue;
		at = old.hashes[i] & (slots - 1);
		while (m->index[at] != HASH_MAP_NONE)
			at = (at + 1) & (slots - 1);
		m->index[at] = old.index[i];
		m->hashes[at] = old.hashes[i];
	}
	vec_release(old.index, old.slots, sizeof(*m->index));
	vec_release(old.hashes, old.slots, sizeof(*m->hashes));
	return 0;
}

int hash_map_reserve(struct hash_map *m, size_t n)
{
	size_t slots = m->slots ? m->slots : 1024;

	while (n * 8 >= slots * 5)
		slots *= 2;
	return slots == m->slots ? 0 : resize(m, slots);
}

static uint32_t *probe(const struct hash_map *m, size_t at, uint64_t h)
{
	while (m->index[at] != HASH_MAP_NONE && m->hashes[at] != h)
		at = (at + 1) & (m->slots - 1);
	return &m->index[at];
}

uint32_t *hash_map_first(struct hash_map *m, uint64_t h)
{
	if ((m->n + 1) * 8 >= m->slots * 5 && hash_map_reserve(m, m->n + 1))
		oom();
	return probe(m, h & (m->slots - 1), h);
}

uint32_t *hash_map_next(struct hash_map *m, uint32_t *at, uint64_t h)
{
	return probe(m, ((size_t)(at - m->index) + 1) & (m->slots - 1), h);
}

uint32_t hash_map_get(const struct hash_map *m, uint64_t h)
{
	return m->n ? *probe(m, h & (m->slots - 1), h) : HASH_MAP_NONE;
}

void hash_map_added(struct hash_map *m, uint32_t *at, uint64_t h)
{
	m->hashes[at - m->index] = h;
	m->n++;
}
