/* dwarf_names.c - names of functions.
 *
 * A concrete function refers to its abstract one (DW_AT_abstract_origin), a definition to its
 * declaration (DW_AT_specification); each may hold a part of what there is to say.  The linkage name is
 * best.  Where there is none and the language is not C, compilers leave it out for functions that nobody
 * else can see: an anonymous namespace, a lambda, a local class.  The bare DW_AT_name would say `begin`
 * for a thousand of them, so the names of what is around are put before it, as a demangler would print
 * them.  What is around a die is known only by coming to it from the top: one pass over a unit finds
 * them for all its functions.
 */
#include "symbolize/dwarf_reader.h"

#include <stdlib.h>

#define MAX_NAME_HOPS  16   /* origin and specification links from a die to its name */
#define MAX_SPACES     32   /* namespaces and types around a function */
#define MAX_NAME_BYTES 4096 /* of what is around, and of what that is put before */

struct dwarf_function *dwarf_function_get(struct dwarf_worker *w, struct dwarf_unit *u,
					  uint64_t die)
{
	uint64_t h = hash_mix(die) ^ (uint64_t)(uintptr_t)u->image;
	bool is_own = u == w->unit;
	struct dwarf_functions *known = is_own ? &w->own : &w->others;
	struct dwarf_function *f;
	uint32_t *at;

	for (at = hash_map_first(&known->index, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&known->index, at, h)) {
		f = known->v.v[*at];
		if (f->die == die && f->unit == u)
			return f;
	}
	*at = (uint32_t)known->v.n;
	hash_map_added(&known->index, at, h);
	f = ARENA_NEW(is_own ? w->scratch : w->arena, struct dwarf_function);
	f->unit = u;
	f->die = die;
	f->says = ARENA_NEW(w->arena, struct dwarf_name);
	*VEC_PUSH(&known->v) = f;
	return f;
}

void dwarf_functions_forget(struct dwarf_worker *w)
{
	hash_map_clear(&w->own.index);
	w->own.v.n = 0;
}

/* ---- what a die and those it refers to say ---- */

const char *dwarf_whole_name(const char *name)
{
	static const char part[] = "__second_sect_of_";
	size_t n = sizeof(part) - 1;

	return name && strncmp(name, part, n) == 0 && name[n] ? name + n : name;
}

static void add_names(struct dwarf_worker *w, struct dwarf_function *f, struct dwarf_unit *u,
		      const struct dwarf_die *d)
{
	const char *linkage = dwarf_string(u, dwarf_get(d, SLOT_LINKAGE_NAME));
	struct dwarf_name *says = f->says;
	uint64_t line;

	if (linkage && !says->is_linkage) {
		says->name = linkage;
		says->is_linkage = true;
	}
	if (!says->bare &&
	    (says->bare = dwarf_whole_name(dwarf_string(u, dwarf_get(d, SLOT_NAME))))) {
		f->around_unit = u;
		f->around_die = d->offset;
	}
	if (!says->start_line && dwarf_unsigned(dwarf_get(d, SLOT_DECL_LINE), &line) &&
	    line <= INT64_MAX)
		says->start_line = (int64_t)line;
	if (!f->start_file && w->reader->source->wants_details)
		f->start_file = dwarf_declared_file(w, u, d);
}

static void name_function(struct dwarf_worker *w, struct dwarf_function *f)
{
	struct dwarf_unit *u = f->unit;
	uint64_t at = f->die;
	struct dwarf_die d;

	f->is_named = true;
	for (int hop = 0; hop < MAX_NAME_HOPS; hop++) {
		struct dwarf_unit *next;
		uint64_t there;

		if (!dwarf_spend(w, 1) || !dwarf_die_at(w, u, at, &d))
			break;
		add_names(w, f, u, &d);
		if (dwarf_reference(u, dwarf_get(&d, SLOT_ORIGIN), &next, &there)) {
			u = next;
		} else if (dwarf_reference(u, dwarf_get(&d, SLOT_SPECIFICATION), &next, &there)) {
			/* A definition out of place: what it is in is where it was declared. */
			if (f->around_unit == u && f->around_die == at) {
				f->around_unit = next;
				f->around_die = there;
			}
			u = next;
		} else {
			break;
		}
		at = there;
	}
	if (!f->says->name)
		f->says->name = f->says->bare;
	if (f->unit->is_c)
		f->says->is_linkage = true;
	if (f->says->is_linkage)
		f->around_unit = NULL;
}

/* ---- what is around ---- */

struct space {
	uint64_t die;
	uint16_t tag;
	const char *name;
};

struct search {
	struct dwarf_worker *w;
	struct dwarf_unit *unit;
	struct dwarf_abbrevs *t;
	struct dwarf_function **wanted; /* by around_die */
	size_t n, at;
	struct space spaces[MAX_SPACES];
	unsigned n_spaces;
};

static bool is_space(uint16_t tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
	       tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_interface_type;
}

static const char *space_name(const struct space *s)
{
	if (s->name)
		return s->name;
	if (s->tag == DW_TAG_namespace)
		return "(anonymous namespace)";
	return NULL;
}

