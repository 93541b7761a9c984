/* report.c - from a profile and options to a printed report.
 *
 * The order of the steps is pprof's, and it shows: labels become frames before the filters run,
 * percentages are of all samples unless relative_percentages asks for those that are left, names
 * are cut to the granularity last.
 */
#include "analyze/report.h"
#include "analyze/aggregate.h"
#include "analyze/arith.h"
#include "analyze/by_binary.h"
#include "analyze/filter.h"
#include "analyze/measure.h"
#include "analyze/sample_index.h"
#include "analyze/tag_frames.h"
#include "base/utf8.h"

#include <string.h>

enum { NODECOUNT_UNSET = -1, NODECOUNT_DEFAULT = 80, FLAME_BOXES = 20000 };

struct kind {
	int (*print)(struct report *r, struct err *err);
	bool all_nodes;		      /* never trimmed */
	int64_t nodecount;	      /* when the user has no wish */
	enum granularity granularity; /* GRANULARITY_DEFAULT = the user's */
	enum granularity likes;	      /* when the user has no wish */
	bool is_table;		      /* can be had as JSON and CSV (raw only as JSON) */
	bool forces_inlines, inlines; /* inlined functions are told from their callers */
};

static const struct kind kinds[] = {
	[REPORT_TOP] = { .print = report_top, .nodecount = 0, .is_table = true },
	[REPORT_TREE] = { .print = report_tree, .nodecount = NODECOUNT_DEFAULT, .is_table = true },
	[REPORT_PEEK] = { .print = report_tree, .all_nodes = true, .is_table = true },
	[REPORT_LIST] = { .print = report_list,
			  .all_nodes = true,
			  .granularity = GRANULARITY_LINES,
			  .is_table = true },
	/* With inlined functions as nodes of their own an address would count twice. */
	[REPORT_DISASM] = { .print = report_disasm,
			    .all_nodes = true,
			    .granularity = GRANULARITY_ADDRESSES,
			    .forces_inlines = true,
			    .inlines = false,
			    .is_table = true },
	[REPORT_WEBLIST] = { .print = report_weblist,
			     .all_nodes = true,
			     .granularity = GRANULARITY_ADDRESSES,
			     .forces_inlines = true,
			     .inlines = true },
	[REPORT_DOT] = { .print = report_dot, .nodecount = NODECOUNT_DEFAULT },
	[REPORT_CALLGRIND] = { .print = report_callgrind,
			       .all_nodes = true,
			       .granularity = GRANULARITY_ADDRESSES },
	[REPORT_TRACES] = { .print = report_traces, .is_table = true },
	[REPORT_TAGS] = { .print = report_tags, .is_table = true },
	[REPORT_FOLDED] = { .print = report_folded },
	[REPORT_SPEEDSCOPE] = { .print = report_speedscope, .likes = GRANULARITY_FILEFUNCTIONS },
	[REPORT_FLAME] = { .print = report_flame,
			   .nodecount = FLAME_BOXES,
			   .likes = GRANULARITY_FILEFUNCTIONS },
	[REPORT_FIREFOX] = { .print = report_firefox, .likes = GRANULARITY_LINES },
	[REPORT_RAW] = { .print = report_raw,
			 .granularity = GRANULARITY_ADDRESSES,
			 .is_table = true },
	[REPORT_COMMENTS] = { .print = report_comments, .is_table = true },
	[REPORT_PROTO] = { .print = report_proto, .granularity = GRANULARITY_ADDRESSES },
	[REPORT_TOPPROTO] = { .print = report_topproto, .nodecount = 0 },
};

void report_opts_init(struct report_opts *o)
{
	static const char none[] = "";

	*o = (struct report_opts){
		.focus = none,
		.ignore = none,
		.hide = none,
		.show = none,
		.show_from = none,
		.prune_from = none,
		.tagfocus = none,
		.tagignore = none,
		.tagshow = none,
		.taghide = none,
		.tagroot = none,
		.tagleaf = none,
		.sample_index = none,
		.trim = true,
		.nodecount = NODECOUNT_UNSET,
		.nodefraction = 0.005,
		.edgefraction = 0.001,
		.unit = "minimum",
		.divide_by = 1,
		.source_path = none,
		.trim_path = none,
	};
}

