/* report_top.c - one row a node: its own weight, the running sum, the weight with its callees. */
#include "analyze/arith.h"
#include "analyze/report.h"

/* Is the node inlined into all, some or none of the callers that are left? */
static const char *inline_mark(const struct graph *g, uint32_t node)
{
	size_t inlined = 0, called = 0;

	for (uint32_t i = g->in_at.v[node]; i < g->in_at.v[node + 1]; i++) {
		bool is_inline = g->edges.v[g->in.v[i]].is_inline;

		inlined += is_inline;
		called += !is_inline;
	}
	return !inlined ? "" : called ? " (partial-inline)" : " (inline)";
}

static void print_row(struct report *r, uint32_t node, int64_t *sum)
{
	int64_t flat = graph_flat(&r->graph, node), cum = graph_cum(&r->graph, node);

	*sum = add64(*sum, flat);
	report_put_right(r, report_value(r, flat), 10);
	fprintf(r->out, " %s %s ", report_percentage(r, flat), report_percentage(r, *sum));
	report_put_right(r, report_value(r, cum), 10);
	fprintf(r->out, " %s  %s%s\n", report_percentage(r, cum), node_name(&r->nodes, node)->s,
		inline_mark(&r->graph, node));
}

int report_top(struct report *r, struct err *err)
{
	struct left_out left = report_trim_graph(r, GRAPH_EDGES_INLINED);
	int64_t sum = 0;

	report_choose_unit(r);
	report_print_header(r, &left);
	report_put(r, "      flat  flat%   sum%        cum   cum%\n");
	for (size_t i = 0; i < r->graph.order.n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_row(r, r->graph.order.v[i], &sum);
		arena_rewind(r->scratch, mark);
	}
	return 0;
}
