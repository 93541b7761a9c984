/* report_diff.c - two profiles side by side: for each function what it cost before and after, and whether
 * that is news.
 *
 * A profile is a sample of what happened, so each figure has an error: a cost that n samples saw is
 * known to 1/sqrt(n) of itself.  How many samples stand behind a figure is told by the sample type
 * that has the unit of the period (divided by the period), else by the first one that counts.  A
 * change beyond three standard errors is marked.
 */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/merge.h"
#include "analyze/notes.h"
#include "analyze/report.h"
#include "analyze/sample_counts.h"
#include "analyze/sample_index.h"
#include "analyze/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE, AFTER, N_SIDES };

static const double sigmas = 3;
static const char row_format[] = "%10s %9s %10s %9s %10s %9s %8s %s %s\n";

/* A cost, and on how many samples it rests (0 = not known). */
struct figure {
	double cost, samples;
};

struct diff_row {
	const char *name;
	struct figure side[N_SIDES];
};

struct diff {
	struct report side[N_SIDES];
	struct graph counts[N_SIDES]; /* the same nodes by number of samples */
	bool counted;		      /* there is such a number */
	struct hash_map map;	      /* name to row */
	VEC(struct diff_row) rows;
	struct diff_row total;
	double after_scale;    /* for normalize */
	double looks[N_SIDES]; /* for each sample */
	const char *unit;
	struct arena *scratch;
	FILE *out;
};

/* ---- collect ---- */

static struct diff_row *find_row(struct diff *d, const struct node_name *name)
{
	uint64_t h = hash_bytes(name->s, name->n);
	uint32_t *at;

	for (at = hash_map_first(&d->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&d->map, at, h))
		if (strcmp(d->rows.v[*at].name, name->s) == 0)
			return &d->rows.v[*at];
	*at = (uint32_t)d->rows.n;
	hash_map_added(&d->map, at, h);
	*VEC_PUSH(&d->rows) = (struct diff_row){ .name = name->s };
	return &d->rows.v[d->rows.n - 1];
}

static double weight(const struct report *r, const struct graph *g, uint32_t node)
{
	return (double)(r->opts.sort == SORT_CUM ? graph_cum(g, node) : graph_flat(g, node));
}

/* Samples without a stack are in the total and in no row. */
static void add_stackless(struct diff *d, int side, size_t count_index, double cost_scale,
			  double count_scale)
{
	const struct profile *p = d->side[side].profile;
	size_t value_index = d->side[side].value_index;

	for (size_t i = 0; i < p->n_samples; i++) {
		const int64_t *values = p->values.v + i * p->sample_types.n;

		if (p->stack_at.v[i] != p->stack_at.v[i + 1])
			continue;
		d->total.side[side].cost += (double)values[value_index] * cost_scale;
		d->total.side[side].samples += (double)values[count_index] * count_scale;
	}
}

static void collect_side(struct diff *d, int side)
{
	struct report *r = &d->side[side];
	struct graph_opts opts = { .edges = GRAPH_EDGES_NONE };
	double period = 1, scale = side == AFTER ? d->after_scale : 1;

	report_build_graph(r, GRAPH_EDGES_NONE);
	d->counted &= sample_counts_find(r->profile, r->value_index, &opts.value_index, &period);
	graph_init(&d->counts[side], &r->nodes, &opts);
	graph_build(&d->counts[side], NULL);
	for (size_t i = 0; i < r->graph.order.n; i++) {
		uint32_t node = r->graph.order.v[i];
		struct figure *f = &find_row(d, node_name(&r->nodes, node))->side[side];

		f->cost += weight(r, &r->graph, node) * scale * r->ratio;
		f->samples += weight(r, &d->counts[side], node) / period * d->looks[side];
		d->total.side[side].cost += (double)r->graph.node.v[node].flat * scale * r->ratio;
		d->total.side[side].samples +=
			(double)d->counts[side].node.v[node].flat / period * d->looks[side];
	}
	if (!r->opts.mean)
		add_stackless(d, side, opts.value_index, scale * r->ratio, d->looks[side] / period);
}

/* ---- judge ---- */

static double error_of(const struct diff *d, struct figure f)
{
	return d->counted && f.samples > 0 ? fabs(f.cost) / sqrt(f.samples) : 0;
}

static double delta_of(const struct diff_row *row)
{
	return row->side[AFTER].cost - row->side[BEFORE].cost;
}

static double error_of_delta(const struct diff *d, const struct diff_row *row)
{
	return hypot(error_of(d, row->side[BEFORE]), error_of(d, row->side[AFTER]));
}

static bool is_news(const struct diff *d, const struct diff_row *row)
{
	return d->counted && fabs(delta_of(row)) > sigmas * error_of_delta(d, row);
}

static int by_delta(const void *a, const void *b)
{
	double x = fabs(delta_of(a)), y = fabs(delta_of(b));

	if (x != y)
		return x < y ? 1 : -1;
	return strcmp(((const struct diff_row *)a)->name, ((const struct diff_row *)b)->name);
}

