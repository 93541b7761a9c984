/* callgrind_names.c - number names and tell equal ones apart.
 *
 * Readers of the format take functions for the same whose file and name are the same.  Here they
 * also differ by binary and first line, and in a call tree by their caller.
 */
#include "analyze/callgrind_names.h"

void name_numbers_release(struct name_numbers *n)
{
	hash_map_release(&n->map);
	VEC_RELEASE(&n->used);
}

const char *name_numbers_use(struct name_numbers *n, struct report *r, str_id name)
{
	uint64_t h = hash_mix(name); /* reversible: equal hashes are equal names */
	uint32_t *at;

	if (!name)
		return "";
	at = hash_map_first(&n->map, h);
	if (*at != HASH_MAP_NONE)
		return arena_printf(r->scratch, "(%u)", *at + 1);
	*at = (uint32_t)n->used.n;
	hash_map_added(&n->map, at, h);
	*VEC_PUSH(&n->used) = name;
	return arena_printf(r->scratch, "(%zu) %s", n->used.n, profile_str(r->profile, name));
}

/* ---- equal names ---- */

/* What makes two nodes one function. */
struct function_key {
	str_id name, file, objfile;
	uint32_t caller; /* in a call tree, else NODE_NONE */
	int64_t start_line, column;
};

struct function_entry {
	struct function_key key;
	uint32_t group;
	size_t number; /* in its group */
};

/* The functions that share file and name. */
struct group {
	str_id name;
	size_t n;
};

struct functions {
	struct hash_map by_key, by_name;
	VEC(struct function_entry) v;
	VEC(struct group) groups;
};

static struct function_key key_of(const struct report *r, uint32_t node)
{
	const struct graph *g = &r->graph;
	const struct node_info *i = &r->nodes.info.v[node];
	struct function_key key = { .name = i->name,
				    .file = i->file,
				    .objfile = i->objfile,
				    .caller = NODE_NONE,
				    .start_line = i->start_line };

	if (!i->address && !i->line)
		key.column = i->column;
	if (r->opts.call_tree && g->in_at.v[node] < g->in_at.v[node + 1])
		key.caller = g->edges.v[g->in.v[g->in_at.v[node]]].src;
	return key;
}

static bool same_key(const struct function_key *a, const struct function_key *b)
{
	return a->name == b->name && a->file == b->file && a->objfile == b->objfile &&
	       a->caller == b->caller && a->start_line == b->start_line && a->column == b->column;
}

static uint64_t hash_key(const struct function_key *k)
{
	uint64_t h = hash_add(hash_mix((uint64_t)k->name << 32 | k->file),
			      (uint64_t)k->objfile << 32 | k->caller);

	return hash_add(hash_add(h, (uint64_t)k->start_line), (uint64_t)k->column);
}

static uint32_t find_group(struct functions *f, const struct function_key *key)
{
	uint64_t h = hash_mix((uint64_t)key->name << 32 | key->file); /* reversible */
	uint32_t *at = hash_map_first(&f->by_name, h);

	if (*at != HASH_MAP_NONE)
		return *at;
	*at = (uint32_t)f->groups.n;
	hash_map_added(&f->by_name, at, h);
	*VEC_PUSH(&f->groups) = (struct group){ .name = key->name };
	return (uint32_t)f->groups.n - 1;
}

static uint32_t find_function(struct functions *f, const struct function_key *key)
{
	uint64_t h = hash_key(key);
	uint32_t *at, group;

	for (at = hash_map_first(&f->by_key, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&f->by_key, at, h))
		if (same_key(&f->v.v[*at].key, key))
			return *at;
	*at = (uint32_t)f->v.n;
	hash_map_added(&f->by_key, at, h);
	group = find_group(f, key);
	*VEC_PUSH(&f->v) = (struct function_entry){ *key, group, ++f->groups.v[group].n };
	return (uint32_t)f->v.n - 1;
}

static str_id distinct_name(struct report *r, const struct functions *f, uint32_t function)
{
	const struct function_entry *e = &f->v.v[function];
	const struct group *group = &f->groups.v[e->group];
	struct arena_mark mark = arena_mark(r->scratch);
	str_id id;

	if (group->n == 1)
		return group->name;
	id = profile_intern(r->profile, arena_printf(r->scratch, "%s [%zu/%zu]",
						     profile_str(r->profile, group->name),
						     e->number, group->n));
	arena_rewind(r->scratch, mark);
	return id;
}

str_id *callgrind_distinct_names(struct report *r)
{
	const struct graph *g = &r->graph;
	struct functions f = { .v = VEC_INIT };
	uint32_t *function = ARENA_ARRAY(r->arena, uint32_t, g->order.n);
	str_id *names = ARENA_ARRAY(r->arena, str_id, g->node.n);

	for (size_t i = 0; i < g->order.n; i++) {
		struct function_key key = key_of(r, g->order.v[i]);

		function[i] = find_function(&f, &key);
	}
	for (size_t i = 0; i < g->order.n; i++)
		names[g->order.v[i]] = distinct_name(r, &f, function[i]);
	hash_map_release(&f.by_key);
	hash_map_release(&f.by_name);
	VEC_RELEASE(&f.v);
	VEC_RELEASE(&f.groups);
	return names;
}
