/* libdwarf_functions.c - which function an address belongs to, and what was inlined there.
 *
 * A unit's dies are walked once for all addresses asked.  The first walk looks only at namespaces
 * and at functions that hold an address.  Where that leaves an address without a function a second
 * walk looks everywhere: compilers put the body of a lambda into the class inside the function that
 * made it, which is no address range of that function.
 *
 * Inside a function every inlined_subroutine whose ranges hold an address adds one link to that
 * address's chain. Ranges need not nest as the dies do (seen from gcc and clang): a chain takes at
 * each depth the first that comes, and with it the dies around.  DWARF 2 has no lists of ranges, so
 * that gcc names one piece only of what is in several: there the dies inside are asked in any case.
 */
#include "symbolize/libdwarf_reader.h"

#define MAX_DIE_DEPTH 200 /* of nested dies; real programs stay below 50 */
#define MAX_NAME_HOPS 16  /* origin and specification links from a die to its name */

/* A function, or an inlined one, that is being walked. */
struct level {
	struct level *outer; /* what it was inlined into; NULL = it is physical */
	Dwarf_Die die;
	const struct libdwarf_function *function; /* once it was asked for */
	uint64_t call_file, call_line, call_column;
};

struct walk {
	struct libdwarf_reader *r;
	struct libdwarf_job *job;
	bool everywhere;  /* second walk */
	uint32_t n_roots; /* physical functions that took an address */
	uint32_t root;	  /* the one that is being walked, 0 = none */
	uint32_t inlined; /* depth of inlined_subroutines around */
	struct level *level;
	bool hit; /* set by take_slots: the level at hand got an address */
};

static void add_origin(struct libdwarf_reader *r, struct libdwarf_function *f, Dwarf_Die die)
{
	const char *name = die_string(r, die, DW_AT_linkage_name);
	uint64_t line;

	if (!name)
		name = die_string(r, die, DW_AT_MIPS_linkage_name);
	if (name && !f->is_linkage) {
		f->name = name;
		f->is_linkage = true;
	}
	if (!f->name)
		f->name = dwarf_whole_name(die_string(r, die, DW_AT_name));
	if (!f->start_line && die_unsigned(r, die, DW_AT_decl_line, &line) && line <= INT64_MAX)
		f->start_line = (int64_t)line;
}

/* Name and line of a function, from its die and from those that the die refers to. */
static void read_function(struct libdwarf_reader *r, struct libdwarf_function *f, Dwarf_Die die)
{
	Dwarf_Die at = die, next;
	Dwarf_Error e = NULL;
	Dwarf_Off to;

	for (int hop = 0; hop < MAX_NAME_HOPS; hop++) {
		int status;

		add_origin(r, f, at);
		if (!die_reference(r, at, DW_AT_abstract_origin, &to) &&
		    !die_reference(r, at, DW_AT_specification, &to))
			break;
		status = dwarf_offdie_b(r->dbg, to, 1, &next, &e);
		if (at != die)
			dwarf_dealloc(r->dbg, at, DW_DLA_DIE);
		if (status != DW_DLV_OK) {
			libdwarf_forget(r, e);
			return;
		}
		at = next;
	}
	if (at != die)
		dwarf_dealloc(r->dbg, at, DW_DLA_DIE);
}

/* Abstract instances are shared by many inlined ones: read once, kept by die. */
static const struct libdwarf_function *get_function(struct libdwarf_reader *r,
						    const struct libdwarf_unit *unit, Dwarf_Die die)
{
	Dwarf_Error e = NULL;
	Dwarf_Off offset = 0;
	struct libdwarf_function *f;
	uint32_t *at;
	uint64_t h;

	if (dwarf_dieoffset(die, &offset, &e) != DW_DLV_OK)
		libdwarf_forget(r, e);
	h = hash_mix(offset);
	for (at = hash_map_first(&r->function_index, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&r->function_index, at, h))
		if (r->functions.v[*at]->die == offset)
			return r->functions.v[*at];
	*at = (uint32_t)r->functions.n;
	hash_map_added(&r->function_index, at, h);
	f = ARENA_NEW(r->arena, struct libdwarf_function);
	f->die = offset;
	*VEC_PUSH(&r->functions) = f;
	read_function(r, f, die);
	if (unit->is_c)
		f->is_linkage = true;
	return f;
}

static const struct libdwarf_function *level_function(struct walk *w, struct level *level)
{
	Dwarf_Off origin;
	Dwarf_Error e = NULL;
	Dwarf_Die die;

	if (level->function)
		return level->function;
	/* What many inlined instances share is their abstract origin. */
	if (level->outer && die_reference(w->r, level->die, DW_AT_abstract_origin, &origin)) {
		if (dwarf_offdie_b(w->r->dbg, origin, 1, &die, &e) == DW_DLV_OK) {
			level->function = get_function(w->r, w->job->unit, die);
			dwarf_dealloc(w->r->dbg, die, DW_DLA_DIE);
			return level->function;
		}
		libdwarf_forget(w->r, e);
	}
	level->function = get_function(w->r, w->job->unit, level->die);
	return level->function;
}

static void add_link(struct walk *w, struct level *level, uint32_t slot)
{
	struct libdwarf_job *job = w->job;

	*VEC_PUSH(&job->links) = (struct libdwarf_link){
		.slot = slot,
		.depth = job->depths[slot]++,
		.function = level_function(w, level),
		.call_file = level->call_file,
		.call_line = (int64_t)level->call_line,
		.call_column = (int64_t)level->call_column,
	};
	w->hit = true;
}

