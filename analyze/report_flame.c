/* report_flame.c - a flame graph as a page of its own (flame_page/flame_page.js draws it).
 *
 * The page gets the tree of all stacks as columns: a frame, a parent and the weight that ends there.
 * Only the heaviest boxes are written, as many as nodecount allows; what is left out below a box
 * becomes one box "smaller", so that no weight is lost.  In a comparison each box has what it cost
 * before, too.
 */
#include "analyze/arith.h"
#include "analyze/page.h"
#include "analyze/paths.h"
#include "analyze/report_stacks.h"

#include <stdlib.h>
#include <string.h>

struct place {
	int64_t self, before; /* what ends here: now, and in the base of a comparison */
	uint64_t weight;      /* of all that passes, before and now */
	uint32_t written;     /* its number in the page; NODE_NONE = left out */
	int64_t small, small_before;
	uint32_t n_small; /* left out right below */
};

struct flame {
	struct report *r;
	struct stack_tree tree;
	VEC(struct place) place;
	struct place top; /* above all roots */
	bool is_comparison;
	VEC(uint32_t) order;   /* places that are written */
	VEC(uint32_t) smaller; /* places with something left out below; NODE_NONE = the top */
};

/* ---- collect ---- */

static bool is_base(const struct profile *p, size_t i, str_id key, str_id yes)
{
	for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++)
		if (p->labels.v[l].key == key && p->labels.v[l].str == yes)
			return true;
	return false;
}

static struct place *place_at(struct flame *f, uint32_t i)
{
	return i == STACK_TREE_ROOT ? &f->top : &f->place.v[i];
}

/* Samples of a base come negative: with a label, or as what is left of a subtraction. */
static void add_samples(struct flame *f)
{
	struct profile *p = f->r->profile;
	str_id key = profile_intern(p, "pprof::base"), yes = profile_intern(p, "true");

	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t value = stacks_value(f->r, i);
		uint32_t at = stacks_add(&f->tree, f->r, i);
		struct place *place;

		while (f->place.n < f->tree.v.n)
			*VEC_PUSH(&f->place) = (struct place){ .written = NODE_NONE };
		place = place_at(f, at);
		if (value >= 0 && !is_base(p, i, key, yes)) {
			place->self = add64(place->self, value);
			continue;
		}
		place->before = add64(place->before, abs64(value));
		f->is_comparison = true;
	}
}

static void sum_up(struct flame *f)
{
	for (uint32_t i = (uint32_t)f->place.n; i-- > 0;) {
		struct place *p = &f->place.v[i];

		p->weight += (uint64_t)p->self + (uint64_t)p->before;
		place_at(f, f->tree.v.v[i].parent)->weight += p->weight;
	}
}

/* ---- choose ---- */

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y) - (x > y);
}

/* The weight that the lightest of the n heaviest places has. */
static uint64_t cutoff(const struct flame *f, size_t n)
{
	uint64_t *weights, result;

	if (n == 0 || n >= f->place.n)
		return 1;
	weights = ARENA_ARRAY(f->r->arena, uint64_t, f->place.n);
	for (size_t i = 0; i < f->place.n; i++)
		weights[i] = f->place.v[i].weight;
	qsort(weights, f->place.n, sizeof(*weights), descending);
	result = weights[n - 1];
	/* many of one weight at the limit would be too many */
	return result && weights[n] == result ? result + 1 : result ? result : 1;
}

static void leave_out(struct flame *f, uint32_t i)
{
	uint32_t parent = f->tree.v.v[i].parent;
	struct place *p = &f->place.v[i], *above = place_at(f, parent);

	above->small = add64(above->small, add64(p->self, p->small));
	above->small_before = add64(above->small_before, add64(p->before, p->small_before));
	above->n_small += 1 + p->n_small;
}

/* A place is never heavier than its caller, so what is left out is whole branches. */
static void choose_places(struct flame *f, uint64_t least)
{
	for (uint32_t i = (uint32_t)f->place.n; i-- > 0;)
		if (f->place.v[i].weight < least && f->place.v[i].weight > 0)
			leave_out(f, i);
	for (uint32_t i = 0; i < f->place.n; i++) {
		if (f->place.v[i].weight < least || f->place.v[i].weight == 0)
			continue;
		f->place.v[i].written = (uint32_t)f->order.n;
		*VEC_PUSH(&f->order) = i;
		if (f->place.v[i].n_small)
			*VEC_PUSH(&f->smaller) = i;
	}
	if (f->top.n_small)
		*VEC_PUSH(&f->smaller) = STACK_TREE_ROOT;
}

/* ---- write ---- */

