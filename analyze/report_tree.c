/* report_tree.c - each node with its callers above and its callees below; peek is the same for
 * matching nodes. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/report.h"

static const char separator[] =
	"----------------------------------------------------------+-------------\n";
static const char legend[] =
	"      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n";

static void print_edges(struct report *r, const uint32_t *edges, size_t n, bool callers,
			int64_t cum)
{
	for (size_t i = 0; i < n; i++) {
		const struct edge *e = &r->graph.edges.v[edges[i]];

		report_put_right(r, report_value(r, e->weight), 50);
		fprintf(r->out, " %s |   %s%s\n", measure_percentage(r->scratch, e->weight, cum),
			node_name(&r->nodes, callers ? e->src : e->dest)->s,
			e->is_inline ? " (inline)" : "");
	}
}

static void print_node(struct report *r, uint32_t node, int64_t *sum)
{
	const struct graph *g = &r->graph;
	int64_t flat = graph_flat(g, node), cum = graph_cum(g, node);

	report_put(r, separator);
	print_edges(r, g->in.v + g->in_at.v[node], g->in_at.v[node + 1] - g->in_at.v[node], true,
		    cum);
	*sum = add64(*sum, flat);
	report_put_right(r, report_value(r, flat), 10);
	fprintf(r->out, " %s %s ", report_percentage(r, flat), report_percentage(r, *sum));
	report_put_right(r, report_value(r, cum), 10);
	fprintf(r->out, " %s                | %s\n", report_percentage(r, cum),
		node_name(&r->nodes, node)->s);
	print_edges(r, g->out.v + g->out_at.v[node], g->out_at.v[node + 1] - g->out_at.v[node],
		    false, cum);
}

static bool is_wanted(struct report *r, uint32_t node)
{
	const struct node_name *name = node_name(&r->nodes, node);

	return !r->symbol || regex_match(r->symbol, name->s, name->n);
}

/* Leave only the nodes that peek asks for in the list; the graph still has their neighbours. */
static size_t drop_unwanted(struct report *r, uint32_t *wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < r->graph.order.n; i++)
		if (is_wanted(r, r->graph.order.v[i]))
			wanted[n++] = r->graph.order.v[i];
	return n;
}

int report_tree(struct report *r, struct err *err)
{
	struct left_out left = report_trim_graph(r, GRAPH_EDGES_ALL);
	uint32_t *wanted = ARENA_ARRAY(r->arena, uint32_t, r->graph.order.n);
	size_t n = drop_unwanted(r, wanted);
	int64_t sum = 0;

	if (r->symbol && n == 0)
		return err_set(err, SONDE_ENOTFOUND, "no matches found for regexp: %s",
			       regex_text(r->symbol));
	report_choose_unit(r);
	header_print(r, &left);
	report_put(r, separator);
	report_put(r, legend);
	for (size_t i = 0; i < n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_node(r, wanted[i], &sum);
		arena_rewind(r->scratch, mark);
	}
	if (r->graph.order.n > 0)
		report_put(r, separator);
	return 0;
}