static void apply_kind(struct report_opts *o, const struct kind *kind)
{
	if (o->nodecount == NODECOUNT_UNSET)
		o->nodecount = kind->nodecount;
	if (kind->granularity)
		o->granularity = kind->granularity;
	else if (o->granularity == GRANULARITY_DEFAULT)
		o->granularity = kind->likes;
	if (kind->forces_inlines)
		o->noinlines = !kind->inlines;
	if (kind->all_nodes || !o->trim) {
		o->nodecount = 0;
		o->nodefraction = o->edgefraction = 0;
	}
}

static int choose_values(struct report *r, struct err *err)
{
	const struct profile *p = r->profile;
	int rc = sample_index_find(&r->value_index, p, r->opts.sample_index, err);

	if (rc)
		return rc;
	if (r->opts.divide_by == 0)
		return err_set(err, SONDE_EUSAGE, "zero divisor specified");
	r->ratio = 1 / r->opts.divide_by;
	r->sample_type = profile_str(p, p->sample_types.v[r->value_index].type);
	if (r->opts.mean)
		r->sample_type = arena_printf(r->arena, "mean_%s", r->sample_type);
	r->sample_unit = profile_str(p, p->sample_types.v[r->value_index].unit);
	r->output_unit = r->opts.unit;
	return 0;
}

static int compile_pattern(struct report *r, const char *pattern, struct err *err)
{
	int rc = pattern ? regex_compile(&r->symbol, pattern, err) : 0;

	if (rc)
		err_prefix(err, "parsing argument regexp %s", pattern);
	return rc;
}

static bool is_base_sample(const struct profile *p, size_t i, str_id key, str_id yes)
{
	for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++)
		if (p->labels.v[l].key == key && !p->labels.v[l].is_num &&
		    p->labels.v[l].str == yes)
			return true;
	return false;
}

/* The sum of all values, however signed; in a comparison with a diff base, that of the base. */
static int64_t sum_total(struct report *r)
{
	struct profile *p = r->profile;
	str_id key = profile_intern(p, "pprof::base"), yes = profile_intern(p, "true");
	int64_t total = 0, div = 0, base_total = 0, base_div = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		const int64_t *values = p->values.v + i * p->sample_types.n;
		int64_t v = abs64(values[r->value_index]), d = r->opts.mean ? values[0] : 0;

		total = add64(total, v);
		div = add64(div, d);
		if (!is_base_sample(p, i, key, yes))
			continue;
		base_total = add64(base_total, v);
		base_div = add64(base_div, d);
	}
	if (base_total > 0) {
		total = base_total;
		div = base_div;
	}
	return div ? div64(total, div) : total;
}

static int prepare(struct report *r, const char *pattern, const struct notes *notes,
		   struct err *err)
{
	bool relative = r->opts.relative_percentages;
	int rc = 0;

	if (r->opts.format != FORMAT_TEXT && !kinds[r->kind].is_table)
		return err_set(err, SONDE_EUSAGE,
			       "this report is no table: it cannot be written as JSON or CSV");

	label_units_init(&r->units, r->profile, notes);
	apply_kind(&r->opts, &kinds[r->kind]);
	tag_frames_add(r->profile, &r->opts, notes);
	if (r->opts.exact_inlines)
		filter_mark_inlines(r->profile);
	if (relative)
		rc = filter_profile(r->profile, &r->opts, &r->units, notes, err);
	if (!rc)
		rc = choose_values(r, err);
	if (!rc)
		rc = compile_pattern(r, pattern, err);
	if (rc)
		return rc;
	r->total = sum_total(r);
	if (!relative)
		rc = filter_profile(r->profile, &r->opts, &r->units, notes, err);
	if (rc)
		return rc;
	if (r->opts.format != FORMAT_TEXT || r->opts.both_percentages)
		r->filtered_total = sum_total(r);
	if (r->opts.by_binary)
		name_by_binary(r->profile);
	aggregate(r->profile, &r->opts);
	return 0;
}

