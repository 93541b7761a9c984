/* call_tree.c - build a forest from the samples and cut nodes out of it.
 *
 * A node is found by its caller and its place, so that a node and the edge into it are made
 * together, callers before callees: one pass over the edges meets every caller before its callees.
 */
#include "analyze/call_tree.h"
#include "analyze/arith.h"

#include <string.h>

struct planting {
	struct graph *g;
	struct hash_map children; /* (caller, node of the profile) to node */
	VEC(uint32_t) edge_into;  /* by node of the tree, first_node = 0; NODE_NONE for roots */
	uint32_t first_node;
};

/* ---- build ---- */

static uint32_t add_node(struct planting *t, uint32_t caller, uint32_t place)
{
	struct graph *g = t->g;
	const struct node_info info = g->nodes->info.v[place];
	const struct node_name name = *node_name(g->nodes, place);
	uint32_t node = (uint32_t)g->node.n;

	*VEC_PUSH(&g->nodes->info) = info;
	*VEC_PUSH(&g->nodes->names) = name;
	*VEC_PUSH(&g->node) = (struct graph_node){ 0 };
	*VEC_PUSH(&t->edge_into) = caller == NODE_NONE ? NODE_NONE : (uint32_t)g->edges.n;
	if (caller != NODE_NONE)
		*VEC_PUSH(&g->edges) =
			(struct edge){ .src = caller, .dest = node, .is_inline = true };
	return node;
}

static uint32_t find_child(struct planting *t, uint32_t caller, uint32_t place)
{
	uint64_t h = hash_mix((uint64_t)caller << 32 | place); /* reversible */
	uint32_t *at = hash_map_first(&t->children, h);

	if (*at != HASH_MAP_NONE)
		return *at;
	*at = add_node(t, caller, place);
	hash_map_added(&t->children, at, h);
	return (uint32_t)t->g->node.n - 1;
}

static void add_call(struct planting *t, uint32_t node, bool is_inline, int64_t w, int64_t dw)
{
	uint32_t edge = t->edge_into.v[node - t->first_node];
	struct edge *e;

	if (edge == NODE_NONE)
		return;
	e = &t->g->edges.v[edge];
	e->weight = add64(e->weight, w);
	e->weight_div = add64(e->weight_div, dw);
	e->is_inline &= is_inline;
}

static void add_sample(struct planting *t, size_t sample, int64_t w, int64_t dw)
{
	struct graph *g = t->g;
	const struct nodes *places = g->nodes;
	const struct profile *p = places->profile;
	uint32_t node = NODE_NONE;

	for (size_t i = p->stack_at.v[sample + 1]; i-- > p->stack_at.v[sample];) {
		uint32_t location = p->stack.v[i];
		uint32_t first = places->at.v[location], end = places->at.v[location + 1];

		for (uint32_t k = end; k-- > first;) {
			node = find_child(t, node, places->of.v[k]);
			g->node.v[node].cum = add64(g->node.v[node].cum, w);
			g->node.v[node].cum_div = add64(g->node.v[node].cum_div, dw);
			add_call(t, node, places->inlined.v[k], w, dw);
			if (g->opts.tags)
				node_tags_add_cum(g->opts.tags, node, sample, w, dw);
		}
	}
	if (node == NODE_NONE)
		return;
	g->node.v[node].flat = add64(g->node.v[node].flat, w);
	g->node.v[node].flat_div = add64(g->node.v[node].flat_div, dw);
	if (g->opts.tags)
		node_tags_add_flat(g->opts.tags, node, sample, w, dw);
}

void call_tree_build(struct graph *g)
{
	const struct profile *p = g->nodes->profile;
	struct planting t = { .g = g, .first_node = (uint32_t)g->nodes->info.n };

	hash_map_init(&t.children);
	VEC_MUST(&g->node, t.first_node + 1); /* never NULL */
	memset(g->node.v, 0, t.first_node * sizeof(*g->node.v));
	g->node.n = t.first_node;
	for (size_t i = 0; i < p->n_samples; i++) {
		const int64_t *values = p->values.v + i * p->sample_types.n;
		int64_t w = values[g->opts.value_index], dw = g->opts.mean ? values[0] : 0;

		if (w || dw)
			add_sample(&t, i, w, dw);
	}
	graph_collect_nodes(g);
	hash_map_release(&t.children);
	VEC_RELEASE(&t.edge_into);
}

/* ---- trim ---- */

/* Where the callees of a node hang after the cut. */
struct heir {
	uint32_t node;	/* the next caller that stays; NODE_NONE = they become roots */
	bool is_inline; /* every call from it to here was */
};

static size_t cut_nodes(struct graph *g, const unsigned char *kept, unsigned char *is_out)
{
	size_t n = 0;

	for (size_t i = 0; i < g->order.n; i++) {
		uint32_t node = g->order.v[i];

		is_out[node] = !kept[node];
		g->node.v[node].shown = kept[node];
		if (kept[node])
			g->order.v[n++] = node;
	}
	return n;
}

static void move_edge(struct edge *e, const struct heir *heirs, const unsigned char *is_out)
{
	const struct heir *heir = &heirs[e->src];

	if (!is_out[e->src])
		return;
	e->src = heir->node;
	e->is_inline &= heir->is_inline;
	e->residual = true;
	e->dropped = heir->node == NODE_NONE;
}

void call_tree_trim(struct graph *g, const unsigned char *kept)
{
	struct arena *a = arena_new(ARENA_DIE);
	unsigned char *is_out = ARENA_ARRAY(a, unsigned char, g->node.n);
	struct heir *heirs = ARENA_ARRAY(a, struct heir, g->node.n);

	for (size_t i = 0; i < g->node.n; i++)
		heirs[i].node = NODE_NONE;
	g->order.n = cut_nodes(g, kept, is_out);
	for (size_t i = 0; i < g->edges.n; i++) {
		struct edge *e = &g->edges.v[i];

		if (e->dropped)
			continue;
		move_edge(e, heirs, is_out);
		if (!is_out[e->dest])
			continue;
		heirs[e->dest] = (struct heir){ e->src, e->is_inline };
		e->dropped = true;
	}
	arena_free(a);
}
