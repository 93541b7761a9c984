/* report_tree.c - each node with its callers above and its callees below; peek is the same for
 * matching nodes. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/table.h"

static const char separator[] =
	"----------------------------------------------------------+-------------\n";
static const char legend[] = "   calls calls% + context \t \t \n"; /* behind that of the costs */

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
	report_put_costs(r, flat, *sum, cum);
	fprintf(r->out, "                | %s\n", node_name(&r->nodes, node)->s);
	print_edges(r, g->out.v + g->out_at.v[node], g->out_at.v[node + 1] - g->out_at.v[node],
		    false, cum);
}

static void write_edges(struct table *t, struct report *r, uint32_t node, const uint32_t *edges,
			size_t n, bool callers)
{
	int64_t cum = graph_cum(&r->graph, node);

	for (size_t i = 0; i < n; i++) {
		const struct edge *e = &r->graph.edges.v[edges[i]];

		table_row(t);
		table_text(t, node_name(&r->nodes, node)->s);
		table_text(t, callers ? "caller" : "callee");
		table_node(t, r, callers ? e->src : e->dest);
		table_none(t);
		table_none(t);
		table_value(t, r, e->weight);
		table_percent(t, e->weight, r->total);
		table_percent(t, e->weight, cum);
		table_unit(t, r);
		table_bool(t, e->is_inline);
	}
}

static void write_node(struct table *t, struct report *r, uint32_t node)
{
	const struct graph *g = &r->graph;
	int64_t flat = graph_flat(g, node), cum = graph_cum(g, node);

	write_edges(t, r, node, g->in.v + g->in_at.v[node], g->in_at.v[node + 1] - g->in_at.v[node],
		    true);
	table_row(t);
	table_text(t, node_name(&r->nodes, node)->s);
	table_text(t, "self");
	table_node(t, r, node);
	table_value(t, r, flat);
	table_percent(t, flat, r->total);
	table_value(t, r, cum);
	table_percent(t, cum, r->total);
	table_none(t);
	table_unit(t, r);
	table_none(t);
	write_edges(t, r, node, g->out.v + g->out_at.v[node],
		    g->out_at.v[node + 1] - g->out_at.v[node], false);
}

static void write_table(struct report *r, const struct left_out *left, const unsigned char *matches)
{
	static const char *const columns[] = {
		"node", "relation",    TABLE_NODE_COLUMNS, "flat", "flat_percent",
		"cum",	"cum_percent", "percent_of_node",  "unit", "inline",
	};
	struct table t;

	table_begin(&t, r->out, r->opts.format, matches ? "peek" : "tree");
	table_profile(&t, "profile", r);
	table_left_out(&t, left, true);
	table_rows(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < r->graph.order.n; i++)
		if (!matches || matches[r->graph.order.v[i]])
			write_node(&t, r, r->graph.order.v[i]);
	table_end(&t);
}

/* For peek: which nodes match, by node number. */
static unsigned char *find_matches(struct report *r)
{
	unsigned char *matches;

	report_make_nodes(r);
	matches = arena_alloc(r->arena, r->nodes.info.n);
	for (uint32_t i = 0; i < r->nodes.info.n; i++) {
		const struct node_name *name = node_name(&r->nodes, i);

		matches[i] = regex_match(r->symbol, name->s, name->n);
	}
	r->graph.opts.near = matches;
	return matches;
}

static bool any_shown(const struct graph *g, const unsigned char *matches)
{
	for (size_t i = 0; i < g->order.n; i++)
		if (matches[g->order.v[i]])
			return true;
	return false;
}

int report_tree(struct report *r, struct err *err)
{
	const unsigned char *matches = r->symbol ? find_matches(r) : NULL; /* NULL = all */
	struct left_out left = report_trim_graph(r, matches ? GRAPH_EDGES_NEAR : GRAPH_EDGES_ALL);
	int64_t sum = 0;

	if (matches && !any_shown(&r->graph, matches))
		return err_set(err, SONDE_ENOTFOUND, "no matches found for regexp: %s",
			       regex_text(r->symbol));
	if (r->opts.format != FORMAT_TEXT) {
		write_table(r, &left, matches);
		return 0;
	}
	report_choose_unit(r);
	report_print_header(r, &left);
	report_put(r, separator);
	report_put_costs_legend(r);
	report_put(r, legend);
	for (size_t i = 0; i < r->graph.order.n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		if (!matches || matches[r->graph.order.v[i]])
			print_node(r, r->graph.order.v[i], &sum);
		arena_rewind(r->scratch, mark);
	}
	if (r->graph.order.n > 0)
		report_put(r, separator);
	return 0;
}
