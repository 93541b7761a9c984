/* dwarf_scan.c - which function an address belongs to, and what was inlined there.
 *
 * A unit's dies are gone over once for all addresses asked.  The first time looks only at functions that
 * stand in the unit or in namespaces, and jumps over everything else where the file says how far it
 * reaches.  Where that leaves an address without a function a second time looks everywhere: compilers
 * put the body of a lambda into the class inside the function that made it, which is no address range
 * of that function.
 *
 * Inside a function that holds an address every inlined_subroutine whose ranges hold it adds one link to
 * that address's chain.  Ranges need not nest as the dies do (seen from gcc and clang): a chain takes at
 * each depth the first that comes, and with it the dies around.  DWARF 2 has no lists of ranges, so that
 * gcc names one piece only of what is in several: there the dies inside are asked in any case.
 */
#include "symbolize/dwarf_reader.h"

#define MAX_DIE_DEPTH 200	 /* of nested dies; real programs stay below 50 */
#define MAX_LINKS     (2u << 20) /* of one unit */

/* A function, or an inlined one, that is being walked. */
struct level {
	struct level *outer; /* what it was inlined into; NULL = it is physical */
	struct dwarf_die die;
	struct dwarf_function *function; /* once it was asked for */
	const struct dwarf_call *call;	 /* once it was asked for */
};

struct walk {
	struct dwarf_worker *w;
	struct dwarf_unit *unit;
	const unsigned char *info; /* the section */
	struct dwarf_abbrevs *t;
	const struct dwarf_slots *slots;
	uint32_t *depths; /* by slot: links so far */
	uint32_t *roots;  /* by slot: number of the physical function */
	bool everywhere;  /* second time */
	uint32_t n_open;  /* slots without a function */
	bool is_done;	  /* all slots have their chains */
	uint32_t n_roots; /* physical functions that took an address */
	uint32_t root;	  /* the one that is being walked, 0 = none */
	uint32_t inlined; /* depth of inlined_subroutines around */
	struct level *level;
	bool hit; /* set by take_slots: the level at hand got an address */
};

/* What many inlined instances share is their abstract origin. */
static struct dwarf_function *level_function(struct walk *k, struct level *level)
{
	struct dwarf_unit *unit = k->unit;
	uint64_t at = level->die.offset;

	if (!level->function) {
		if (level->outer)
			dwarf_reference(k->unit, dwarf_get(&level->die, SLOT_ORIGIN), &unit, &at);
		level->function = dwarf_function_get(k->w, unit, at);
	}
	return level->function;
}

static const struct dwarf_call *level_call(struct walk *k, struct level *level)
{
	const struct dwarf_die *die = &level->die;
	uint64_t line = 0, column = 0, discriminator = 0;
	struct dwarf_call *call;

	if (level->call)
		return level->call;
	call = ARENA_NEW(k->w->scratch, struct dwarf_call);
	dwarf_address(k->unit, dwarf_get(die, SLOT_LOW), &call->start);
	if (level->outer) {
		dwarf_unsigned(dwarf_get(die, SLOT_CALL_FILE), &call->file);
		dwarf_unsigned(dwarf_get(die, SLOT_CALL_LINE), &line);
		dwarf_unsigned(dwarf_get(die, SLOT_CALL_COLUMN), &column);
		dwarf_unsigned(dwarf_get(die, SLOT_DISCRIMINATOR), &discriminator);
	}
	call->line = (int64_t)(line & INT64_MAX);
	call->column = (int64_t)(column & INT64_MAX);
	call->discriminator = (uint32_t)discriminator;
	return level->call = call;
}

static void add_link(struct walk *k, struct level *level, uint32_t slot)
{
	if (k->w->links.n >= MAX_LINKS)
		return;
	k->n_open -= k->depths[slot] == 0;
	*VEC_PUSH(&k->w->links) = (struct dwarf_link){
		.slot = slot,
		.depth = k->depths[slot]++,
		.function = level_function(k, level),
		.call = level_call(k, level),
	};
	k->hit = true;
}

