/* demangle.c - C++ and Rust names as people write them, in the three degrees that pprof knows.
 *
 * libiberty demangles, as it does for gdb and binutils.  It prints everything; what a mode leaves out
 * is cut from that text (demangle_cut.c).
 *
 * Rust's names, the older and the newer ones, have files of their own.
 */
#include "base/arena.h"
#include "base/hash.h"
#include "symbolize/demangle_child.h"
#include "symbolize/demangle_cut.h"
#include "symbolize/demangle_rust.h"
#include "symbolize/symbolize.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MANGLED_BYTES 16384

struct entry {
	const char *mangled, *plain;
	enum demangle_mode mode;
};

/* Every name is asked for many times: kept for the life of the process. */
static struct {
	struct arena *arena;
	struct hash_map index;
	VEC(struct entry) entries;
} cache;

static void open_cache(void)
{
	cache.arena = arena_new(ARENA_DIE);
	hash_map_init(&cache.index);
}

/* ---- C++ ---- */

static const char *demangle_cxx(const char *s, enum demangle_mode mode, struct arena *a)
{
	struct demangle_cut cut = { mode == DEMANGLE_DEFAULT };
	char *full, *clone;
	const char *plain;

	if (demangle_is_deep(s))
		full = demangle_in_child(s);
	else if (demangle_is_risky(s))
		full = demangle_timed(s);
	else
		full = cplus_demangle_v3(s, DEMANGLE_OPTIONS);
	if (!full)
		return NULL;
	/* Copies that the optimizer made are one function in the source. */
	clone = strstr(full, " [clone ");
	if (clone)
		*clone = 0;
	if (mode == DEMANGLE_FULL)
		plain = arena_strdup(a, full);
	else
		plain = demangle_cut_name(&cut, full, a);
	free(full);
	return plain;
}

/* NULL = it stays as it is. */
static const char *demangle_new(const char *s, enum demangle_mode mode, struct arena *a)
{
	const char *plain;

	if (strlen(s) > MAX_MANGLED_BYTES)
		return NULL;
	if (s[1] == 'R')
		return demangle_rust_v0(s, mode == DEMANGLE_DEFAULT, a);
	plain = demangle_rust_legacy(s, a);
	return plain ? plain : demangle_cxx(s, mode, a);
}

static bool is_mangled(const char *s)
{
	return s[0] == '_' && (s[1] == 'Z' || s[1] == 'R');
}

/* Some systems put one more underscore before every name. */
static const char *mangled_part(const char *s)
{
	return is_mangled(s) || s[0] != '_' ? s : s + 1;
}

bool demangle_wants(const char *s, enum demangle_mode mode)
{
	return mode != DEMANGLE_NONE && is_mangled(mangled_part(s));
}

char *demangle_copy(const char *s, enum demangle_mode mode)
{
	static struct arena *scratch;
	const char *mangled = mangled_part(s), *plain;
	struct arena_mark mark;
	char *copy;

	if (mode == DEMANGLE_NONE || !is_mangled(mangled))
		return NULL;
	if (!scratch)
		scratch = arena_new(ARENA_DIE);
	mark = arena_mark(scratch);
	plain = demangle_new(mangled, mode, scratch);
	copy = plain ? strdup(plain) : NULL;
	arena_rewind(scratch, mark);
	return copy;
}

/* Where the number of a name's entry is, or belongs. */
static uint32_t *find_entry(const char *mangled, enum demangle_mode mode, uint64_t h)
{
	uint32_t *at = hash_map_first(&cache.index, h);

	for (; *at != HASH_MAP_NONE; at = hash_map_next(&cache.index, at, h)) {
		const struct entry *e = &cache.entries.v[*at];

		if (e->mode == mode && strcmp(e->mangled, mangled) == 0)
			break;
	}
	return at;
}

static uint64_t entry_hash(const char *mangled, enum demangle_mode mode)
{
	return hash_add(hash_bytes(mangled, strlen(mangled)), mode);
}

const char *demangle(const char *s, enum demangle_mode mode)
{
	const char *mangled = mangled_part(s);
	uint64_t h;
	uint32_t *at;
	const char *plain;

	if (mode == DEMANGLE_NONE || !is_mangled(mangled))
		return s;
	if (!cache.arena)
		open_cache();
	h = entry_hash(mangled, mode);
	at = find_entry(mangled, mode, h);
	if (*at != HASH_MAP_NONE) {
		plain = cache.entries.v[*at].plain;
		return plain ? plain : s;
	}
	*at = (uint32_t)cache.entries.n;
	hash_map_added(&cache.index, at, h);
	plain = demangle_new(mangled, mode, cache.arena);
	*VEC_PUSH(&cache.entries) =
		(struct entry){ arena_strdup(cache.arena, mangled), plain, mode };
	return plain ? plain : s;
}

const char *demangle_known(const char *s, enum demangle_mode mode)
{
	const char *mangled = mangled_part(s);
	uint32_t *at;

	if (mode == DEMANGLE_NONE || !is_mangled(mangled) || !cache.arena)
		return NULL;
	at = find_entry(mangled, mode, entry_hash(mangled, mode));
	return *at == HASH_MAP_NONE ? NULL : cache.entries.v[*at].plain;
}
