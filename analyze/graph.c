/* graph.c - sum the samples up into nodes and edges.
 *
 * The inner loop visits every frame of every sample, so it touches integers only: the node numbers
 * of a location, a stamp that says whether this sample has met the node, the sums.  Edges are found
 * by a hash of their two ends that is reversible, so that equal hashes are equal edges.
 */
#include "analyze/graph.h"
#include "analyze/arith.h"

#include <stdlib.h>
#include <string.h>

#define CLEAR(vec, count)                                                                          \
	(VEC_MUST(vec, count), (vec)->n = (count),                                                 \
	 (vec)->n ? memset((vec)->v, 0, (vec)->n * sizeof(*(vec)->v)) : 0)

void graph_init(struct graph *g, struct nodes *nodes, const struct graph_opts *opts)
{
	*g = (struct graph){ .nodes = nodes, .opts = *opts };
	hash_map_init(&g->edge_map);
}

void graph_release(struct graph *g)
{
	VEC_RELEASE(&g->node);
	VEC_RELEASE(&g->order);
	VEC_RELEASE(&g->edges);
	VEC_RELEASE(&g->in_at);
	VEC_RELEASE(&g->in);
	VEC_RELEASE(&g->out_at);
	VEC_RELEASE(&g->out);
	hash_map_release(&g->edge_map);
}

/* ---- build ---- */

enum { INTO = 1, OUT_OF = 2 };

struct walk {
	struct graph *g;
	const uint32_t *at, *of;   /* nodes of locations; NODE_NONE = left out */
	VEC(unsigned char) wanted; /* by node: which of its edges are counted, INTO | OUT_OF */
	VEC(uint32_t) kept_of;
};

static struct edge *find_edge(struct graph *g, uint32_t src, uint32_t dest, bool is_inline)
{
	uint64_t h = hash_mix((uint64_t)src << 32 | dest);
	uint32_t *at = hash_map_first(&g->edge_map, h);

	if (*at != HASH_MAP_NONE)
		return &g->edges.v[*at];
	*at = (uint32_t)g->edges.n;
	hash_map_added(&g->edge_map, at, h);
	*VEC_PUSH(&g->edges) = (struct edge){ .src = src, .dest = dest, .is_inline = is_inline };
	return &g->edges.v[g->edges.n - 1];
}

static void add_edge(struct graph *g, uint32_t src, uint32_t dest, int64_t w, int64_t dw,
		     uint32_t stamp, bool residual, bool is_inline)
{
	struct edge *e = find_edge(g, src, dest, is_inline);

	if (e->seen == stamp)
		return;
	e->seen = stamp;
	e->weight = add64(e->weight, w);
	e->weight_div = add64(e->weight_div, dw);
	e->residual |= residual;
	e->is_inline &= is_inline;
}

/* stamp is the number of the sample plus 1. */
static void add_sample(struct walk *k, const uint32_t *stack, size_t n, int64_t w, int64_t dw,
		       uint32_t stamp)
{
	struct graph *g = k->g;
	uint32_t parent = NODE_NONE;
	bool residual = false;

	while (n-- > 0) {
		uint32_t first = k->at[stack[n]], last = k->at[stack[n] + 1] - 1;

		for (uint32_t i = last + 1; i-- > first;) {
			uint32_t id = k->of[i];
			struct graph_node *node;

			if (id == NODE_NONE) {
				residual = true;
				continue;
			}
			node = &g->node.v[id];
			if (node->seen != stamp) {
				node->seen = stamp;
				node->cum = add64(node->cum, w);
				node->cum_div = add64(node->cum_div, dw);
				if (g->opts.tags)
					node_tags_add_cum(g->opts.tags, id, stamp - 1, w, dw);
			}
			if (parent != NODE_NONE && parent != id &&
			    ((k->wanted.v[id] & INTO) | (k->wanted.v[parent] & OUT_OF)))
				add_edge(g, parent, id, w, dw, stamp, residual, i != last);
			parent = id;
			residual = false;
		}
	}
	if (parent != NODE_NONE && !residual) {
		g->node.v[parent].flat = add64(g->node.v[parent].flat, w);
		g->node.v[parent].flat_div = add64(g->node.v[parent].flat_div, dw);
		if (g->opts.tags)
			node_tags_add_flat(g->opts.tags, parent, stamp - 1, w, dw);
	}
}