/* With what is around that the chain has not yet. */
static void add_links(struct walk *k, struct level *level, uint32_t depth, uint32_t slot)
{
	if (k->depths[slot] < depth)
		add_links(k, level->outer, depth - 1, slot);
	if (k->depths[slot] == depth && depth < DWARF_MAX_FRAMES)
		add_link(k, level, slot);
}

/* A piece of a physical function. */
static void take_slots(void *ctx, uint64_t start, uint64_t end)
{
	struct walk *k = ctx;
	const struct dwarf_slots *s = k->slots;

	for (uint32_t i = dwarf_first_slot(s, start); i < s->n && s->addresses[i] < end; i++) {
		if (!dwarf_spend(k->w, 1))
			return;
		if (k->depths[i])
			continue;
		k->roots[i] = k->n_roots + 1;
		add_link(k, k->level, i);
	}
}

/* A piece of an inlined one. */
static void take_inlined_slots(void *ctx, uint64_t start, uint64_t end)
{
	struct walk *k = ctx;
	const struct dwarf_slots *s = k->slots;

	for (uint32_t i = dwarf_first_slot(s, start); i < s->n && s->addresses[i] < end; i++) {
		if (!dwarf_spend(k->w, 1))
			return;
		if (k->roots[i] == k->root && k->depths[i] <= k->inlined)
			add_links(k, k->level, k->inlined, i);
	}
}

static void go_into(struct walk *k, struct dwarf_cursor *c, unsigned depth);

/* The children of the die that was read; c is left behind them. */
static void enter(struct walk *k, struct dwarf_cursor *c, const struct dwarf_die *die,
		  bool is_wanted, unsigned depth)
{
	const struct dwarf_value *sibling = dwarf_get(die, SLOT_SIBLING);
	struct dwarf_unit *unit;
	uint64_t at, here = (uint64_t)(c->p - k->info);

	if (!die->abbrev->has_children)
		return;
	if (is_wanted)
		go_into(k, c, depth);
	else if (dwarf_reference(k->unit, sibling, &unit, &at) && unit == k->unit && at > here)
		c->p = k->info + at;
	else
		dwarf_skip_children(k->w, c, k->unit, k->t);
}

/* Make the die that begins at an offset the level at hand; c is behind its code. */
static void begin_level(struct walk *k, struct level *level, struct dwarf_cursor *c,
			const struct dwarf_abbrev *a, uint64_t offset)
{
	level->die.offset = offset;
	dwarf_read_die(c, k->unit, k->t, a, &level->die);
	level->function = NULL;
	level->call = NULL;
	k->level = level;
	k->hit = false;
}

/* What comes after a function with the last slots adds nothing to their chains. */
static void walk_function(struct walk *k, struct dwarf_cursor *c, const struct dwarf_abbrev *a,
			  uint64_t offset, unsigned depth)
{
	struct level *around = k->level, level;
	uint32_t root = k->root, inlined = k->inlined;

	level.outer = NULL;
	begin_level(k, &level, c, a, offset);
	k->inlined = 0;
	dwarf_ranges(&k->w->work, k->unit, &level.die, take_slots, k);
	k->root = k->hit ? ++k->n_roots : 0;
	enter(k, c, &level.die, k->hit || k->everywhere, depth);
	k->root = root;
	k->inlined = inlined;
	k->level = around;
	k->is_done = !root && !k->n_open;
}

/* Inside a function, always. */
static void walk_inlined(struct walk *k, struct dwarf_cursor *c, const struct dwarf_abbrev *a,
			 uint64_t offset, unsigned depth)
{
	struct level level;

	level.outer = k->level;
	begin_level(k, &level, c, a, offset);
	k->inlined++;
	dwarf_ranges(&k->w->work, k->unit, &level.die, take_inlined_slots, k);
	enter(k, c, &level.die, k->hit || k->everywhere || k->unit->version <= 2, depth);
	k->inlined--;
	k->level = level.outer;
}

/* Jump over the attributes of a die and all that it holds. */
static void skip_die(struct walk *k, struct dwarf_cursor *c, const struct dwarf_abbrev *a)
{
	const unsigned char *sibling;

	dwarf_skip_attrs(c, k->unit, k->t, a, &sibling);
	if (sibling)
		c->p = sibling;
	else if (a->has_children)
		dwarf_skip_children(k->w, c, k->unit, k->t);
}

