/* flame_tree.c - build, search and turn the tree of calls.
 *
 * Neighbouring samples often share their outer frames, so the walk begins where the stack of the
 * sample before it ceases to agree; only the rest is looked up.
 */
#include "analyze/flame_tree.h"
#include "analyze/arith.h"

#include <string.h>

struct step {
	uint32_t frame, node;
	bool inlined;
};

struct builder {
	struct flame_tree *tree;
	const struct nodes *nodes;
	const struct flame_tree_opts *opts;
	VEC(struct step) stack; /* of this sample, from the tree's root on */
	VEC(struct step) path;	/* of the one before, with its nodes */
	str_id base_key, yes;
};

static uint64_t key_of(uint32_t parent, uint32_t frame)
{
	return hash_mix((uint64_t)parent << 32 | frame);
}

static void init(struct flame_tree *t)
{
	*t = (struct flame_tree){ .nodes = VEC_INIT };
	hash_map_init(&t->map);
	*VEC_PUSH(&t->nodes) = (struct flame_node){ .frame = FLAME_NONE,
						    .parent = FLAME_NONE,
						    .first_child = FLAME_NONE,
						    .next_sibling = FLAME_NONE };
}

void flame_tree_release(struct flame_tree *t)
{
	VEC_RELEASE(&t->nodes);
	hash_map_release(&t->map);
}

static bool is_child(const struct flame_tree *t, uint32_t node, uint32_t parent, uint32_t frame)
{
	return t->nodes.v[node].parent == parent && t->nodes.v[node].frame == frame;
}

static uint32_t child(struct flame_tree *t, uint32_t parent, uint32_t frame)
{
	uint64_t h = key_of(parent, frame);
	uint32_t node, *at;

	for (at = hash_map_first(&t->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&t->map, at, h))
		if (is_child(t, *at, parent, frame))
			return *at;
	node = *at = (uint32_t)t->nodes.n;
	hash_map_added(&t->map, at, h);
	*VEC_PUSH(&t->nodes) = (struct flame_node){ .frame = frame,
						    .parent = parent,
						    .first_child = FLAME_NONE,
						    .next_sibling =
							    t->nodes.v[parent].first_child };
	t->nodes.v[parent].first_child = node;
	return node;
}

uint32_t flame_tree_find(const struct flame_tree *t, uint32_t parent, uint32_t frame)
{
	for (uint32_t c = t->nodes.v[parent].first_child; c != FLAME_NONE;
	     c = t->nodes.v[c].next_sibling)
		if (t->nodes.v[c].frame == frame)
			return c;
	return FLAME_NONE;
}

static void add_weight(struct flame_weight *to, const struct flame_weight *w)
{
	to->value = add64(to->value, w->value);
	to->self = add64(to->self, w->self);
	to->old = add64(to->old, w->old);
	to->old_self = add64(to->old_self, w->old_self);
}

/* ---- build ---- */

static void push_frame(struct builder *b, uint32_t frame, bool inlined)
{
	if (b->opts->recursion && b->stack.n && b->stack.v[b->stack.n - 1].frame == frame)
		return;
	*VEC_PUSH(&b->stack) = (struct step){ .frame = frame, .inlined = inlined };
}

/* The frames of one location: innermost first in the table, and all but the last are inlined. */
static void push_location(struct builder *b, uint32_t location)
{
	uint32_t first = b->nodes->at.v[location], end = b->nodes->at.v[location + 1];

	for (uint32_t i = 0; i < end - first; i++) {
		uint32_t at = b->opts->inverted ? first + i : end - 1 - i;

		push_frame(b, b->nodes->of.v[at], at < end - 1);
	}
}

static void read_stack(struct builder *b, size_t sample)
{
	const struct profile *p = b->nodes->profile;
	size_t first = p->stack_at.v[sample], end = p->stack_at.v[sample + 1];

	b->stack.n = 0;
	for (size_t i = 0; i < end - first; i++)
		push_location(b, p->stack.v[b->opts->inverted ? first + i : end - 1 - i]);
}

static bool is_base(const struct builder *b, size_t sample)
{
	const struct profile *p = b->nodes->profile;

	for (size_t l = p->label_at.v[sample]; b->opts->by_base && l < p->label_at.v[sample + 1];
	     l++)
		if (p->labels.v[l].key == b->base_key && p->labels.v[l].str == b->yes)
			return true;
	return false;
}

/* Find the nodes of the stack, from where it parts from the path of the sample before. */
static void find_nodes(struct builder *b)
{
	size_t i = 0;
	uint32_t at = 0;

	while (i < b->stack.n && i < b->path.n && b->stack.v[i].frame == b->path.v[i].frame) {
		at = b->stack.v[i].node = b->path.v[i].node;
		i++;
	}
	for (; i < b->stack.n; i++)
		at = b->stack.v[i].node = child(b->tree, at, b->stack.v[i].frame);
}

static void swap_stacks(struct builder *b)
{
	struct step *v = b->path.v;
	size_t cap = b->path.cap;

	b->path.v = b->stack.v;
	b->path.n = b->stack.n;
	b->path.cap = b->stack.cap;
	b->stack.v = v;
	b->stack.n = 0;
	b->stack.cap = cap;
}

