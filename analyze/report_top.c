/* report_top.c - one row a node: its own weight, the running sum, the weight with its callees. */
#include "analyze/arith.h"
#include "analyze/report.h"
#include "analyze/table.h"

/* Is the node inlined into all, some or none of the callers that are left? */
static const char *inline_word(const struct graph *g, uint32_t node)
{
	size_t inlined = 0, called = 0;

	for (uint32_t i = g->in_at.v[node]; i < g->in_at.v[node + 1]; i++) {
		bool is_inline = g->edges.v[g->in.v[i]].is_inline;

		inlined += is_inline;
		called += !is_inline;
	}
	return !inlined ? NULL : called ? "partial-inline" : "inline";
}

static void print_row(struct report *r, uint32_t node, int64_t *sum)
{
	int64_t flat = graph_flat(&r->graph, node), cum = graph_cum(&r->graph, node);
	const char *word = inline_word(&r->graph, node);

	*sum = add64(*sum, flat);
	report_put_right(r, report_value(r, flat), 10);
	fprintf(r->out, " %s %s ", report_percentage(r, flat), report_percentage(r, *sum));
	report_put_right(r, report_value(r, cum), 10);
	fprintf(r->out, " %s  %s%s%s%s\n", report_percentage(r, cum), node_name(&r->nodes, node)->s,
		word ? " (" : "", word ? word : "", word ? ")" : "");
}

static void write_row(struct table *t, struct report *r, uint32_t node, int64_t *sum)
{
	int64_t flat = graph_flat(&r->graph, node), cum = graph_cum(&r->graph, node);

	*sum = add64(*sum, flat);
	table_row(t);
	table_node(t, r, node);
	table_value(t, r, flat);
	table_percent(t, flat, r->total);
	table_percent(t, *sum, r->total);
	table_value(t, r, cum);
	table_percent(t, cum, r->total);
	table_percent(t, flat, r->filtered_total);
	table_percent(t, cum, r->filtered_total);
	table_unit(t, r);
	table_text(t, inline_word(&r->graph, node));
}

static void write_table(struct report *r, const struct left_out *left)
{
	static const char *const columns[] = {
		TABLE_NODE_COLUMNS,
		"flat",
		"flat_percent",
		"sum_percent",
		"cum",
		"cum_percent",
		"flat_percent_filtered",
		"cum_percent_filtered",
		"unit",
		"inline",
	};
	struct table t;
	int64_t sum = 0;

	table_begin(&t, r->out, r->opts.format, "top");
	table_profile(&t, "profile", r);
	table_left_out(&t, left, false);
	table_rows(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < r->graph.order.n; i++)
		write_row(&t, r, r->graph.order.v[i], &sum);
	table_end(&t);
}

int report_top(struct report *r, struct err *err)
{
	struct left_out left = report_trim_graph(r, GRAPH_EDGES_INLINED);
	int64_t sum = 0;

	if (r->opts.format != FORMAT_TEXT) {
		write_table(r, &left);
		return 0;
	}
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