static void mark_inlined(struct walk *k)
{
	const struct nodes *t = k->g->nodes;

	for (size_t l = 0; l + 1 < t->at.n; l++)
		for (uint32_t i = t->at.v[l]; i + 1 < t->at.v[l + 1]; i++)
			k->wanted.v[t->of.v[i]] = INTO;
}

static void mark_wanted(struct walk *k)
{
	const struct graph *g = k->g;

	CLEAR(&k->wanted, g->node.n + 1);
	switch (g->opts.edges) {
	case GRAPH_EDGES_NONE:
		break;
	case GRAPH_EDGES_INLINED:
		mark_inlined(k);
		break;
	case GRAPH_EDGES_NEAR:
		for (size_t i = 0; i < g->node.n; i++)
			k->wanted.v[i] = g->opts.near[i] ? INTO | OUT_OF : 0;
		break;
	case GRAPH_EDGES_ALL:
		memset(k->wanted.v, INTO, k->wanted.n);
		break;
	}
}

static void choose_nodes(struct walk *k, const unsigned char *kept)
{
	const struct nodes *t = k->g->nodes;

	k->at = t->at.v;
	k->of = t->of.v;
	if (!kept)
		return;
	VEC_MUST(&k->kept_of, t->of.n + 1);
	for (size_t i = 0; i < t->of.n; i++)
		k->kept_of.v[i] = kept[t->of.v[i]] ? t->of.v[i] : NODE_NONE;
	k->of = k->kept_of.v;
}

void graph_collect_nodes(struct graph *g)
{
	g->order.n = 0;
	for (uint32_t i = 0; i < g->node.n; i++) {
		struct graph_node *n = &g->node.v[i];
		bool negative = n->flat < 0 || (n->flat == 0 && n->cum < 0);

		n->shown = (n->cum || n->flat) && !(g->opts.drop_negative && negative);
		if (n->shown)
			*VEC_PUSH(&g->order) = i;
	}
}

void graph_build(struct graph *g, const unsigned char *kept)
{
	const struct profile *p = g->nodes->profile;
	struct walk k = { .g = g };
	size_t types = p->sample_types.n;

	hash_map_release(&g->edge_map);
	g->edges.n = 0;
	if (g->opts.tags)
		node_tags_clear(g->opts.tags);
	CLEAR(&g->node, g->nodes->info.n);
	choose_nodes(&k, kept);
	mark_wanted(&k);
	for (size_t i = 0; i < p->n_samples; i++) {
		const int64_t *values = p->values.v + i * types;
		int64_t w = values[g->opts.value_index], dw = g->opts.mean ? values[0] : 0;

		if (w || dw)
			add_sample(&k, p->stack.v + p->stack_at.v[i],
				   p->stack_at.v[i + 1] - p->stack_at.v[i], w, dw, (uint32_t)i + 1);
	}
	graph_collect_nodes(g);
	VEC_RELEASE(&k.kept_of);
	VEC_RELEASE(&k.wanted);
}

/* ---- use ---- */

int64_t graph_flat(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->node.v[node];

	return n->flat_div ? div64(n->flat, n->flat_div) : n->flat;
}

int64_t graph_cum(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->node.v[node];

	return n->cum_div ? div64(n->cum, n->cum_div) : n->cum;
}

int64_t edge_weight(const struct edge *e)
{
	return e->weight_div ? div64(e->weight, e->weight_div) : e->weight;
}