static void qualify(struct search *s, struct dwarf_function *f)
{
	char around[MAX_NAME_BYTES];
	size_t n = 0;

	for (unsigned i = 0; i < s->n_spaces; i++) {
		const char *name = space_name(&s->spaces[i]);
		size_t bytes = name ? strlen(name) : 0;

		if (!name || bytes + 3 > sizeof(around) - n)
			continue;
		memcpy(around + n, name, bytes);
		memcpy(around + n + bytes, "::", 3);
		n += bytes + 2;
	}
	f->around_unit = NULL;
	if (n && strnlen(f->says->bare, MAX_NAME_BYTES) < MAX_NAME_BYTES)
		f->says->name = arena_printf(s->w->arena, "%s%s", around, f->says->bare);
}

static void search_children(struct search *s, struct dwarf_cursor *c, unsigned depth);

/* Of a die with others in it.  Of a class in a unit of its own only the declaration may be here. */
static const char *name_around(struct search *s, const struct dwarf_die *d)
{
	const char *name = dwarf_string(s->unit, dwarf_get(d, SLOT_NAME));
	struct dwarf_unit *unit;
	struct dwarf_die type;
	uint64_t at;

	if (name || !dwarf_reference(s->unit, dwarf_get(d, SLOT_SIGNATURE), &unit, &at) ||
	    !dwarf_spend(s->w, 1) || !dwarf_die_at(s->w, unit, at, &type))
		return name;
	return dwarf_string(unit, dwarf_get(&type, SLOT_NAME));
}

/* Go into a die if one that is wanted may be inside. */
static void search_inside(struct search *s, struct dwarf_cursor *c, const struct dwarf_die *d,
			  unsigned depth)
{
	const unsigned char *info = s->unit->image->sections.v[DWARF_INFO].p;
	const struct dwarf_value *sibling = dwarf_get(d, SLOT_SIBLING);
	uint64_t here = (uint64_t)(c->p - info), next;
	unsigned n_spaces = s->n_spaces;
	struct dwarf_unit *unit;

	if (dwarf_reference(s->unit, sibling, &unit, &next) && unit == s->unit && next > here &&
	    s->wanted[s->at]->around_die >= next) {
		c->p = info + next;
		return;
	}
	if (is_space(d->abbrev->tag) && s->n_spaces < MAX_SPACES)
		s->spaces[s->n_spaces++] =
			(struct space){ d->offset, d->abbrev->tag, name_around(s, d) };
	search_children(s, c, depth + 1);
	s->n_spaces = n_spaces;
}

static void search_children(struct search *s, struct dwarf_cursor *c, unsigned depth)
{
	const unsigned char *info = s->unit->image->sections.v[DWARF_INFO].p;

	while (s->at < s->n && cursor_left(c) && dwarf_spend(s->w, 1)) {
		struct dwarf_die d;
		const struct dwarf_abbrev *a;
		uint64_t code;

		d.offset = (uint64_t)(c->p - info);
		code = cursor_uleb(c);
		if (code == 0)
			return;
		a = dwarf_abbrevs_find(s->t, code);
		if (!a) {
			cursor_fail(c);
			return;
		}
		while (s->at < s->n && s->wanted[s->at]->around_die <= d.offset) {
			if (s->wanted[s->at]->around_die == d.offset)
				qualify(s, s->wanted[s->at]);
			s->at++;
		}
		if (s->at == s->n)
			return;
		if (!a->has_children) {
			dwarf_skip_attrs(c, s->unit, s->t, a, NULL);
			continue;
		}
		dwarf_read_die(c, s->unit, s->t, a, &d);
		if (depth < MAX_SPACES * 4)
			search_inside(s, c, &d, depth);
		else
			dwarf_skip_children(s->w, c, s->unit, s->t);
	}
}

static void search_unit(struct dwarf_worker *w, struct dwarf_function **wanted, size_t n)
{
	struct dwarf_unit *u = wanted[0]->around_unit;
	struct search s = { .w = w, .unit = u, .wanted = wanted, .n = n };
	struct dwarf_cursor c = dwarf_unit_cursor(u, u->die);
	uint64_t code = cursor_uleb(&c);
	const struct dwarf_abbrev *a;

	s.t = dwarf_abbrevs_get(w, u);
	a = s.t ? dwarf_abbrevs_find(s.t, code) : NULL;
	dwarf_unit_root(u, NULL);
	if (!a)
		return;
	dwarf_skip_attrs(&c, u, s.t, a, NULL);
	if (a->has_children)
		search_children(&s, &c, 0);
	for (size_t i = 0; i < n; i++)
		wanted[i]->around_unit = NULL;
}

static int by_place(const void *a, const void *b)
{
	const struct dwarf_function *x = *(struct dwarf_function *const *)a;
	const struct dwarf_function *y = *(struct dwarf_function *const *)b;

	if (x->around_unit != y->around_unit)
		return x->around_unit < y->around_unit ? -1 : 1;
	return (x->around_die > y->around_die) - (x->around_die < y->around_die);
}

void dwarf_name_links(struct dwarf_worker *w)
{
	struct dwarf_function **wanted =
		ARENA_ARRAY(w->scratch, struct dwarf_function *, w->links.n);
	size_t n = 0, end;

	for (size_t i = 0; i < w->links.n; i++) {
		struct dwarf_function *f = w->links.v[i].function;

		if (f->is_named)
			continue;
		name_function(w, f);
		if (f->around_unit)
			wanted[n++] = f;
	}
	qsort(wanted, n, sizeof(*wanted), by_place);
	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && wanted[end]->around_unit == wanted[i]->around_unit)
			end++;
		search_unit(w, wanted + i, end - i);
	}
}