int report_open(struct report *r, struct profile *p, enum report_kind kind, const char *pattern,
		const struct report_opts *opts, FILE *out, const struct notes *notes,
		struct err *err)
{
	*r = (struct report){
		.profile = p, .opts = *opts, .kind = kind, .out = out, .notes = notes
	};
	r->arena = arena_new(ARENA_DIE);
	r->scratch = arena_new(ARENA_DIE);
	return prepare(r, pattern, notes, err);
}

void report_close(struct report *r)
{
	if (r->nodes_ready) {
		graph_release(&r->graph);
		node_tags_release(&r->tags);
		nodes_release(&r->nodes);
	}
	regex_free(r->symbol);
	label_units_release(&r->units);
	arena_free(r->scratch);
	arena_free(r->arena);
}

int analyze_report(struct profile *p, enum report_kind kind, const char *pattern,
		   const struct report_opts *opts, FILE *out, const struct notes *notes,
		   struct err *err)
{
	struct report r;
	int rc = report_open(&r, p, kind, pattern, opts, out, notes, err);

	if (!rc)
		rc = kinds[kind].print(&r, err);
	report_close(&r);
	return rc;
}

int analyze_describe(struct profile *p, const struct report_opts *opts, FILE *out, int64_t *total,
		     const struct notes *notes, struct err *err)
{
	struct report_opts plain;
	struct header h = { VEC_INIT };
	struct report r;
	int rc;

	report_opts_init(&plain);
	plain.sample_index = opts->sample_index;
	plain.mean = opts->mean;
	plain.unit = opts->unit;
	plain.divide_by = opts->divide_by;
	rc = report_open(&r, p, REPORT_TOP, NULL, &plain, out, notes, err);
	if (!rc) {
		*total = r.total;
		header_add_profile(&h, &r);
		header_print(&h, &r);
		header_release(&h);
	}
	report_close(&r);
	return rc;
}

int analyze_sample_index(const struct profile *p, const char *name, size_t *index, struct err *err)
{
	return sample_index_find(index, p, name, err);
}

/* ---- texts ---- */

const char *report_value(struct report *r, int64_t value)
{
	if (r->ratio > 0 && r->ratio != 1)
		value = int64_of((double)value * r->ratio);
	return measure_label(r->scratch, value, r->sample_unit, r->output_unit);
}

const char *report_percentage(struct report *r, int64_t value)
{
	return measure_percentage(r->scratch, value, r->total);
}

void report_put(struct report *r, const char *text)
{
	fwrite_unlocked(text, 1, strlen(text), r->out);
}

void report_put_right(struct report *r, const char *text, size_t width)
{
	size_t n = strlen(text), shown = utf8_count(text, n);

	for (; shown < width; shown++)
		putc_unlocked(' ', r->out);
	fwrite_unlocked(text, 1, n, r->out);
}

void report_put_costs_legend(struct report *r)
{
	report_put(r, r->opts.both_percentages
			      ? "      flat  flat% shown%   sum%        cum   cum% shown%"
			      : "      flat  flat%   sum%        cum   cum%");
}

static void put_shares(struct report *r, int64_t value)
{
	report_put(r, " ");
	report_put(r, report_percentage(r, value));
	if (!r->opts.both_percentages)
		return;
	report_put(r, " ");
	report_put(r, measure_percentage(r->scratch, value, r->filtered_total));
}

void report_put_costs(struct report *r, int64_t flat, int64_t sum, int64_t cum)
{
	report_put_right(r, report_value(r, flat), 10);
	put_shares(r, flat);
	report_put(r, " ");
	report_put(r, report_percentage(r, sum));
	report_put(r, " ");
	report_put_right(r, report_value(r, cum), 10);
	put_shares(r, cum);
}