static double larger_side(const struct diff_row *row)
{
	return fmax(fabs(row->side[BEFORE].cost), fabs(row->side[AFTER].cost));
}

/* Sort, and leave out what is light on both sides; how many. */
static size_t cut_rows(struct diff *d, const struct report_opts *o)
{
	double least = o->trim ? larger_side(&d->total) * o->nodefraction : 0;
	size_t n = 0, before = d->rows.n;

	for (size_t i = 0; i < before; i++)
		if (larger_side(&d->rows.v[i]) >= least && larger_side(&d->rows.v[i]) > 0)
			d->rows.v[n++] = d->rows.v[i];
	if (n)
		qsort(d->rows.v, n, sizeof(*d->rows.v), by_delta);
	if (o->trim && o->nodecount > 0 && (uint64_t)o->nodecount < n)
		n = (size_t)o->nodecount;
	d->rows.n = n;
	return before - n;
}

/* ---- print ---- */

/* The largest unit in which the lightest row and the error of the total still show two decimals. */
static void choose_unit(struct diff *d)
{
	const struct report *r = &d->side[AFTER];
	double most = larger_side(&d->total), least = most;

	d->unit = r->output_unit;
	if (strcmp(d->unit, "minimum") != 0)
		return;
	if (d->counted)
		least = fmin(least, fmax(1, error_of_delta(d, &d->total)));
	for (size_t i = 0; i < d->rows.n; i++)
		least = fmin(least, larger_side(&d->rows.v[i]));
	d->unit = measure_scale(int64_of(fmin(least * 100, most)), r->sample_unit, "minimum").unit;
	if (!*d->unit)
		d->unit = r->sample_unit;
}

static const char *cost_text(struct diff *d, double cost)
{
	return measure_label(d->scratch, int64_of(round(cost)), d->side[AFTER].sample_unit,
			     d->unit);
}

static const char *error_text(struct diff *d, double error)
{
	return d->counted ? cost_text(d, error) : "-";
}

static const char *share_text(struct diff *d, const struct diff_row *row)
{
	double before = row->side[BEFORE].cost;

	if (before == 0)
		return row->side[AFTER].cost == 0 ? "0%" : "new";
	if (row->side[AFTER].cost == 0)
		return "gone";
	if (fabs(delta_of(row) / before) < 0.0005)
		return "0%";
	return arena_printf(d->scratch, "%+.1f%%", delta_of(row) / fabs(before) * 100);
}

static void print_row(struct diff *d, const struct diff_row *row)
{
	struct arena_mark mark = arena_mark(d->scratch);
	double delta = delta_of(row);

	fprintf(d->out, row_format, cost_text(d, row->side[BEFORE].cost),
		error_text(d, error_of(d, row->side[BEFORE])), cost_text(d, row->side[AFTER].cost),
		error_text(d, error_of(d, row->side[AFTER])),
		arena_printf(d->scratch, "%s%s", delta > 0 ? "+" : "", cost_text(d, delta)),
		error_text(d, error_of_delta(d, row)), share_text(d, row),
		is_news(d, row) ? "*" : " ", row->name);
	arena_rewind(d->scratch, mark);
}

static void print_table(struct diff *d, size_t left_out)
{
	size_t news = 0;

	for (size_t i = 0; i < d->rows.n; i++)
		news += is_news(d, &d->rows.v[i]);
	fprintf(d->out, "Type: %s\n", d->side[AFTER].sample_type);
	if (d->counted)
		fprintf(d->out, "Samples: %.0f before, %.0f after\n", d->total.side[BEFORE].samples,
			d->total.side[AFTER].samples);
	if (d->after_scale != 1)
		fprintf(d->out, "After is scaled by %.4g to the total of before\n", d->after_scale);
	if (d->counted)
		fprintf(d->out, "%zu of %zu rows differ by more than %g standard errors (*)\n",
			news, d->rows.n, sigmas);
	if (left_out)
		fprintf(d->out, "Left out %zu lighter rows\n", left_out);
	fprintf(d->out, row_format, "old", "+-", "new", "+-", "delta", "+-", "delta%", " ",
		"function");
	for (size_t i = 0; i < d->rows.n; i++)
		print_row(d, &d->rows.v[i]);
	print_row(d, &d->total);
}

/* ---- as a table ---- */

static void write_row(struct table *t, const struct diff *d, const char *kind,
		      const struct diff_row *row)
{
	const struct report *r = &d->side[AFTER];
	const double amounts[][2] = {
		{ row->side[BEFORE].cost, error_of(d, row->side[BEFORE]) },
		{ row->side[AFTER].cost, error_of(d, row->side[AFTER]) },
		{ delta_of(row), error_of_delta(d, row) },
	};
	double before = row->side[BEFORE].cost;

	table_row(t);
	table_text(t, kind);
	table_text(t, row->name);
	for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
		table_amount(t, r, amounts[i][0]);
		if (d->counted)
			table_amount(t, r, amounts[i][1]);
		else
			table_none(t);
	}
	table_real(t, before != 0 ? delta_of(row) / fabs(before) * 100 : NAN);
	table_unit(t, r);
	table_bool(t, is_news(d, row));
}

