/* report_graph.c - the graph that a report shows: built, cut by weight, built again, cut by number.
 *
 * Every cut means another build from the samples, because only they know how the nodes that are
 * left connect.  The file names of functions are trimmed anew before each build, as pprof does it:
 * with trimming options that cut twice a node can then miss itself among the kept.
 */
#include "analyze/arith.h"
#include "analyze/call_tree.h"
#include "analyze/dot_nodelets.h"
#include "analyze/entropy.h"
#include "analyze/measure.h"
#include "analyze/paths.h"
#include "analyze/redundant_edges.h"
#include "analyze/report.h"

#include <string.h>

static bool is_picture(const struct report *r)
{
	return r->kind == REPORT_DOT;
}

static bool is_tree(const struct report *r)
{
	return r->opts.call_tree && (is_picture(r) || r->kind == REPORT_CALLGRIND);
}

/* True when some name changed. */
static bool trim_files(struct report *r)
{
	struct profile *p = r->profile;
	bool changed = false;

	for (size_t i = 0; i < p->functions.n; i++) {
		struct function *f = &p->functions.v[i];
		struct arena_mark mark = arena_mark(r->scratch);
		const char *file = profile_str(p, f->filename);
		const char *trimmed =
			path_trim(r->scratch, file, r->opts.trim_path, r->opts.source_path);

		if (trimmed != file) {
			f->filename = profile_intern(p, trimmed);
			changed = true;
		}
		arena_rewind(r->scratch, mark);
	}
	return changed;
}

void report_make_nodes(struct report *r)
{
	const struct graph_opts opts = { .value_index = r->value_index,
					 .mean = r->opts.mean,
					 .drop_negative = r->opts.drop_negative };

	trim_files(r);
	nodes_init(&r->nodes, r->profile,
		   r->kind == REPORT_LIST || r->kind == REPORT_DISASM ||
			   r->kind == REPORT_CALLGRIND);
	r->nodes.exact_inlines = r->opts.exact_inlines;
	nodes_assign(&r->nodes);
	graph_init(&r->graph, &r->nodes, &opts);
	if (is_picture(r))
		node_tags_init(&r->tags, r->profile, &r->units, r->output_unit);
	r->nodes_ready = true;
}

/* Build from nodes that are new, or that are as in the last build, which kept no fewer. */
static void build_from(struct report *r, enum graph_edges edges, const unsigned char *kept,
		       bool are_new)
{
	r->graph.opts.edges = edges;
	r->graph.opts.tags = is_picture(r) && edges == GRAPH_EDGES_ALL ? &r->tags : NULL;
	if (are_new || r->graph.opts.tags)
		graph_build(&r->graph, kept);
	else
		graph_build_edges(&r->graph, kept);
}

/* Build without a look at the names of files: pprof has one build where ours are two, the first of
 * them without edges. */
static void build_again(struct report *r, enum graph_edges edges, const unsigned char *kept)
{
	build_from(r, edges, kept, false);
}

/* A tree is built once, and then cut where it stands. */
static void build_tree(struct report *r, const unsigned char *kept)
{
	if (kept) {
		call_tree_trim(&r->graph, kept);
		return;
	}
	report_make_nodes(r);
	r->graph.opts.edges = GRAPH_EDGES_ALL;
	r->graph.opts.tags = is_picture(r) ? &r->tags : NULL;
	call_tree_build(&r->graph);
}

static void build(struct report *r, enum graph_edges edges, const unsigned char *kept)
{
	bool are_new = !kept;

	if (is_tree(r)) {
		build_tree(r, kept);
		return;
	}
	if (!r->nodes_ready) {
		report_make_nodes(r);
	} else if (r->graph.node.n && trim_files(r)) { /* not before the first build */
		nodes_assign(&r->nodes);
		are_new = true;
	}
	build_from(r, edges, kept, are_new);
}

void report_build_graph(struct report *r, enum graph_edges edges)
{
	build(r, edges, NULL);
}

static int64_t cutoff(int64_t total, double fraction)
{
	return abs64(int64_of((double)total * fraction));
}

/* The nodes that are still in, by node number; all of them as long as nothing was cut. */
struct kept {
	VEC(unsigned char) node;
	bool some_are_out;
};

/* The first n of the graph's order, or all that weigh enough. */
static void keep_nodes(struct report *r, struct kept *kept, size_t n, int64_t least)
{
	const struct graph *g = &r->graph;
	/* When names are trimmed again, each line of a location may become a new node. */
	size_t room = r->nodes.info.n + r->nodes.of.n;

	VEC_MUST(&kept->node, room);
	memset(kept->node.v, 0, room);
	kept->some_are_out = n < g->order.n;
	for (size_t i = 0; i < n; i++) {
		bool heavy = abs64(g->node.v[g->order.v[i]].cum) >= least;

		kept->node.v[g->order.v[i]] = heavy;
		kept->some_are_out |= !heavy;
	}
}

