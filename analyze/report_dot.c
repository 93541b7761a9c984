/* report_dot.c - the call graph in the DOT language of Graphviz: a box for each node, larger and
 * redder the more it weighs, an arrow for each call, a legend.
 */
#include "analyze/arith.h"
#include "analyze/dot_nodelets.h"
#include "analyze/dot_style.h"
#include "analyze/measure.h"
#include "analyze/paths.h"
#include "analyze/report.h"
#include "analyze/short_name.h"

#include <stdlib.h>
#include <string.h>

/* Node numbers of the output: 1, 2, ... in the order of the graph; 0 for what is not shown but
 * still called. */
struct drawing {
	struct report *r;
	double heaviest; /* the largest flat weight */
	size_t *id;	 /* by node */
	bool *has_nodelets;
};

/* ---- texts, in the report's scratch arena ---- */

static const char *quoted_base(struct report *r, str_id id)
{
	const char *path = profile_str(r->profile, id);

	return *path ? dot_escape(r->scratch, path_base(r->scratch, path)) : path;
}

/* One part to a line. */
static const char *box_name(struct report *r, uint32_t node)
{
	struct arena *a = r->scratch;
	struct node_info info = r->nodes.info.v[node];
	const char *name = dot_escape(a, short_name(a, profile_str(r->profile, info.name)));

	name = dot_replace(a, name, "::", "\\n");
	name = dot_replace(a, name, "[...]", "[\xe2\x80\xa6]"); /* type parameters of Go */
	name = dot_replace(a, name, ".", "\\n");
	info.objfile = profile_intern(r->profile, quoted_base(r, info.objfile));
	return node_text(a, r->profile, &info, name, quoted_base(r, info.file), "\\n");
}

static const char *share(struct report *r, int64_t value)
{
	const char *text = report_percentage(r, value);

	return text + strspn(text, " ");
}

/* "10ms (5.00%)\nof 20ms (10.00%)" */
static const char *weights(struct report *r, int64_t flat, int64_t cum)
{
	const char *own = "0", *all = "";

	if (flat)
		own = arena_printf(r->scratch, "%s (%s)", report_value(r, flat), share(r, flat));
	if (cum != flat)
		all = arena_printf(r->scratch, "%sof %s (%s)", flat ? "\\n" : " ",
				   report_value(r, cum), share(r, cum));
	return arena_printf(r->scratch, "%s%s", own, all);
}

static const char *quoted_name(struct report *r, uint32_t node)
{
	return dot_escape(r->scratch, node_name(&r->nodes, node)->s);
}

static const char *colour(struct report *r, int64_t value, enum dot_ground ground)
{
	return dot_colour(r->scratch, (double)value / (double)abs64(r->total), ground);
}

/* ---- parts of the output ---- */

static void print_legend(struct report *r, const struct left_out *left, const char *title)
{
	struct header h = { VEC_INIT };

	header_add_profile(&h, r);
	header_add_shown(&h, r, left);
	*VEC_PUSH(&h.lines) = "\nSee https://git.io/JfYMW for how to read the graph";
	fprintf(r->out, "subgraph cluster_L { \"%s\" [shape=box fontsize=16 label=\"",
		dot_escape(r->scratch, h.lines.v[0]));
	for (size_t i = 0; i < h.lines.n; i++)
		fprintf(r->out, "%s\\l", dot_escape(r->scratch, h.lines.v[i]));
	fputs("\"", r->out);
	if (*title)
		fprintf(r->out, " tooltip=\"%s\"", dot_escape(r->scratch, title));
	fputs("] }\n", r->out);
	header_release(&h);
}

static void print_node(struct drawing *d, uint32_t node)
{
	struct report *r = d->r;
	int64_t flat = graph_flat(&r->graph, node), cum = graph_cum(&r->graph, node);
	size_t id = d->id[node];

	fprintf(r->out,
		"N%zu [label=\"%s\\n%s\" id=\"node%zu\" fontsize=%d shape=box tooltip=\"%s (%s)\" "
		"color=\"%s\" fillcolor=\"%s\"]\n",
		id, box_name(r, node), weights(r, flat, cum), id, dot_font_size(flat, d->heaviest),
		quoted_name(r, node), report_value(r, cum), colour(r, cum, DOT_LINE),
		colour(r, cum, DOT_FILL));
	d->has_nodelets[node] = dot_nodelets_print(r, node, id);
}

