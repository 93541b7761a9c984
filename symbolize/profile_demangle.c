/* profile_demangle.c - the function names of a profile as pprof shows them.
 *
 * pprof does this to every profile it reads, whoever symbolized it.  A name that differs from its
 * system name was demangled by someone already and stays.  A name that is not mangled but looks
 * like C++ loses everything in round and angle brackets; that turns `(anonymous namespace)::f` into
 * `::f`, and is what users of pprof see.
 */
#include "base/arena.h"
#include "symbolize/symbolize.h"

#include <string.h>

/* Go and Java use some of the same characters. */
static bool looks_like_cxx(const char *name)
{
	if (strstr(name, ".<") || strstr(name, "])."))
		return false;
	return strpbrk(name, "<>[]") || strstr(name, "::");
}

/* Cut every outermost bracket with all that it holds; what comes before a bracket that does not
 * match is left. */
static void cut_brackets(char *name, char open, char close)
{
	const char both[] = { open, close, 0 };
	char *at = name, *first = name;
	int nesting = 0;

	while ((at = strpbrk(at, both))) {
		if (*at == open) {
			if (++nesting == 1)
				first = at;
			at++;
		} else if (--nesting < 0) {
			return;
		} else if (nesting == 0) {
			memmove(first, at + 1, strlen(at + 1) + 1);
			at = first;
		} else {
			at++;
		}
	}
}

static str_id plain_name(struct profile *p, struct arena *a, str_id system_name,
			 enum demangle_mode mode)
{
	const char *name = profile_str(p, system_name), *plain = demangle(name, mode);
	char *cut;

	if (plain != name)
		return profile_intern(p, plain);
	if (mode == DEMANGLE_FULL || !looks_like_cxx(name))
		return system_name;
	cut = arena_strdup(a, name);
	cut_brackets(cut, '(', ')');
	if (mode == DEMANGLE_DEFAULT)
		cut_brackets(cut, '<', '>');
	return profile_intern(p, cut);
}

void symbolize_demangle(struct profile *p, bool force, enum demangle_mode mode)
{
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < p->functions.n; i++) {
		struct function *f = &p->functions.v[i];
		struct arena_mark mark = arena_mark(a);

		if (force && f->name && f->system_name)
			f->name = f->system_name;
		if (mode != DEMANGLE_NONE && (!f->name || f->name == f->system_name))
			f->name = plain_name(p, a, f->system_name, mode);
		arena_rewind(a, mark);
	}
	arena_free(a);
}