/* Leave out the nodes lighter than the cut-off; how many. */
static size_t cut_by_weight(struct report *r, struct kept *kept, int64_t least,
			    enum graph_edges edges)
{
	size_t before = r->graph.order.n, after = 0;

	if (least <= 0)
		return 0;
	keep_nodes(r, kept, before, least);
	if (!kept->some_are_out)
		return 0;
	for (size_t i = 0; i < before; i++)
		after += kept->node.v[r->graph.order.v[i]];
	build(r, edges, kept->node.v);
	return before - after;
}

/* ---- the cut by number ---- */

static void sort_nodes(struct report *r)
{
	if (!is_picture(r)) {
		graph_sort(&r->graph, r->opts.sort);
		return;
	}
	graph_link(&r->graph);
	entropy_sort(&r->graph);
}

/* How many nodes of the order stay.  In a picture nodelets count as nodes, as far as known. */
static size_t limit_nodes(const struct report *r)
{
	const struct graph *g = &r->graph;
	uint64_t limit = (uint64_t)r->opts.nodecount, count = 0;

	if (r->opts.nodecount <= 0)
		return g->order.n;
	for (size_t i = 0; is_picture(r) && i < g->order.n; i++) {
		size_t tags = node_tags_count_flat(&r->tags, g->order.v[i]);

		count += 1 + (tags < NODELETS_MAX ? tags : NODELETS_MAX);
		if (count >= limit)
			return i + 1;
	}
	return limit < g->order.n ? (size_t)limit : g->order.n;
}

/* Leave the nodes that the limit lets stay, with their edges. */
static void cut_by_number(struct report *r, struct kept *kept, enum graph_edges edges,
			  int64_t least_edge)
{
	struct graph *g = &r->graph;
	size_t limit = limit_nodes(r);

	if (limit < g->order.n) {
		keep_nodes(r, kept, limit, 0);
		build(r, edges, kept->node.v);
		sort_nodes(r);
		return;
	}
	if (g->opts.edges != edges) {
		build_again(r, edges, kept->some_are_out ? kept->node.v : NULL);
		sort_nodes(r);
	}
	if (r->opts.nodecount > 0)
		graph_drop_edges(g, least_edge); /* which pprof does not count as dropped */
}

/* Edges are only worth their time in the last build, which is known to be the last when nodecount
 * sets no limit; but the order of a picture depends on them. */
struct left_out report_trim_graph(struct report *r, enum graph_edges edges)
{
	struct graph *g = &r->graph;
	bool may_cut = r->opts.nodecount > 0;
	enum graph_edges early = may_cut && !is_picture(r) ? GRAPH_EDGES_NONE : edges;
	struct kept kept = { .node = VEC_INIT };
	struct left_out left = { 0 };
	int64_t sum, least_node, least_edge;

	build(r, r->opts.nodefraction != 0 ? GRAPH_EDGES_NONE : early, NULL);
	sum = graph_flat_sum(g);
	r->tags.least = least_node = cutoff(sum, r->opts.nodefraction);
	least_edge = cutoff(sum, r->opts.edgefraction);
	left.nodes = cut_by_weight(r, &kept, least_node, early);
	left.candidates = g->order.n;
	if (g->opts.edges != early)
		build_again(r, early, NULL);
	sort_nodes(r);
	cut_by_number(r, &kept, edges, least_edge);
	left.edges = graph_drop_edges(g, least_edge);
	graph_link(g);
	if (is_picture(r)) {
		redundant_edges_drop(g);
		graph_link(g);
	}
	VEC_RELEASE(&kept.node);
	return left;
}

/* The weight of the lightest node, own weight before that of callees; 0 if all are 0. */
static int64_t lightest(const struct graph *g)
{
	int64_t least = 0;

	for (size_t i = 0; i < g->order.n; i++) {
		int64_t v = abs64(graph_flat(g, g->order.v[i]));

		if (v == 0)
			v = abs64(graph_cum(g, g->order.v[i]));
		if (v > 0 && (least == 0 || v < least))
			least = v;
	}
	return least;
}

void report_choose_unit(struct report *r)
{
	bool is_whole = r->kind == REPORT_CALLGRIND; /* 0.01 of a unit would become 0 */
	int64_t least = lightest(&r->graph), most = r->total;

	if (strcmp(r->output_unit, "minimum") != 0 || r->graph.order.n == 0)
		return;
	if (least == 0)
		least = most;
	if (r->ratio > 0 && r->ratio != 1) {
		least = int64_of((double)least * r->ratio);
		most = int64_of((double)most * r->ratio);
	}
	r->output_unit = measure_common_unit(least, is_whole ? least : most, r->sample_unit);
}
