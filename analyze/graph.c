/* graph.c - the graph after it was built: order, sums, edges by node. */
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

/* One of the two lists: counting sort of the edges by one end, then each node's by weight, unless all
 * that is asked is whether they are inlined. */
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
	for (size_t i = 0; i < n && g->opts.edges != GRAPH_EDGES_INLINED; i++)
		graph_sort_edges(g, list + at[i], at[i + 1] - at[i]);
}

void graph_link(struct graph *g)
{
	CLEAR(&g->in_at, g->node.n + 1);
	CLEAR(&g->out_at, g->node.n + 1);
	CLEAR(&g->in, g->edges.n + 1); /* never NULL */
	CLEAR(&g->out, g->edges.n + 1);
	link_by(g, true, g->in_at.v, g->in.v);
	if (g->opts.edges != GRAPH_EDGES_INLINED)
		link_by(g, false, g->out_at.v, g->out.v);
}
