/* report_list.c - the source lines of matching functions with the weight of each. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/source_cache.h"
#include "analyze/table.h"

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

struct list {
	struct report *report;
	struct table table; /* unless the format is text */
	struct source_cache sources;
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

static void print_weights(struct report *r, const char *flat, const char *cum)
{
	report_put_right(r, flat, 10);
	report_put(r, " ");
	report_put_right(r, cum, 10);
}

/* The weight of a line; its nodes begin at *next, which moves behind them. */
static void sum_line(const struct report *r, const struct routine *t, int64_t line, size_t *next,
		     int64_t *flat, int64_t *cum)
{
	for (; *next < t->n && r->nodes.info.v[t->nodes[*next]].line == line; ++*next) {
		*flat = add64(*flat, r->graph.node.v[t->nodes[*next]].flat);
		*cum = add64(*cum, r->graph.node.v[t->nodes[*next]].cum);
	}
}

static void print_lines(struct report *r, const struct routine *t, const struct source *source)
{
	size_t next = 0; /* nodes come in the order of their lines */

	while (next < t->n && r->nodes.info.v[t->nodes[next]].line < t->start)
		next++;
	for (int64_t line = t->start; line <= t->end && (uint64_t)line <= source->n; line++) {
		struct arena_mark mark = arena_mark(r->scratch);
		int64_t flat = 0, cum = 0;

		sum_line(r, t, line, &next, &flat, &cum);
		print_weights(r, value_or_dot(r, flat), value_or_dot(r, cum));
		fprintf(r->out, " %6" PRId64 ":%s\n", line, source->lines[line]);
		arena_rewind(r->scratch, mark);
	}
}

/* ---- as a table ---- */

/* One line with the weight of its nodes, which begin at *next. */
static void write_line(struct list *l, const struct routine *t, int64_t line, size_t *next,
		       const struct source *source, const char *problem)
{
	struct report *r = l->report;
	bool in_file = source && line > 0 && (uint64_t)line <= source->n;
	int64_t flat = 0, cum = 0;

	sum_line(r, t, line, next, &flat, &cum);
	table_row(&l->table);
	table_text(&l->table, profile_str(r->profile, t->info->name));
	table_text(&l->table, t->info->file ? profile_str(r->profile, t->info->file) : NULL);
	table_int(&l->table, line);
	table_value(&l->table, r, flat);
	table_percent(&l->table, flat, r->total);
	table_value(&l->table, r, cum);
	table_percent(&l->table, cum, r->total);
	table_unit(&l->table, r);
	table_text(&l->table, in_file ? source->lines[line] : NULL);
	table_text(&l->table, problem);
}

/* All lines of the text, and those that have weight without being in the file. */
static void write_routine(struct list *l, const struct routine *t)
{
	const struct node_info *info = l->report->nodes.info.v;
	const struct cached_source *o =
		t->info->file ? source_cache_get(&l->sources, t->info->file) : NULL;
	const struct source *source = o && !o->problem ? &o->source : NULL;
	const char *problem = !o ? "the profile names no source file" : o->problem;
	size_t next = 0;

	while (next < t->n && info[t->nodes[next]].line < t->start)
		write_line(l, t, info[t->nodes[next]].line, &next, source, problem);
	for (int64_t line = t->start; source && line <= t->end && (uint64_t)line <= source->n;
	     line++)
		write_line(l, t, line, &next, source, problem);
	while (next < t->n)
		write_line(l, t, info[t->nodes[next]].line, &next, source, problem);
}

static void begin_table(struct list *l)
{
	static const char *const columns[] = { "function",     "file",	 "line",	"flat",
					       "flat_percent", "cum",	 "cum_percent", "unit",
					       "text",	       "problem" };
	struct report *r = l->report;

	table_begin(&l->table, r->out, r->opts.format, "list");
	table_profile(&l->table, "profile", r);
	table_rows(&l->table, columns, sizeof(columns) / sizeof(columns[0]));
}

/* ---- as text ---- */

static void print_routine(struct list *l, const struct routine *t)
{
	struct report *r = l->report;
	const struct cached_source *source;
	int64_t flat = 0, cum = 0;

	for (size_t i = 0; i < t->n; i++) {
		flat = add64(flat, r->graph.node.v[t->nodes[i]].flat);
		cum = add64(cum, r->graph.node.v[t->nodes[i]].cum);
	}
	fprintf(r->out, "ROUTINE ======================== %s in %s\n",
		profile_str(r->profile, t->info->name), profile_str(r->profile, t->info->file));
	print_weights(r, report_value(r, flat), report_value(r, cum));
	fprintf(r->out, " (flat, cum) %s of Total\n", report_percentage(r, cum));
	/* Nothing to show when all samples lie before the function's first line. */
	if (t->start > t->end && !source_cache_has(&l->sources, t->info->file))
		return;
	source = source_cache_get(&l->sources, t->info->file);
	if (source->problem)
		fprintf(r->out, " Error: %s\n", source->problem);
	else
		print_lines(r, t, &source->source);
}

/* All files of one function; one of them may be unknown. */
static void print_function(struct list *l, const uint32_t *nodes, size_t n)
{
	struct report *r = l->report;
	const struct node_info *info = r->nodes.info.v;

	bool is_text = r->opts.format == FORMAT_TEXT;

	if (is_text && !info[nodes[n - 1]].file) { /* sorted: not even the last has a file */
		fprintf(r->out, "No source information for %s\n",
			profile_str(r->profile, info[*nodes].name));
		return;
	}
	for (size_t i = 0, end; i < n; i = end) {
		struct arena_mark mark = arena_mark(r->scratch);
		struct routine t;

		for (end = i + 1; end < n && info[nodes[end]].file == info[nodes[i]].file; end++)
			;
		if (is_text && !info[nodes[i]].file)
			continue;
		t = make_routine(r, nodes + i, end - i);
		if (is_text)
			print_routine(l, &t);
		else
			write_routine(l, &t);
		arena_rewind(r->scratch, mark);
	}
}

int report_list(struct report *r, struct err *err)
{
	struct list l = { .report = r };
	uint32_t *matches;
	size_t n;

	report_build_graph(r, GRAPH_EDGES_NONE);
	source_cache_init(&l.sources, r->profile, r->arena, &r->opts, r->notes);
	matches = ARENA_ARRAY(r->arena, uint32_t, r->graph.order.n);
	n = find_matches(r, matches);
	if (n == 0)
		return err_set(err, SONDE_ENOTFOUND, "no matches found for regexp: %s",
			       regex_text(r->symbol));
	if (r->opts.format == FORMAT_TEXT)
		fprintf(r->out, "Total: %s\n", report_value(r, r->total));
	else
		begin_table(&l);
	for (size_t i = 0, end; i < n; i = end) {
		str_id name = r->nodes.info.v[matches[i]].name;

		for (end = i + 1; end < n && r->nodes.info.v[matches[end]].name == name; end++)
			;
		print_function(&l, matches + i, end - i);
	}
	if (r->opts.format != FORMAT_TEXT)
		table_end(&l.table);
	source_cache_release(&l.sources);
	return 0;
}
