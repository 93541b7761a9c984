/* report_list.c - the source lines of matching functions with the weight of each. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/source.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MARGIN = 5 }; /* lines before the first and after the last that has weight */

/* The nodes of one function in one file. */
struct routine {
	const uint32_t *nodes;
	size_t n;
	const struct node_info *info; /* of the first */
	int64_t start, end;	      /* lines to show */
};

struct line_weight {
	int64_t line, flat, cum;
};

static int by_name_file_line(const void *a, const void *b, void *arg)
{
	struct report *r = arg;
	const struct node_info *x = &r->nodes.info.v[*(const uint32_t *)a];
	const struct node_info *y = &r->nodes.info.v[*(const uint32_t *)b];
	int order = strcmp(profile_str(r->profile, x->name), profile_str(r->profile, y->name));

	if (!order)
		order = strcmp(profile_str(r->profile, x->file), profile_str(r->profile, y->file));
	return order ? order : (x->line > y->line) - (x->line < y->line);
}

static size_t find_matches(struct report *r, uint32_t *matches)
{
	size_t n = 0;

	for (size_t i = 0; i < r->graph.order.n; i++) {
		uint32_t node = r->graph.order.v[i];

		if (regex_match_id(r->symbol, r->profile->strings, r->nodes.info.v[node].name))
			matches[n++] = node;
	}
	if (n)
		qsort_r(matches, n, sizeof(*matches), by_name_file_line, r);
	return n;
}

static void widen(struct routine *t, const struct node_info *info)
{
	int64_t start = info->start_line ? info->start_line : sub64(info->line, MARGIN);
	int64_t end = add64(info->line, MARGIN);

	if (start < t->start)
		t->start = start;
	if (end > t->end)
		t->end = end;
}

static struct routine make_routine(const struct report *r, const uint32_t *nodes, size_t n)
{
	struct routine t = {
		.nodes = nodes, .n = n, .info = &r->nodes.info.v[nodes[0]], .start = INT64_MAX
	};

	for (size_t i = 0; i < n; i++)
		widen(&t, &r->nodes.info.v[nodes[i]]);
	if (t.start < 1)
		t.start = 1;
	return t;
}

static const char *value_or_dot(struct report *r, int64_t value)
{
	return value ? report_value(r, value) : ".";
}

static void print_lines(struct report *r, const struct routine *t, const struct source *source)
{
	size_t next = 0; /* nodes come in the order of their lines */

	while (next < t->n && r->nodes.info.v[t->nodes[next]].line < t->start)
		next++;
	for (int64_t line = t->start; line <= t->end && (uint64_t)line <= source->n; line++) {
		struct arena_mark mark = arena_mark(r->scratch);
		int64_t flat = 0, cum = 0;

		for (; next < t->n && r->nodes.info.v[t->nodes[next]].line == line; next++) {
			flat = add64(flat, r->graph.node.v[t->nodes[next]].flat);
			cum = add64(cum, r->graph.node.v[t->nodes[next]].cum);
		}
		report_put_right(r, value_or_dot(r, flat), 10);
		report_put(r, " ");
		report_put_right(r, value_or_dot(r, cum), 10);
		fprintf(r->out, " %6" PRId64 ":%s\n", line, source->lines[line]);
		arena_rewind(r->scratch, mark);
	}
}

static void print_routine(struct report *r, const struct routine *t)
{
	const char *name = profile_str(r->profile, t->info->name),
		   *file = profile_str(r->profile, t->info->file);
	int64_t flat = 0, cum = 0;
	struct source source;
	struct err err;

	for (size_t i = 0; i < t->n; i++) {
		flat = add64(flat, r->graph.node.v[t->nodes[i]].flat);
		cum = add64(cum, r->graph.node.v[t->nodes[i]].cum);
	}
	fprintf(r->out, "ROUTINE ======================== %s in %s\n", name, file);
	report_put_right(r, report_value(r, flat), 10);
	report_put(r, " ");
	report_put_right(r, report_value(r, cum), 10);
	fprintf(r->out, " (flat, cum) %s of Total\n", report_percentage(r, cum));
	if (t->start >
	    t->end) /* all samples lie before the function's first line: nothing to show */
		return;
	if (source_read(&source, r->scratch, file, r->opts.source_path, r->opts.trim_path, &err))
		fprintf(r->out, " Error: %s\n", err.text);
	else
		print_lines(r, t, &source);
}

/* All files of one function; one of them may be unknown. */
static void print_function(struct report *r, const uint32_t *nodes, size_t n)
{
	const struct node_info *info = r->nodes.info.v;

	if (!info[nodes[n - 1]].file) { /* sorted: not even the last has a file */
		fprintf(r->out, "No source information for %s\n",
			profile_str(r->profile, info[*nodes].name));
		return;
	}
	for (size_t i = 0, end; i < n; i = end) {
		struct arena_mark mark = arena_mark(r->scratch);
		struct routine t;

		for (end = i + 1; end < n && info[nodes[end]].file == info[nodes[i]].file; end++)
			;
		if (!info[nodes[i]].file)
			continue;
		t = make_routine(r, nodes + i, end - i);
		print_routine(r, &t);
		arena_rewind(r->scratch, mark);
	}
}

int report_list(struct report *r, struct err *err)
{
	uint32_t *matches;
	size_t n;

	report_build_graph(r, GRAPH_EDGES_NONE);
	matches = ARENA_ARRAY(r->arena, uint32_t, r->graph.order.n);
	n = find_matches(r, matches);
	if (n == 0)
		return err_set(err, SONDE_ENOTFOUND, "no matches found for regexp: %s",
			       regex_text(r->symbol));
	fprintf(r->out, "Total: %s\n", report_value(r, r->total));
	for (size_t i = 0, end; i < n; i = end) {
		str_id name = r->nodes.info.v[matches[i]].name;

		for (end = i + 1; end < n && r->nodes.info.v[matches[end]].name == name; end++)
			;
		print_function(r, matches + i, end - i);
	}
	return 0;
}
