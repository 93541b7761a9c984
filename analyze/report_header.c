/* report_header.c - the lines above a report: where the profile comes from, filters, what is shown
 * of it. */
#include "analyze/arith.h"
#include "analyze/clock_text.h"
#include "analyze/measure.h"
#include "analyze/paths.h"
#include "analyze/report.h"

#include <inttypes.h>
#include <string.h>

enum { FILTER_BYTES = 80 }; /* longer ones are cut */

static size_t print_line(struct report *r, const char *label, const char *text)
{
	fprintf(r->out, "%s%s\n", label, text);
	return 1;
}

static size_t print_main_mapping(struct report *r)
{
	const struct profile *p = r->profile;
	const char *file, *build_id;
	size_t n = 0;

	if (p->mappings.n == 0)
		return 0;
	file = profile_str(p, p->mappings.v[0].file);
	build_id = profile_str(p, p->mappings.v[0].build_id);
	if (*file)
		n += print_line(r, "File: ", path_base(r->scratch, file));
	if (*build_id)
		n += print_line(r, "Build ID: ", build_id);
	return n;
}

static size_t print_duration(struct report *r)
{
	int64_t duration = r->profile->duration_nanos;
	struct measure total = measure_scale(r->total, r->sample_unit, "nanoseconds");
	const char *share = "";

	if (!duration)
		return 0;
	if (strcmp(total.unit, "ns") == 0 && total.value != 0)
		share = arena_printf(
			r->scratch, "(%s)",
			measure_percentage(r->scratch, int64_of(total.value), duration));
	fprintf(r->out, "Duration: %s, Total samples = %s %s\n",
		measure_label(r->scratch, duration, "nanoseconds", "auto"),
		report_value(r, r->total), share);
	return 1;
}

size_t header_print_profile(struct report *r)
{
	const struct profile *p = r->profile;
	size_t n = print_main_mapping(r);

	for (size_t i = 0; i < p->comments.n; i++) {
		const char *comment = profile_str(p, p->comments.v[i]);

		if (*comment != '#')
			n += print_line(r, "", comment);
	}
	if (*r->sample_type)
		n += print_line(r, "Type: ", r->sample_type);
	if (p->doc_url)
		n += print_line(r, "Doc: ", profile_str(p, p->doc_url));
	if (p->time_nanos)
		n += print_line(r, "Time: ", clock_text(r->scratch, p->time_nanos));
	return n + print_duration(r);
}

static void print_filters(struct report *r)
{
	const struct report_opts *o = &r->opts;
	const struct {
		const char *name, *text;
	} filters[] = {
		{ "focus", o->focus },	       { "ignore", o->ignore },
		{ "hide", o->hide },	       { "show", o->show },
		{ "show_from", o->show_from }, { "tagfocus", o->tagfocus },
		{ "tagignore", o->tagignore }, { "tagshow", o->tagshow },
		{ "taghide", o->taghide },
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		const char *text =
			arena_printf(r->scratch, "%s=%s", filters[i].name, filters[i].text);
		bool is_long = strlen(text) > FILTER_BYTES;

		if (!*filters[i].text)
			continue;
		if (!any)
			fputs("Active filters:\n", r->out);
		any = true;
		fprintf(r->out, "   %.*s%s\n", is_long ? FILTER_BYTES : (int)strlen(text), text,
			is_long ? "\xe2\x80\xa6" : "");
	}
}

/* The sum of what the shown nodes spend themselves. */
static int64_t shown_sum(const struct report *r)
{
	int64_t sum = 0;

	for (size_t i = 0; i < r->graph.order.n; i++)
		sum = add64(sum, graph_flat(&r->graph, r->graph.order.v[i]));
	return sum;
}

void header_print(struct report *r, const struct left_out *left)
{
	struct arena_mark mark = arena_mark(r->scratch);
	int64_t sum = shown_sum(r);
	const char *share = report_percentage(r, sum);

	if (!r->opts.compact_labels)
		header_print_profile(r);
	print_filters(r);
	fprintf(r->out, "Showing nodes accounting for %s, %s of %s total\n", report_value(r, sum),
		share + strspn(share, " "), report_value(r, r->total));
	if (r->total != 0 && left->nodes > 0)
		fprintf(r->out, "Dropped %zu node%s (cum <= %s)\n", left->nodes,
			left->nodes > 1 ? "s" : "",
			report_value(r, abs64(int64_of((double)r->total * r->opts.nodefraction))));
	if (r->total != 0 && r->graph.order.n > 0 && r->graph.order.n < left->candidates)
		fprintf(r->out, "Showing top %zu nodes out of %zu\n", r->graph.order.n,
			left->candidates);
	arena_rewind(r->scratch, mark);
}
