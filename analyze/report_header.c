/* report_header.c - the lines above a report: where the profile comes from, filters, what is shown
 * of it. */
#include "analyze/arith.h"
#include "analyze/clock_text.h"
#include "analyze/measure.h"
#include "analyze/paths.h"
#include "analyze/report.h"

#include <string.h>

enum { FILTER_BYTES = 80 }; /* longer ones are cut */

#define ADD(lines, r, ...) (*VEC_PUSH(lines) = arena_printf((r)->arena, __VA_ARGS__))

static void add_main_mapping(struct header *h, struct report *r)
{
	const struct profile *p = r->profile;
	const char *file, *build_id;

	if (p->mappings.n == 0)
		return;
	file = profile_str(p, p->mappings.v[0].file);
	build_id = profile_str(p, p->mappings.v[0].build_id);
	if (*file)
		ADD(&h->lines, r, "File: %s", path_base(r->arena, file));
	if (*build_id)
		ADD(&h->lines, r, "Build ID: %s", build_id);
}

static void add_duration(struct header *h, struct report *r)
{
	int64_t duration = r->profile->duration_nanos;
	struct measure total = measure_scale(r->total, r->sample_unit, "nanoseconds");
	const char *share = "";

	if (!duration)
		return;
	if (strcmp(total.unit, "ns") == 0 && total.value != 0)
		share = arena_printf(r->arena, "(%s)",
				     measure_percentage(r->arena, int64_of(total.value), duration));
	ADD(&h->lines, r, "Duration: %s, Total samples = %s %s",
	    measure_label(r->arena, duration, "nanoseconds", "auto"), report_value(r, r->total),
	    share);
}

void header_add_profile(struct header *h, struct report *r)
{
	const struct profile *p = r->profile;

	add_main_mapping(h, r);
	for (size_t i = 0; i < p->comments.n; i++) {
		const char *comment = profile_str(p, p->comments.v[i]);

		if (*comment != '#')
			*VEC_PUSH(&h->lines) = comment;
	}
	if (*r->sample_type)
		ADD(&h->lines, r, "Type: %s", r->sample_type);
	if (p->doc_url)
		ADD(&h->lines, r, "Doc: %s", profile_str(p, p->doc_url));
	if (p->time_nanos)
		ADD(&h->lines, r, "Time: %s", clock_text(r->arena, p->time_nanos));
	add_duration(h, r);
}

void header_add_filters(struct header *h, struct report *r)
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
			arena_printf(r->arena, "%s=%s", filters[i].name, filters[i].text);
		bool is_long = strlen(text) > FILTER_BYTES;

		if (!*filters[i].text)
			continue;
		if (!any)
			ADD(&h->lines, r, "Active filters:");
		any = true;
		ADD(&h->lines, r, "   %.*s%s", is_long ? FILTER_BYTES : (int)strlen(text), text,
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

static void add_dropped(struct header *h, struct report *r, const char *what, size_t n,
			const char *measure, double fraction)
{
	int64_t limit = abs64(int64_of((double)r->total * fraction));

	if (r->total != 0 && n > 0)
		ADD(&h->lines, r, "Dropped %zu %s%s (%s <= %s)", n, what, n > 1 ? "s" : "", measure,
		    report_value(r, limit));
}

void header_add_shown(struct header *h, struct report *r, const struct left_out *left)
{
	int64_t sum = shown_sum(r);
	const char *share = report_percentage(r, sum);
	size_t shown = r->graph.order.n;

	header_add_filters(h, r);
	ADD(&h->lines, r, "Showing nodes accounting for %s, %s of %s total", report_value(r, sum),
	    share + strspn(share, " "), report_value(r, r->total));
	add_dropped(h, r, "node", left->nodes, "cum", r->opts.nodefraction);
	if (r->kind == REPORT_DOT)
		add_dropped(h, r, "edge", left->edges, "freq", r->opts.edgefraction);
	if (r->total != 0 && shown > 0 && shown < left->candidates)
		ADD(&h->lines, r, "Showing top %zu nodes out of %zu", shown, left->candidates);
}

void header_print(struct header *h, struct report *r)
{
	for (size_t i = 0; i < h->lines.n; i++)
		fprintf(r->out, "%s\n", h->lines.v[i]);
}

void header_release(struct header *h)
{
	VEC_RELEASE(&h->lines);
}

void report_print_header(struct report *r, const struct left_out *left)
{
	struct header h = { VEC_INIT };

	if (!r->opts.compact_labels)
		header_add_profile(&h, r);
	header_add_shown(&h, r, left);
	header_print(&h, r);
	header_release(&h);
}