int64_t graph_flat_sum(const struct graph *g)
{
	int64_t sum = 0;

	for (size_t i = 0; i < g->order.n; i++)
		sum = add64(sum, g->node.v[g->order.v[i]].flat);
	return sum;
}

static int descending(int64_t a, int64_t b)
{
	a = abs64(a);
	b = abs64(b);
	return (a < b) - (a > b);
}

static int by_flat(const void *a, const void *b, void *arg)
{
	struct graph *g = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = descending(g->node.v[x].flat, g->node.v[y].flat);

	if (!order)
		order = node_compare_names(g->nodes, x, y);
	if (!order)
		order = descending(g->node.v[x].cum, g->node.v[y].cum);
	return order ? order : node_compare_parts(g->nodes, x, y);
}

static int by_cum(const void *a, const void *b, void *arg)
{
	struct graph *g = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int order = descending(g->node.v[x].cum, g->node.v[y].cum);

	if (!order)
		order = node_compare_names(g->nodes, x, y);
	if (!order)
		order = descending(g->node.v[x].flat, g->node.v[y].flat);
	return order ? order : node_compare_parts(g->nodes, x, y);
}

void graph_sort(struct graph *g, enum sort_order sort)
{
	if (g->order.n)
		qsort_r(g->order.v, g->order.n, sizeof(uint32_t),
			sort == SORT_CUM ? by_cum : by_flat, g);
}

size_t graph_drop_edges(struct graph *g, int64_t cutoff)
{
	size_t dropped = 0;

	for (size_t i = 0; i < g->edges.n; i++) {
		struct edge *e = &g->edges.v[i];

		if (e->dropped || !g->node.v[e->dest].shown || abs64(e->weight) >= cutoff)
			continue;
		e->dropped = true;
		dropped++;
	}
	return dropped;
}

/* ---- edges by node ---- */

static int by_weight(const void *a, const void *b, void *arg)
{
	struct graph *g = arg;
	const struct edge *x = &g->edges.v[*(const uint32_t *)a],
			  *y = &g->edges.v[*(const uint32_t *)b];
	int order = descending(x->weight, y->weight);

	if (!order && x->src != y->src)
		order = node_compare_text(g->nodes, x->src, y->src);
	if (!order && x->dest != y->dest)
		order = node_compare_text(g->nodes, x->dest, y->dest);
	return order ? order : (x > y) - (x < y);
}

void graph_sort_edges(struct graph *g, uint32_t *edges, size_t n)
{
	if (n > 1)
		qsort_r(edges, n, sizeof(*edges), by_weight, g);
}

/* One of the two lists: counting sort of the edges by one end, then each node's by weight. */
static void link_by(struct graph *g, bool by_dest, uint32_t *at, uint32_t *list)
{
	size_t n = g->node.n;

	for (uint32_t i = 0; i < g->edges.n; i++)
		if (!g->edges.v[i].dropped)
			at[by_dest ? g->edges.v[i].dest : g->edges.v[i].src]++;
	for (size_t i = 1; i < n; i++)
		at[i] += at[i - 1];
	at[n] = n ? at[n - 1] : 0;
	for (uint32_t i = (uint32_t)g->edges.n; i-- > 0;)
		if (!g->edges.v[i].dropped)
			list[--at[by_dest ? g->edges.v[i].dest : g->edges.v[i].src]] = i;
	for (size_t i = 0; i < n; i++)
		graph_sort_edges(g, list + at[i], at[i + 1] - at[i]);
}

void graph_link(struct graph *g)
{
	CLEAR(&g->in_at, g->node.n + 1);
	CLEAR(&g->out_at, g->node.n + 1);
	CLEAR(&g->in, g->edges.n + 1); /* never NULL */
	CLEAR(&g->out, g->edges.n + 1);
	link_by(g, true, g->in_at.v, g->in.v);
	link_by(g, false, g->out_at.v, g->out.v);
}
