/* report_graph.c - the graph that a report shows: built, cut by weight, built again, cut by number.
 *
 * Every cut means another build from the samples, because only they know how the nodes that are
 * left connect.  The file names of functions are trimmed anew before each build, as pprof does it:
 * with trimming options that cut twice a node can then miss itself among the kept.
 */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/paths.h"
#include "analyze/report.h"

#include <string.h>

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
	nodes_init(&r->nodes, r->profile, r->kind == REPORT_LIST);
	nodes_assign(&r->nodes);
	graph_init(&r->graph, &r->nodes, &opts);
	r->nodes_ready = true;
}

static void build(struct report *r, enum graph_edges edges, const unsigned char *kept)
{
	if (!r->nodes_ready)
		report_make_nodes(r);
	else if (r->graph.node.n && trim_files(r)) /* not before the first build */
		nodes_assign(&r->nodes);
	r->graph.opts.edges = edges;
	graph_build(&r->graph, kept);
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
	size_t room =
		r->nodes.info.n * 2; /* a build after names were trimmed again may find new nodes */

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

/* Edges are only worth their time in the last build, which is known to be the last when nodecount
 * sets no limit. */
struct left_out report_trim_graph(struct report *r, enum graph_edges edges)
{
	struct graph *g = &r->graph;
	int64_t limit = r->opts.nodecount, sum;
	bool may_cut = limit > 0;
	struct kept kept = { .node = VEC_INIT };
	struct left_out left;

	build(r, may_cut || r->opts.nodefraction != 0 ? GRAPH_EDGES_NONE : edges, NULL);
	sum = graph_flat_sum(g);
	left.nodes = cut_by_weight(r, &kept, cutoff(sum, r->opts.nodefraction),
				   may_cut ? GRAPH_EDGES_NONE : edges);
	left.candidates = g->order.n;
	graph_sort(g, r->opts.sort);
	if (may_cut && (uint64_t)limit < g->order.n)
		keep_nodes(r, &kept, (size_t)limit, 0);
	if (g->opts.edges != edges) {
		build(r, edges, kept.some_are_out ? kept.node.v : NULL);
		graph_sort(g, r->opts.sort);
	}
	graph_drop_edges(g, cutoff(sum, r->opts.edgefraction));
	graph_link(g);
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
	int64_t least = lightest(&r->graph), most = r->total;

	if (strcmp(r->output_unit, "minimum") != 0 || r->graph.order.n == 0)
		return;
	if (least == 0)
		least = most;
	if (r->ratio > 0 && r->ratio != 1) {
		least = int64_of((double)least * r->ratio);
		most = int64_of((double)most * r->ratio);
	}
	r->output_unit = measure_common_unit(least, most, r->sample_unit);
}
