/* label_units.c - find the unit of each numeric label key. */
#include "analyze/label_units.h"
#include "analyze/notes.h"
#include "base/arena.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

struct conflict {
	const char *key, *used, *other;
};

struct conflicts {
	struct hash_map map;
	VEC(struct conflict) v;
};

static void add_conflict(struct conflicts *c, const struct profile *p, str_id key, str_id used,
			 str_id other)
{
	uint64_t h = hash_mix((uint64_t)key << 32 |
			      other); /* reversible: equal hashes are equal pairs */
	uint32_t *at = hash_map_first(&c->map, h);

	if (*at != HASH_MAP_NONE)
		return;
	*at = (uint32_t)c->v.n;
	hash_map_added(&c->map, at, h);
	*VEC_PUSH(&c->v) = (struct conflict){ profile_str(p, key), profile_str(p, used),
					      profile_str(p, other) };
}

static int by_key_and_unit(const void *a, const void *b)
{
	const struct conflict *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : strcmp(x->other, y->other);
}

static void tell_conflicts(struct conflicts *c, const struct notes *notes)
{
	struct arena *a = arena_new(ARENA_DIE);

	if (c->v.n)
		qsort(c->v.v, c->v.n, sizeof(*c->v.v), by_key_and_unit);
	for (size_t i = 0, end; i < c->v.n; i = end) {
		const struct conflict *first = &c->v.v[i];
		const char *list = first->other;

		for (end = i + 1; end < c->v.n && strcmp(c->v.v[end].key, first->key) == 0; end++)
			list = arena_printf(a, "%s, %s", list, c->v.v[end].other);
		note(notes, "For tag %s used unit %s, also encountered unit(s) %s", first->key,
		     first->used, list);
	}
	arena_free(a);
}

static str_id unit_by_name(struct profile *p, str_id key)
{
	const char *name = profile_str(p, key);

	if (strcmp(name, "alignment") == 0 || strcmp(name, "request") == 0)
		return profile_intern(p, "bytes");
	return key;
}

void label_units_init(struct label_units *u, struct profile *p, const struct notes *notes)
{
	size_t n_keys = strtab_count(p->strings);
	struct conflicts conflicts = { .v = VEC_INIT };

	*u = (struct label_units){ VEC_INIT };
	VEC_MUST(&u->unit, n_keys);
	memset(u->unit.v, 0xff, n_keys * sizeof(str_id));
	u->unit.n = n_keys;
	hash_map_init(&conflicts.map);
	for (size_t i = 0; i < p->labels.n; i++) {
		const struct label *l = &p->labels.v[i];
		str_id *unit = &u->unit.v[l->key];

		if (!l->is_num)
			continue;
		if (*unit == PROFILE_NONE || *unit == 0)
			*unit = l->unit;
		else if (l->unit && l->unit != *unit)
			add_conflict(&conflicts, p, l->key, *unit, l->unit);
	}
	for (str_id key = 0; key < n_keys; key++)
		if (u->unit.v[key] == 0)
			u->unit.v[key] = unit_by_name(p, key);
	tell_conflicts(&conflicts, notes);
	hash_map_release(&conflicts.map);
	VEC_RELEASE(&conflicts.v);
}

void label_units_release(struct label_units *u)
{
	VEC_RELEASE(&u->unit);
}

str_id label_units_get(const struct label_units *u, str_id key)
{
	return key < u->unit.n && u->unit.v[key] != PROFILE_NONE ? u->unit.v[key] : 0;
}
