/* strtab.c - interned strings: bytes in an arena, found by a hash map. */
#include "base/strtab.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"

struct entry {
	const char *s;
	size_t n;
};

struct strtab {
	struct arena *arena;
	struct hash_map map;
	VEC(struct entry) entries;
};

struct strtab *strtab_new(void)
{
	struct arena *a = arena_new(ARENA_DIE);
	struct strtab *t = ARENA_NEW(a, struct strtab);

	t->arena = a;
	hash_map_init(&t->map);
	strtab_add(t, "", 0);
	return t;
}

void strtab_free(struct strtab *t)
{
	if (!t)
		return;
	hash_map_release(&t->map);
	VEC_RELEASE(&t->entries);
	arena_free(t->arena);
}

str_id strtab_add(struct strtab *t, const char *s, size_t n)
{
	uint64_t h;
	uint32_t *at;

	if (n == 0 && t->entries.n > 0)
		return 0; /* s may be NULL */
	h = hash_bytes(s, n);
	for (at = hash_map_first(&t->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&t->map, at, h)) {
		const struct entry *e = &t->entries.v[*at];

		if (e->n == n && memcmp(e->s, s, n) == 0)
			return *at;
	}
	*at = (uint32_t)t->entries.n;
	hash_map_added(&t->map, at, h);
	*VEC_PUSH(&t->entries) = (struct entry){ arena_strndup(t->arena, s, n), n };
	return (str_id)(t->entries.n - 1);
}

str_id strtab_add_str(struct strtab *t, const char *s)
{
	return strtab_add(t, s, strlen(s));
}

const char *strtab_get(const struct strtab *t, str_id id)
{
	return t->entries.v[id].s;
}

size_t strtab_len(const struct strtab *t, str_id id)
{
	return t->entries.v[id].n;
}

void *strtab_attach(struct strtab *t, size_t bytes)
{
	return arena_alloc(t->arena, bytes);
}

size_t strtab_count(const struct strtab *t)
{
	return t->entries.n;
}
