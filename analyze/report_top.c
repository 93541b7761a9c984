/* report_top.c - one row a node: its own weight, the running sum, the weight with its callees. */
#include "analyze/arith.h"
#include "analyze/report.h"
#include "analyze/table.h"

enum { INLINED = 1, CALLED = 2 };

/* How the functions of all stacks came there, by node; whoever their callers are. */
static const unsigned char *find_inlined(struct report *r)
{
	const struct profile *p = r->profile;
	unsigned char *found = ARENA_ARRAY(r->arena, unsigned char, r->nodes.info.n),
		      *seen = ARENA_ARRAY(r->arena, unsigned char, p->locations.n);

	for (size_t s = 0; s < p->stack_at.v[p->n_samples]; s++) {
		uint32_t l = p->stack.v[s];

		for (uint32_t i = r->nodes.at.v[l]; !seen[l] && i < r->nodes.at.v[l + 1]; i++)
			found[r->nodes.of.v[i]] |= r->nodes.inlined.v[i] ? INLINED : CALLED;
		seen[l] = 1;
	}
	return found;
}

/* Is the node inlined into all, some or none of the callers that are left? */
static unsigned char inlined_by_edges(const struct graph *g, uint32_t node)
{
	unsigned char found = 0;

	for (uint32_t i = g->in_at.v[node]; i < g->in_at.v[node + 1]; i++)
		found |= g->edges.v[g->in.v[i]].is_inline ? INLINED : CALLED;
	return found;
}

/* NULL = not inlined. */
static const char *inline_word(const struct graph *g, uint32_t node, const unsigned char *exact)
{
	unsigned char found = exact ? exact[node] : inlined_by_edges(g, node);

	return !(found & INLINED) ? NULL : found & CALLED ? "partial-inline" : "inline";
}

static void print_row(struct report *r, uint32_t node, const unsigned char *exact, int64_t *sum)
{
	int64_t flat = graph_flat(&r->graph, node), cum = graph_cum(&r->graph, node);
	const char *word = inline_word(&r->graph, node, exact);

	*sum = add64(*sum, flat);
	report_put_costs(r, flat, *sum, cum);
	report_put(r, "  ");
	report_put(r, node_name(&r->nodes, node)->s);
	report_put(r, word ? " (" : "");
	report_put(r, word ? word : "");
	report_put(r, word ? ")\n" : "\n");
}

static void write_row(struct table *t, struct report *r, uint32_t node, const unsigned char *exact,
		      int64_t *sum)
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
	table_text(t, inline_word(&r->graph, node, exact));
}

static void write_table(struct report *r, const struct left_out *left, const unsigned char *exact)
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
		write_row(&t, r, r->graph.order.v[i], exact, &sum);
	table_end(&t);
}

int report_top(struct report *r, struct err *err)
{
	struct left_out left = report_trim_graph(r, GRAPH_EDGES_INLINED);
	const unsigned char *exact = r->opts.exact_inlines ? find_inlined(r) : NULL;
	int64_t sum = 0;

	if (r->opts.format != FORMAT_TEXT) {
		write_table(r, &left, exact);
		return 0;
	}
	report_choose_unit(r);
	report_print_header(r, &left);
	report_put_costs_legend(r);
	report_put(r, "\n");
	for (size_t i = 0; i < r->graph.order.n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_row(r, r->graph.order.v[i], exact, &sum);
		arena_rewind(r->scratch, mark);
	}
	return 0;
}
