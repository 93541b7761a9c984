/* graph.h - the weighted call graph of a profile: what each node spends itself, with its callees,
 * and per call edge.
 *
 * A graph is built from the samples, never from another graph: when nodes are left out, their
 * neighbours in each stack become connected by residual edges, which only the samples can tell.
 */
#ifndef SONDE_ANALYZE_GRAPH_H
#define SONDE_ANALYZE_GRAPH_H

#include "analyze/analyze.h"
#include "analyze/node_tags.h"
#include "analyze/nodes.h"

struct graph_node {
	int64_t flat, flat_div, cum,
		cum_div; /* the _div are sums of the divisor of means, else 0 */
	bool shown;	 /* in the graph's order */
};

struct edge {
	uint32_t src, dest; /* caller and callee */
	int64_t weight, weight_div;
	uint32_t seen;
	bool residual; /* nodes between the two are left out */
	bool is_inline;
	bool dropped;
};

enum graph_edges {
	GRAPH_EDGES_NONE,
	GRAPH_EDGES_INLINED, /* only those into nodes that are inlined somewhere: enough for the
				marks of -top */
	GRAPH_EDGES_NEAR,    /* only those into and out of some nodes: enough for -peek */
	GRAPH_EDGES_ALL,
};

struct graph_opts {
	size_t value_index;
	bool mean; /* divide by the first value */
	bool drop_negative;
	enum graph_edges edges;
	const unsigned char *near; /* of GRAPH_EDGES_NEAR, by node number */
	struct node_tags *tags;	   /* to be summed up too; NULL = none */
};

struct graph {
	struct nodes *nodes;
	struct graph_opts opts;
	VEC(struct graph_node) node; /* by node number */
	VEC(uint32_t) order;	     /* the nodes that are in the graph */
	VEC(struct edge) edges;
	VEC(uint32_t) in_at, in, out_at, out; /* by node: its edges, after graph_link() */
};

void graph_init(struct graph *g, struct nodes *nodes, const struct graph_opts *opts);
void graph_release(struct graph *g);

/* Build from all samples (graph_build.c).  kept (NULL = all) says for each node number whether it takes part. */
void graph_build(struct graph *g, const unsigned char *kept);

/* Build a graph again whose nodes are as they were, of which no more are kept than before: their sums
 * stay, only the edges are counted.  Not with tags. */
void graph_build_edges(struct graph *g, const unsigned char *kept);

void graph_collect_nodes(struct graph *g); /* into the order: those with any weight */
void graph_sort(struct graph *g, enum sort_order sort);
int64_t graph_flat_sum(const struct graph *g); /* without division */
size_t graph_drop_edges(struct graph *g, int64_t cutoff);
void graph_link(struct graph *g); /* fill in and out with the edges that are left, heaviest first;
				     with GRAPH_EDGES_INLINED only in, in any order */

/* Heaviest first, then by the names of their ends. */
void graph_sort_edges(struct graph *g, uint32_t *edges, size_t n);

int64_t edge_weight(const struct edge *e);		  /* divided where it is a mean */
int64_t graph_flat(const struct graph *g, uint32_t node); /* divided where it is a mean */
int64_t graph_cum(const struct graph *g, uint32_t node);

#endif