static void add_sample(struct builder *b, size_t sample)
{
	const struct profile *p = b->nodes->profile;
	int64_t v = p->values.v[sample * p->sample_types.n + b->opts->value_index];
	bool base = is_base(b, sample);
	struct flame_weight w = { .value = base ? 0 : v, .old = base ? sub64(0, v) : 0 };
	struct flame_node *nodes;
	uint32_t leaf;

	if (v == 0)
		return;
	read_stack(b, sample);
	find_nodes(b);
	nodes = b->tree->nodes.v;
	add_weight(&nodes[0].w, &w);
	for (size_t i = 0; i < b->stack.n; i++) {
		add_weight(&nodes[b->stack.v[i].node].w, &w);
		nodes[b->stack.v[i].node].inlined |= b->stack.v[i].inlined;
	}
	leaf = b->stack.n ? b->stack.v[b->stack.n - 1].node : 0;
	nodes[leaf].w.self = add64(nodes[leaf].w.self, w.value);
	nodes[leaf].w.old_self = add64(nodes[leaf].w.old_self, w.old);
	swap_stacks(b);
}

void flame_tree_build(struct flame_tree *t, const struct nodes *nodes,
		      const struct flame_tree_opts *opts)
{
	struct builder b = { .tree = t, .nodes = nodes, .opts = opts };

	init(t);
	b.base_key = profile_intern(nodes->profile, "pprof::base");
	b.yes = profile_intern(nodes->profile, "true");
	for (size_t i = 0; i < nodes->profile->n_samples; i++)
		add_sample(&b, i);
	VEC_RELEASE(&b.stack);
	VEC_RELEASE(&b.path);
}

/* ---- one function in the middle ---- */

void flame_tree_callees(struct flame_tree *out, const struct flame_tree *from, uint32_t frame)
{
	VEC(uint32_t) to = VEC_INIT; /* node of from to node of out */

	init(out);
	VEC_MUST(&to, from->nodes.n);
	to.v[0] = FLAME_NONE;
	for (uint32_t i = 1; i < from->nodes.n; i++) {
		const struct flame_node *n = &from->nodes.v[i];
		bool inside = to.v[n->parent] != FLAME_NONE;

		to.v[i] = inside		? child(out, to.v[n->parent], n->frame)
			  : n->frame == frame ? 0
					      : FLAME_NONE;
		if (to.v[i] == FLAME_NONE)
			continue;
		add_weight(&out->nodes.v[to.v[i]].w, &n->w);
		out->nodes.v[to.v[i]].inlined |= inside && n->inlined;
	}
	VEC_RELEASE(&to);
}

static void add_callers(struct flame_tree *out, const struct flame_tree *from, uint32_t node)
{
	const struct flame_node *n = &from->nodes.v[node];
	struct flame_weight w = { .value = n->w.value, .old = n->w.old };
	uint32_t at = 0;

	add_weight(&out->nodes.v[0].w, &w);
	for (uint32_t up = n->parent; up != FLAME_NONE && up != 0; up = from->nodes.v[up].parent) {
		at = child(out, at, from->nodes.v[up].frame);
		add_weight(&out->nodes.v[at].w, &w);
		out->nodes.v[at].inlined |= from->nodes.v[up].inlined;
	}
	out->nodes.v[at].w.self = add64(out->nodes.v[at].w.self, w.value);
	out->nodes.v[at].w.old_self = add64(out->nodes.v[at].w.old_self, w.old);
}

void flame_tree_callers(struct flame_tree *out, const struct flame_tree *from, uint32_t frame)
{
	VEC(bool) inside = VEC_INIT;

	init(out);
	VEC_MUST(&inside, from->nodes.n);
	inside.v[0] = false;
	for (uint32_t i = 1; i < from->nodes.n; i++) {
		const struct flame_node *n = &from->nodes.v[i];

		inside.v[i] = inside.v[n->parent] || n->frame == frame;
		if (n->frame == frame && !inside.v[n->parent])
			add_callers(out, from, i);
	}
	VEC_RELEASE(&inside);
}

/* ---- search ---- */

enum place { OUTSIDE, INSIDE, COVERED }; /* COVERED: at or below a node that counts already */

struct flame_weight flame_tree_sum(const struct flame_tree *t, uint32_t root,
				   const unsigned char *marked)
{
	VEC(unsigned char) place = VEC_INIT;
	struct flame_weight sum = { 0 };

	VEC_MUST(&place, t->nodes.n);
	memset(place.v, OUTSIDE, root);
	for (uint32_t i = root; i < t->nodes.n; i++) {
		const struct flame_node *n = &t->nodes.v[i];

		place.v[i] = i == root ? INSIDE : place.v[n->parent];
		if (place.v[i] == INSIDE && n->frame != FLAME_NONE && marked[n->frame]) {
			place.v[i] = COVERED;
			add_weight(&sum, &n->w);
		}
	}
	VEC_RELEASE(&place);
	return sum;
}