/* 1 and up to `most` more, in parts of the total. */
static int64_t thickness(const struct report *r, int64_t weight, int64_t most)
{
	int64_t parts = abs64(div64(mul64(weight, most), r->total));

	return 1 + (parts < most ? parts : most);
}

static void print_weight(struct report *r, int64_t weight)
{
	int64_t pull, width;

	if (r->total == 0)
		return;
	pull = thickness(r, weight, 100);
	width = thickness(r, weight, 5);
	if (pull > 1)
		fprintf(r->out, " weight=%d", (int)pull);
	if (width > 1)
		fprintf(r->out, " penwidth=%d", (int)width);
	fprintf(r->out, " color=\"%s\"", colour(r, weight, DOT_LINE));
}

static void print_edge(struct drawing *d, const struct edge *e)
{
	struct report *r = d->r;
	int64_t weight = edge_weight(e);
	const char *value = report_value(r, weight), *arrow = e->residual ? "..." : "->";
	const char *tip = arena_printf(r->scratch, "%s %s %s (%s)", quoted_name(r, e->src), arrow,
				       quoted_name(r, e->dest), value);

	fprintf(r->out, "N%zu -> N%zu [label=\" %s%s\"", d->id[e->src], d->id[e->dest], value,
		e->is_inline ? "\\n (inline)" : "");
	print_weight(r, weight);
	fprintf(r->out, " tooltip=\"%s\" labeltooltip=\"%s\"%s%s]\n", tip, tip,
		e->residual ? " style=\"dotted\"" : "", d->has_nodelets[e->src] ? " minlen=2" : "");
}

/* ---- the whole ---- */

static void number_nodes(struct drawing *d)
{
	const struct graph *g = &d->r->graph;

	d->id = ARENA_ARRAY(d->r->arena, size_t, g->node.n);
	d->has_nodelets = ARENA_ARRAY(d->r->arena, bool, g->node.n);
	for (size_t i = 0; i < g->order.n; i++) {
		double flat = (double)abs64(graph_flat(g, g->order.v[i]));

		d->id[g->order.v[i]] = i + 1;
		if (i == 0 || flat > d->heaviest)
			d->heaviest = flat;
	}
}

static void print_nodes(struct drawing *d)
{
	struct report *r = d->r;

	for (size_t i = 0; i < r->graph.order.n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_node(d, r->graph.order.v[i]);
		arena_rewind(r->scratch, mark);
	}
}

/* The calls that shown nodes make, the heaviest first: the order is a hint to the layout. */
static void print_edges(struct drawing *d)
{
	struct report *r = d->r;
	struct graph *g = &r->graph;
	uint32_t *edges = ARENA_ARRAY(r->arena, uint32_t, g->edges.n);
	size_t n = 0;

	for (uint32_t i = 0; i < g->edges.n; i++)
		if (!g->edges.v[i].dropped && d->id[g->edges.v[i].src])
			edges[n++] = i;
	graph_sort_edges(g, edges, n);
	for (size_t i = 0; i < n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_edge(d, &g->edges.v[edges[i]]);
		arena_rewind(r->scratch, mark);
	}
}

/* The base name of the program that was profiled. */
static const char *main_file(struct report *r)
{
	const struct profile *p = r->profile;
	const char *file = p->mappings.n ? profile_str(p, p->mappings.v[0].file) : "";

	return *file ? path_base(r->arena, file) : file;
}

int report_dot(struct report *r, struct err *err)
{
	struct drawing d = { .r = r };
	struct left_out left = report_trim_graph(r, GRAPH_EDGES_ALL);
	const char *title = main_file(r);

	report_choose_unit(r);
	number_nodes(&d);
	fprintf(r->out, "digraph \"%s\" {\n", *title ? dot_escape(r->scratch, title) : "unnamed");
	report_put(r, "node [style=filled fillcolor=\"#f8f8f8\"]\n");
	print_legend(r, &left, title);
	print_nodes(&d);
	print_edges(&d);
	report_put(r, "}\n");
	return 0;
}
