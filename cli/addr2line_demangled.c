/* addr2line_demangled.c - demangled names, each kept until it was used for the last time.
 *
 * C++ names are long: those of a hundred thousand addresses in a big program come to 36 MB, and a third of
 * that is said only once.  Answers come in the order of the questions, so what is still to come is
 * counted before.  Where much is kept already, what is said a few times more only is not.
 */
#include "cli/addr2line_demangled.h"

#include <stdlib.h>
#include <string.h>

#define FEW_USES    4
#define MUCH_BYTES  ((size_t)6 << 20)
#define CACHE_BYTES ((size_t)4 << 20)

void names_init(struct demangled_names *n, enum demangle_mode mode, bool has_cache)
{
	*n = (struct demangled_names){ .mode = mode, .cache_room = has_cache ? CACHE_BYTES : 0 };
	hash_map_init(&n->index);
}

void names_clear(struct demangled_names *n)
{
	for (size_t i = 0; i < n->v.n; i++)
		free(n->v.v[i].plain);
	free(n->last);
	n->last = NULL;
	n->kept = 0;
	n->v.n = 0;
	hash_map_clear(&n->index);
}

void names_release(struct demangled_names *n)
{
	names_clear(n);
	hash_map_release(&n->index);
	VEC_RELEASE(&n->v);
}

/* The name, or where to put its number; NULL then. */
static struct known_name *find(struct demangled_names *n, const char *name, uint32_t **at)
{
	uint64_t h = hash_mix((uintptr_t)name);

	for (*at = hash_map_first(&n->index, h); **at != HASH_MAP_NONE;
	     *at = hash_map_next(&n->index, *at, h))
		if (n->v.v[**at].name == name)
			return &n->v.v[**at];
	return NULL;
}

/* Nothing else is mangled. */
static bool may_be_mangled(const struct demangled_names *n, const char *name)
{
	return n->mode != DEMANGLE_NONE && name[0] == '_';
}

void names_expect(struct demangled_names *n, const char *name, uint32_t times)
{
	struct known_name *known;
	uint32_t *at;

	if (!may_be_mangled(n, name))
		return;
	known = find(n, name, &at);
	if (!known) {
		*at = (uint32_t)n->v.n;
		hash_map_added(&n->index, at, hash_mix((uintptr_t)name));
		known = VEC_PUSH(&n->v);
		*known = (struct known_name){ .name = name };
	}
	known->uses += times;
}

static size_t plain_bytes(const struct known_name *known)
{
	return known->plain ? strlen(known->plain) + 1 : 0;
}

/* malloc'ed; NULL = it stays as it is.  What demangle() has done, binary_close() keeps in the cache. */
static char *new_plain(struct demangled_names *n, const char *name)
{
	const char *plain;
	size_t bytes;

	if (!n->cache_room)
		return demangle_copy(name, n->mode);
	plain = demangle(name, n->mode);
	bytes = strlen(plain) + strlen(name);
	n->cache_room -= bytes < n->cache_room ? bytes : n->cache_room;
	return plain == name ? NULL : strdup(plain);
}

const char *names_get(struct demangled_names *n, const char *name)
{
	struct known_name *known, other = { .name = name };
	uint32_t *at;

	if (!may_be_mangled(n, name))
		return name;
	free(n->last);
	n->last = NULL;
	known = find(n, name, &at);
	if (!known)
		known = &other;
	if (!known->is_known) {
		known->plain = new_plain(n, name);
		known->is_known = true;
		n->kept += plain_bytes(known);
	}
	if (!known->plain)
		return name;
	if (known->uses > 0)
		known->uses--;
	if (known->uses >= FEW_USES || (known->uses && n->kept <= MUCH_BYTES))
		return known->plain;
	n->kept -= plain_bytes(known);
	n->last = known->plain;
	known->plain = NULL;
	known->is_known = false;
	return n->last;
}
