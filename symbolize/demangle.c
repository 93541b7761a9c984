/* demangle.c - C++ names as people write them, in the three degrees that pprof knows.
 *
 * The C++ runtime demangles (__cxa_demangle of libstdc++.so.6, loaded when the first mangled name
 * comes; without it names stay as they are).  It prints everything; what a mode leaves out is cut
 * from that text (demangle_cut.c).
 *
 * Rust's older names are C++ names of a fixed shape: the last part is a hash, punctuation is
 * spelled $LT$ and the like.
 */
#include "base/arena.h"
#include "base/hash.h"
#include "symbolize/demangle_child.h"
#include "symbolize/demangle_cut.h"
#include "symbolize/symbolize.h"

#include <ctype.h>
#include <dlfcn.h>
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
	cxa_demangle_fn cxa_demangle;
} cache;

static void open_cache(void)
{
	void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);

	cache.arena = arena_new(ARENA_DIE);
	hash_map_init(&cache.index);
	if (library)
		*(void **)&cache.cxa_demangle = dlsym(library, "__cxa_demangle");
}

/* ---- Rust ---- */

static const struct {
	const char *code, *text;
} rust_codes[] = {
	{ "$SP$", "@" },  { "$BP$", "*" },  { "$RF$", "&" },  { "$LT$", "<" },	 { "$GT$", ">" },
	{ "$LP$", "(" },  { "$RP$", ")" },  { "$C$", "," },   { "$u7e$", "~" },	 { "$u20$", " " },
	{ "$u27$", "'" }, { "$u3d$", "=" }, { "$u5b$", "[" }, { "$u5d$", "]" },	 { "$u7b$", "{" },
	{ "$u7d$", "}" }, { "$u3b$", ";" }, { "$u2b$", "+" }, { "$u22$", "\"" }, { "..", "::" },
};

/* _ZN ... 17h 16-hex-digits E, and what the optimizer appends to it */
static bool is_rust(const char *s)
{
	const char *hash = NULL;

	if (strncmp(s, "_ZN", 3) != 0)
		return false;
	for (const char *p = s; (p = strstr(p, "17h")); p++)
		hash = p;
	if (!hash || strspn(hash + 3, "0123456789abcdef") != 16)
		return false;
	return hash[19] == 'E' && (hash[20] == 0 || hash[20] == '.');
}

static size_t rust_code(const char *s, const char **text)
{
	for (size_t i = 0; i < sizeof(rust_codes) / sizeof(rust_codes[0]); i++) {
		size_t n = strlen(rust_codes[i].code);

		if (strncmp(s, rust_codes[i].code, n) == 0) {
			*text = rust_codes[i].text;
			return n;
		}
	}
	return 0;
}

static const char *demangle_rust(const char *s)
{
	char *out = arena_alloc(cache.arena, 2 * strlen(s) + 1), *o = out;

	for (s += 3; isdigit((unsigned char)*s);) {
		char *part;
		size_t n = strtoul(s, &part, 10);
		const char *end;

		if (n == 0 || n > strlen(part))
			return NULL;
		end = part + n;
		if (*end == 'E') /* the hash */
			break;
		if (o != out)
			o = stpcpy(o, "::");
		/* A part may not begin with '$', so an underscore goes before. */
		if (part[0] == '_' && part[1] == '$')
			part++;
		while (part < end) {
			const char *text;
			size_t code = rust_code(part, &text);

			if (code && part + code <= end) {
				o = stpcpy(o, text);
				part += code;
			} else {
				*o++ = *part++;
			}
		}
		s = end;
	}
	*o = 0;
	return o == out ? NULL : out;
}

/* ---- C++ ---- */

static char *call_cxa_demangle(const char *s)
{
	int status = -1;
	char *full;

	if (demangle_is_risky(s))
		return demangle_in_child(cache.cxa_demangle, s);
	full = cache.cxa_demangle(s, NULL, NULL, &status);
	if (full && status == 0)
		return full;
	free(full);
	return NULL;
}

static const char *demangle_cxx(const char *s, enum demangle_mode mode)
{
	struct demangle_cut cut = { mode == DEMANGLE_DEFAULT };
	char *full, *clone;
	const char *plain;

	if (!cache.cxa_demangle || strlen(s) > MAX_MANGLED_BYTES)
		return NULL;
	full = call_cxa_demangle(s);
	if (!full)
		return NULL;
	/* Copies that the optimizer made are one function in the source. */
	clone = strstr(full, " [clone ");
	if (clone)
		*clone = 0;
	if (mode == DEMANGLE_FULL)
		plain = arena_strdup(cache.arena, full);
	else
		plain = demangle_cut_name(&cut, full, cache.arena);
	free(full);
	return plain;
}

static const char *demangle_new(const char *s, enum demangle_mode mode)
{
	const char *plain = is_rust(s) ? demangle_rust(s) : NULL;

	return plain ? plain : demangle_cxx(s, mode);
}

const char *demangle(const char *s, enum demangle_mode mode)
{
	/* Some systems put one more underscore before every name. */
	const char *mangled = strncmp(s, "__Z", 3) == 0 ? s + 1 : s;
	uint64_t h;
	uint32_t *at;
	const char *plain;

	if (mode == DEMANGLE_NONE || strncmp(mangled, "_Z", 2) != 0)
		return s;
	if (!cache.arena)
		open_cache();
	h = hash_add(hash_bytes(mangled, strlen(mangled)), mode);
	for (at = hash_map_first(&cache.index, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&cache.index, at, h)) {
		const struct entry *e = &cache.entries.v[*at];

		if (e->mode == mode && strcmp(e->mangled, mangled) == 0)
			return e->plain ? e->plain : s;
	}
	*at = (uint32_t)cache.entries.n;
	hash_map_added(&cache.index, at, h);
	plain = demangle_new(mangled, mode);
	*VEC_PUSH(&cache.entries) =
		(struct entry){ arena_strdup(cache.arena, mangled), plain, mode };
	return plain ? plain : s;
}
