/* entropy.c - score and sort nodes by the entropy of their edges. */
#include "analyze/entropy.h"
#include "analyze/arith.h"

#include <stdlib.h>

static double share_entropy(int64_t part, int64_t total)
{
	double share = (double)abs64(part) / (double)total;

	return -share * log2(share);
}

/* In bits.  self is what a node keeps of the weight it got.  A negative weight has its share, but
 * is no part of the total, as in pprof. */
static double edge_entropy(const struct graph *g, const uint32_t *edges, size_t n, int64_t self)
{
	int64_t total = self;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		if (g->edges.v[edges[i]].weight > 0)
			total = add64(total, g->edges.v[edges[i]].weight);
	if (total == 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		sum += share_entropy(g->edges.v[edges[i]].weight, total);
	return self > 0 ? sum + share_entropy(self, total) : sum;
}

int64_t entropy_score(const struct graph *g, uint32_t node)
{
	const struct graph_node *n = &g->node.v[node];
	size_t n_in = g->in_at.v[node + 1] - g->in_at.v[node];
	size_t n_out = g->out_at.v[node + 1] - g->out_at.v[node];
	double entry = n_in ? edge_entropy(g, g->in.v + g->in_at.v[node], n_in, 0) : 1;
	double leaf = n_out ? edge_entropy(g, g->out.v + g->out_at.v[node], n_out, n->flat) : 1;

	return add64(int64_of((entry + leaf) * (double)n->cum), n->flat);
}

struct scored {
	uint32_t node;
	int64_t score;
};

static int by_score(const void *a, const void *b, void *arg)
{
	struct graph *g = arg;
	const struct scored *x = a, *y = b;
	int64_t sx = abs64(x->score), sy = abs64(y->score);
	int64_t fx = abs64(g->node.v[x->node].flat), fy = abs64(g->node.v[y->node].flat);
	int order = (sx < sy) - (sx > sy);

	if (!order)
		order = node_compare_names(g->nodes, x->node, y->node);
	if (!order)
		order = (fx < fy) - (fx > fy);
	return order ? order : node_compare_parts(g->nodes, x->node, y->node);
}

void entropy_sort(struct graph *g)
{
	VEC(struct scored) scored = VEC_INIT;

	VEC_MUST(&scored, g->order.n + 1);
	for (size_t i = 0; i < g->order.n; i++)
		scored.v[i] = (struct scored){ g->order.v[i], entropy_score(g, g->order.v[i]) };
	qsort_r(scored.v, g->order.n, sizeof(*scored.v), by_score, g);
	for (size_t i = 0; i < g->order.n; i++)
		g->order.v[i] = scored.v[i].node;
	VEC_RELEASE(&scored);
}