/* c is behind the code of the die that begins at an offset. */
static void walk_die(struct walk *k, struct dwarf_cursor *c, const struct dwarf_abbrev *a,
		     uint64_t offset, unsigned depth)
{
	bool is_wanted = k->everywhere || a->kind == KIND_BLOCK || a->kind == KIND_SPACE;

	if (a->kind == KIND_FUNCTION && a->has_code) {
		walk_function(k, c, a, offset, depth);
	} else if (a->kind == KIND_INLINED && k->root) {
		walk_inlined(k, c, a, offset, depth);
	} else if (is_wanted && a->has_children) {
		dwarf_skip_attrs(c, k->unit, k->t, a, NULL);
		go_into(k, c, depth);
	} else {
		skip_die(k, c, a);
	}
}

/* The abbreviation of the die at hand; NULL at the zero that ends a family, and at damage. */
static inline const struct dwarf_abbrev *next_abbrev(struct walk *k, struct dwarf_cursor *c)
{
	uint64_t code = cursor_uleb(c);
	const struct dwarf_abbrev *a = code ? dwarf_abbrevs_find(k->t, code) : NULL;

	if (code && !a)
		cursor_fail(c);
	return a;
}

/* The dies of one family, up to the zero that ends it. */
static void walk_children(struct walk *k, struct dwarf_cursor *c, unsigned depth)
{
	while (cursor_left(c) && !k->is_done && dwarf_spend(k->w, 1)) {
		uint64_t offset = (uint64_t)(c->p - k->info);
		const struct dwarf_abbrev *a = next_abbrev(k, c);

		if (!a)
			return;
		if (a->is_plain)
			cursor_skip(c, a->fixed_bytes);
		else
			walk_die(k, c, a, offset, depth);
	}
}

/* Functions among the dies of one family and all that these hold: where no function is around, nothing
 * else counts. */
static void search_functions(struct walk *k, struct dwarf_cursor *c, unsigned depth)
{
	uint64_t families = 1;

	while (families && cursor_left(c) && !k->is_done && dwarf_spend(k->w, 1)) {
		uint64_t offset = (uint64_t)(c->p - k->info);
		const struct dwarf_abbrev *a = next_abbrev(k, c);

		if (!a) {
			families--;
		} else if (a->kind == KIND_FUNCTION && a->has_code) {
			walk_function(k, c, a, offset, depth);
		} else {
			if (a->is_fixed)
				cursor_skip(c, a->fixed_bytes);
			else
				dwarf_skip_attrs(c, k->unit, k->t, a, NULL);
			families += a->has_children;
		}
	}
}

/* The children of a die whose attributes were gone over. */
static void go_into(struct walk *k, struct dwarf_cursor *c, unsigned depth)
{
	if (depth >= MAX_DIE_DEPTH)
		dwarf_skip_children(k->w, c, k->unit, k->t);
	else if (k->everywhere && !k->root)
		search_functions(k, c, depth + 1);
	else
		walk_children(k, c, depth + 1);
}

static void walk_unit(struct walk *k)
{
	struct dwarf_cursor c = dwarf_unit_cursor(k->unit, k->unit->die);
	const struct dwarf_abbrev *a = next_abbrev(k, &c);

	if (!a)
		return;
	dwarf_skip_attrs(&c, k->unit, k->t, a, NULL);
	if (a->has_children)
		go_into(k, &c, 0);
}

void dwarf_scan(struct dwarf_worker *w, struct dwarf_unit *u, const struct dwarf_slots *slots,
		uint32_t *depths)
{
	struct walk k = {
		.w = w,
		.unit = u,
		.info = u->image->sections.v[DWARF_INFO].p,
		.slots = slots,
		.depths = depths,
		.roots = ARENA_ARRAY(w->scratch, uint32_t, slots->n),
		.n_open = slots->n,
	};

	for (int time = 0; time < 2 && k.n_open; time++) {
		k.everywhere = time > 0;
		k.t = dwarf_abbrevs_get(w, u);
		if (!k.t)
			return;
		walk_unit(&k);
	}
}