static void write_table(struct diff *d, size_t left_out)
{
	static const char *const columns[] = { "kind",	       "name",	      "before",
					       "before_error", "after",	      "after_error",
					       "delta",	       "delta_error", "delta_percent",
					       "unit",	       "beyond_noise" };
	struct table t;

	table_begin(&t, d->out, d->side[AFTER].opts.format, "diff");
	table_profile(&t, "before", &d->side[BEFORE]);
	table_profile(&t, "after", &d->side[AFTER]);
	if (t.is_json) {
		json_line(&t.json);
		json_real(&t.json, "after_scale", d->after_scale);
		json_real(&t.json, "standard_errors", sigmas);
		json_int(&t.json, "left_out", (int64_t)left_out);
	}
	table_rows(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < d->rows.n; i++)
		write_row(&t, d, "row", &d->rows.v[i]);
	write_row(&t, d, "total", &d->total);
	table_end(&t);
}

/* ---- the limit ---- */

static bool is_above(const struct diff *d, const struct diff_row *row, double percent,
		     const struct notes *notes)
{
	double share = delta_of(row) / fabs(d->total.side[BEFORE].cost) * 100;

	if (!(share > percent) || (d->counted && !is_news(d, row)))
		return false;
	note(notes, "%s grew by %.1f%% of the total before, more than %g%%", row->name, share,
	     percent);
	return true;
}

static size_t count_above(const struct diff *d, double percent, const struct notes *notes)
{
	size_t n = 0;

	if (percent <= 0)
		return 0;
	for (size_t i = 0; i < d->rows.n; i++)
		n += is_above(d, &d->rows.v[i], percent, notes);
	return n + is_above(d, &d->total, percent, notes);
}

/* ---- the whole ---- */

/* Both with the same sample types in the same units. */
static int make_comparable(struct profile *before, struct profile *after, struct err *err)
{
	struct profile *both[] = { before, after };
	int rc = profile_compatibilize(both, N_SIDES, err);

	return rc ? rc : profile_unify_units(both, N_SIDES, err);
}

/* What the reported value adds up to before any filter. */
static int sum_values(const struct profile *p, const char *sample_index, double *total,
		      double *looks, struct err *err)
{
	size_t index;
	int rc = sample_index_find(&index, p, sample_index, err);

	*total = 0;
	*looks = rc ? 1 : sample_counts_looks(p, index);
	for (size_t i = 0; !rc && i < p->n_samples; i++)
		*total += (double)p->values.v[i * p->sample_types.n + index];
	return rc;
}

static int choose_scale(struct diff *d, struct profile *const *p, bool normalize,
			const char *sample_index, struct err *err)
{
	double total[N_SIDES];
	int rc = 0;

	for (int side = 0; side < N_SIDES && !rc; side++)
		rc = sum_values(p[side], sample_index, &total[side], &d->looks[side], err);
	if (!rc)
		d->after_scale = normalize && total[AFTER] != 0 ? total[BEFORE] / total[AFTER] : 1;
	return rc;
}

static size_t print_diff(struct diff *d, const struct report_opts *opts, double fail_above,
			 const struct notes *notes)
{
	size_t left_out, n_above;

	d->counted = !opts->mean;
	d->scratch = d->side[AFTER].scratch;
	for (int side = 0; side < N_SIDES; side++)
		collect_side(d, side);
	left_out = cut_rows(d, opts);
	d->total.name = "total";
	n_above = count_above(d, fail_above, notes);
	choose_unit(d);
	if (opts->format == FORMAT_TEXT)
		print_table(d, left_out);
	else
		write_table(d, left_out);
	for (int side = 0; side < N_SIDES; side++)
		graph_release(&d->counts[side]);
	hash_map_release(&d->map);
	VEC_RELEASE(&d->rows);
	return n_above;
}

int analyze_diff(struct profile *before, struct profile *after, const struct diff_opts *diff_opts,
		 const struct report_opts *opts, FILE *out, size_t *n_above,
		 const struct notes *notes, struct err *err)
{
	struct profile *p[N_SIDES] = { before, after };
	struct diff d = { .out = out };
	int rc = make_comparable(before, after, err), opened = 0;

	if (!rc)
		rc = choose_scale(&d, p, diff_opts->normalize, opts->sample_index, err);
	for (; opened < N_SIDES && !rc; opened++)
		rc = report_open(&d.side[opened], p[opened], REPORT_TOP, NULL, opts, out, notes,
				 err);
	if (!rc)
		*n_above = print_diff(&d, opts, diff_opts->fail_above, notes);
	while (opened > 0)
		report_close(&d.side[--opened]);
	return rc;
}
