/* id_map.c - find the index of an id that a file chose. */
#include "writer/input.h"

void id_map_init(struct id_map *m, size_t n_expected)
{
	size_t n = n_expected * 2 + 64;

	*m = (struct id_map){ 0 };
	VEC_MUST(&m->dense, n);
	memset(m->dense.v, 0xff, n * sizeof(*m->dense.v));
	m->dense.n = n;
	hash_map_init(&m->rest);
}

void id_map_release(struct id_map *m)
{
	VEC_RELEASE(&m->dense);
	hash_map_release(&m->rest);
}

bool id_map_add(struct id_map *m, uint64_t id, uint32_t index)
{
	uint64_t h = hash_mix(id);
	uint32_t *at;

	if (index == m->n_straight && id == index + 1)
		m->n_straight++;
	if (id < m->dense.n) {
		if (m->dense.v[id] != PROFILE_NONE)
			return false;
		m->dense.v[id] = index;
		return true;
	}
	at = hash_map_first(&m->rest, h);
	if (*at != HASH_MAP_NONE)
		return false;
	*at = index;
	hash_map_added(&m->rest, at, h);
	return true;
}

uint32_t id_map_get_rest(const struct id_map *m, uint64_t id)
{
	if (id < m->dense.n)
		return m->dense.v[id];
	return hash_map_get(&m->rest, hash_mix(id)); /* HASH_MAP_NONE is PROFILE_NONE */
}