static void write_frames(struct flame *f, struct json *j)
{
	struct report *r = f->r;
	const struct node_info *info = r->nodes.info.v;
	size_t n = r->nodes.info.n;

	json_open(j, "frames", '{');
	json_open(j, "name", '[');
	for (uint32_t i = 0; i < n; i++)
		json_text(j, NULL, stacks_name(r, i));
	json_close(j, ']');
	json_line(j);
	json_open(j, "file", '[');
	for (uint32_t i = 0; i < n; i++)
		json_text(j, NULL, profile_str(r->profile, info[i].file));
	json_close(j, ']');
	json_line(j);
	json_open(j, "line", '[');
	for (uint32_t i = 0; i < n; i++)
		json_int(j, NULL, info[i].line);
	json_close(j, ']');
	json_line(j);
	json_open(j, "binary", '[');
	for (uint32_t i = 0; i < n; i++)
		json_text(j, NULL,
			  info[i].objfile
				  ? path_base(r->arena, profile_str(r->profile, info[i].objfile))
				  : "");
	json_close(j, ']');
	json_close(j, '}');
	json_line(j);
}

/* One column of the tree: of all written places, then of the boxes "smaller". */
enum column { FRAME, PARENT, SELF, BEFORE, LEFT_OUT };

static int64_t number_above(struct flame *f, uint32_t place)
{
	return place == STACK_TREE_ROOT ? -1 : (int64_t)f->place.v[place].written;
}

static int64_t cell(struct flame *f, enum column column, uint32_t i)
{
	switch (column) {
	case FRAME:
		return f->tree.v.v[i].node;
	case PARENT:
		return number_above(f, f->tree.v.v[i].parent);
	case SELF:
		return f->place.v[i].self;
	case BEFORE:
		return f->place.v[i].before;
	case LEFT_OUT:
		return 0;
	}
	return 0;
}

static int64_t smaller_cell(struct flame *f, enum column column, uint32_t i)
{
	switch (column) {
	case FRAME:
		return -1;
	case PARENT:
		return number_above(f, i);
	case SELF:
		return place_at(f, i)->small;
	case BEFORE:
		return place_at(f, i)->small_before;
	case LEFT_OUT:
		return place_at(f, i)->n_small;
	}
	return 0;
}

static void write_column(struct flame *f, struct json *j, const char *key, enum column column)
{
	json_open(j, key, '[');
	for (size_t i = 0; column != LEFT_OUT && i < f->order.n; i++)
		json_int(j, NULL, cell(f, column, f->order.v[i]));
	for (size_t i = 0; i < f->smaller.n; i++)
		json_int(j, NULL, smaller_cell(f, column, f->smaller.v[i]));
	json_close(j, ']');
	json_line(j);
}

static void write_tree(struct flame *f, struct json *j)
{
	json_open(j, "tree", '{');
	write_column(f, j, "frame", FRAME);
	write_column(f, j, "parent", PARENT);
	write_column(f, j, "self", SELF);
	if (f->is_comparison)
		write_column(f, j, "before", BEFORE);
	write_column(f, j, "leftOut", LEFT_OUT); /* of the last ones, those without a frame */
	json_close(j, '}');
}

/* What the header of the text reports says. */
static void write_header(struct flame *f, struct json *j)
{
	struct header header = { VEC_INIT };

	header_add_profile(&header, f->r);
	header_add_filters(&header, f->r);
	json_open(j, "header", '[');
	for (size_t i = 0; i < header.lines.n; i++)
		json_text(j, NULL, header.lines.v[i]);
	json_close(j, ']');
	header_release(&header);
}

static void write_data(void *ctx, struct json *j)
{
	struct flame *f = ctx;
	struct report *r = f->r;

	json_open(j, NULL, '{');
	json_text(j, "type", r->sample_type);
	json_text(j, "unit", r->sample_unit);
	json_int(j, "total", int64_of((double)r->total * r->ratio));
	json_bool(j, "comparison", f->is_comparison);
	write_header(f, j);
	json_line(j);
	write_frames(f, j);
	write_tree(f, j);
	json_close(j, '}');
}

static const char *title(struct report *r)
{
	const struct profile *p = r->profile;
	const char *file = p->mappings.n ? profile_str(p, p->mappings.v[0].file) : "";

	return arena_printf(r->arena, "%s: %s", *file ? path_base(r->arena, file) : "profile",
			    r->sample_type);
}

int report_flame(struct report *r, struct err *err)
{
	struct flame f = { .r = r, .top = { .written = NODE_NONE } };

	stacks_make_nodes(r);
	add_samples(&f);
	sum_up(&f);
	choose_places(&f, cutoff(&f, (size_t)r->opts.nodecount));
	page_write(r->out, flame_page_html, title(r), flame_page_css, flame_page_js, write_data,
		   &f);
	VEC_RELEASE(&f.place);
	VEC_RELEASE(&f.order);
	VEC_RELEASE(&f.smaller);
	stack_tree_release(&f.tree);
	return 0;
}