/* With what is around that the chain has not yet. */
static void add_links(struct walk *w, struct level *level, uint32_t depth, uint32_t slot)
{
	if (w->job->depths[slot] < depth)
		add_links(w, level->outer, depth - 1, slot);
	if (depth < DWARF_MAX_FRAMES)
		add_link(w, level, slot);
}

/* A piece of a physical function. */
static void take_slots(void *ctx, uint64_t start, uint64_t end)
{
	struct walk *w = ctx;
	struct libdwarf_job *job = w->job;

	for (uint32_t i = dwarf_first_slot(&job->slots, start);
	     i < job->slots.n && job->slots.addresses[i] < end; i++) {
		if (job->depths[i])
			continue;
		job->roots[i] = w->n_roots + 1;
		add_link(w, w->level, i);
	}
}

/* A piece of an inlined one. */
static void take_inlined_slots(void *ctx, uint64_t start, uint64_t end)
{
	struct walk *w = ctx;
	struct libdwarf_job *job = w->job;

	for (uint32_t i = dwarf_first_slot(&job->slots, start);
	     i < job->slots.n && job->slots.addresses[i] < end; i++)
		if (job->roots[i] == w->root && job->depths[i] <= w->inlined)
			add_links(w, w->level, w->inlined, i);
}

static void walk_children(struct walk *w, Dwarf_Die die, unsigned depth);

static void walk_function(struct walk *w, Dwarf_Die die, unsigned depth)
{
	struct level *around = w->level, level = { .die = die };
	uint32_t root = w->root, inlined = w->inlined;

	w->level = &level;
	w->hit = false;
	w->inlined = 0;
	die_ranges(w->r, w->job->unit, die, take_slots, w);
	if (w->hit) {
		w->root = ++w->n_roots;
		walk_children(w, die, depth + 1);
	} else if (w->everywhere) {
		w->root = 0;
		walk_children(w, die, depth + 1);
	}
	w->root = root;
	w->inlined = inlined;
	w->level = around;
}

static void walk_inlined(struct walk *w, Dwarf_Die die, unsigned depth)
{
	struct level level = { .outer = w->level, .die = die };

	if (!w->root && !w->everywhere)
		return;
	w->level = &level;
	w->hit = false;
	w->inlined++;
	if (w->root) {
		die_unsigned(w->r, die, DW_AT_call_file, &level.call_file);
		die_unsigned(w->r, die, DW_AT_call_line, &level.call_line);
		die_unsigned(w->r, die, DW_AT_call_column, &level.call_column);
		level.call_line &= INT64_MAX;
		level.call_column &= INT64_MAX;
		die_ranges(w->r, w->job->unit, die, take_inlined_slots, w);
	}
	if (w->hit || w->everywhere || (w->root && w->job->unit->version <= 2))
		walk_children(w, die, depth + 1);
	w->inlined--;
	w->level = level.outer;
}

static void walk_die(struct walk *w, Dwarf_Die die, unsigned depth)
{
	Dwarf_Error e = NULL;
	Dwarf_Half tag = 0;

	if (dwarf_tag(die, &tag, &e) != DW_DLV_OK) {
		libdwarf_forget(w->r, e);
		return;
	}
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_entry_point:
		walk_function(w, die, depth);
		return;
	case DW_TAG_inlined_subroutine:
		walk_inlined(w, die, depth);
		return;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
		walk_children(w, die, depth + 1);
		return;
	default:
		if (w->everywhere)
			walk_children(w, die, depth + 1);
	}
}

static Dwarf_Die first_child(struct walk *w, Dwarf_Die die)
{
	Dwarf_Half has_children = 0;
	Dwarf_Error e = NULL;
	Dwarf_Die child;

	if (dwarf_die_abbrev_children_flag(die, &has_children) != DW_DLV_OK || !has_children)
		return NULL;
	if (dwarf_child(die, &child, &e) == DW_DLV_OK)
		return child;
	libdwarf_forget(w->r, e);
	return NULL;
}

/* Siblings come in file order; one that does not is damage, and would be a loop. */
static Dwarf_Die next_sibling(struct walk *w, Dwarf_Die die)
{
	Dwarf_Error e = NULL;
	Dwarf_Off here, there;
	Dwarf_Die next;

	if (dwarf_siblingof_b(w->r->dbg, die, 1, &next, &e) != DW_DLV_OK) {
		libdwarf_forget(w->r, e);
		return NULL;
	}
	if (dwarf_dieoffset(die, &here, &e) == DW_DLV_OK &&
	    dwarf_dieoffset(next, &there, &e) == DW_DLV_OK && there > here)
		return next;
	libdwarf_forget(w->r, e);
	dwarf_dealloc(w->r->dbg, next, DW_DLA_DIE);
	return NULL;
}

static void walk_children(struct walk *w, Dwarf_Die die, unsigned depth)
{
	Dwarf_Die child = depth < MAX_DIE_DEPTH ? first_child(w, die) : NULL;

	while (child) {
		Dwarf_Die next;

		walk_die(w, child, depth);
		next = next_sibling(w, child);
		dwarf_dealloc(w->r->dbg, child, DW_DLA_DIE);
		child = next;
	}
}

static bool all_found(const struct libdwarf_job *job)
{
	for (uint32_t i = 0; i < job->slots.n; i++)
		if (!job->depths[i])
			return false;
	return true;
}

void libdwarf_find_functions(struct libdwarf_reader *r, struct libdwarf_job *job)
{
	struct walk w = { .r = r, .job = job };

	walk_children(&w, job->root, 0);
	if (all_found(job))
		return;
	w.everywhere = true;
	walk_children(&w, job->root, 0);
}
