/* check_pair.c - can two profiles be compared? */
#include "analyze/check.h"
#include "analyze/measure.h"
#include "analyze/paths.h"

#include <math.h>
#include <string.h>

static const char *main_binary(const struct check *c)
{
	const struct profile *p = c->r.profile;

	return p->mappings.n ? path_base(c->arena, profile_str(p, p->mappings.v[0].file)) : "";
}

static const char *build_id(const struct check *c)
{
	const struct profile *p = c->r.profile;

	return p->mappings.n ? profile_str(p, p->mappings.v[0].build_id) : "";
}

static void check_programs(const struct check *before, struct check *after)
{
	const char *a = main_binary(before), *b = main_binary(after);

	if (strcmp(a, b) != 0)
		check_add(after, VERDICT_WARNING, "program", NAN, NULL,
			  "the programs differ: %s and %s", *a ? a : "none", *b ? b : "none");
	else if (*build_id(before) && strcmp(build_id(before), build_id(after)) == 0)
		check_add(after, VERDICT_OK, "program", NAN, NULL, "both are of one build of %s",
			  a);
	else
		check_add(after, VERDICT_OK, "program", NAN, NULL, "two builds of %s",
			  *a ? a : "one program");
}

static bool check_types(const struct check *before, struct check *after)
{
	const char *a = before->r.sample_type, *b = after->r.sample_type;

	if (strcmp(a, b) == 0 &&
	    (strcmp(before->r.sample_unit, after->r.sample_unit) == 0 ||
	     measure_same_family(before->r.sample_unit, after->r.sample_unit))) {
		check_add(after, VERDICT_OK, "values", NAN, NULL, "both measure %s", b);
		return true;
	}
	check_add(after, VERDICT_WARNING, "values", NAN, NULL,
		  "the values differ: %s in %s, and %s in %s", a, before->r.sample_unit, b,
		  after->r.sample_unit);
	return false;
}

static void check_rates(const struct check *before, struct check *after)
{
	const struct profile *a = before->r.profile, *b = after->r.profile;

	if (a->period > 0 && b->period > 0 && a->period != b->period)
		check_add(after, VERDICT_NOTE, "rate", (double)b->period / (double)a->period, "",
			  "the sampling periods differ (%lld and %lld %s): fine for shares and "
			  "totals, the errors differ",
			  (long long)a->period, (long long)b->period,
			  profile_str(b, b->period_type.unit));
}

static void check_lengths(const struct check *before, struct check *after)
{
	double a = (double)before->r.profile->duration_nanos,
	       b = (double)after->r.profile->duration_nanos, ratio = a > 0 ? b / a : 0;

	if (a <= 0 || b <= 0)
		check_add(after, VERDICT_NOTE, "duration", NAN, NULL,
			  "the duration of %s is not known: compare shares, by diff --normalize",
			  a <= 0 && b <= 0 ? "both"
			  : a <= 0	   ? "the first"
					   : "the second");
	else
		check_add(after, ratio > 1.1 || ratio < 0.9 ? VERDICT_NOTE : VERDICT_OK, "duration",
			  ratio, "", "the second is %.2f times as long as the first%s", ratio,
			  ratio > 1.1 || ratio < 0.9 ? ": compare shares, by diff --normalize"
						     : "");
}

/* Is the difference of the totals more than noise? */
static void check_totals(const struct check *before, struct check *after)
{
	double a = (double)before->r.total, b = (double)after->r.total, error;
	const struct check *fewer = before->n_samples < after->n_samples ? before : after;

	if (isnan(before->n_samples) || isnan(after->n_samples) || before->n_samples < 1 ||
	    after->n_samples < 1 || a == 0)
		return;
	error = hypot(b / a / sqrt(after->n_samples), b / a / sqrt(before->n_samples)) * 100;
	check_add(after, VERDICT_OK, "total", (b / a - 1) * 100, "%",
		  "the second total differs by %+.1f%% from the first, with an error of %.1f%%%s",
		  (b / a - 1) * 100, error,
		  fabs(b / a - 1) * 100 < 3 * error ? ": that may be chance" : "");
	check_add(after, fewer->n_samples < 1000 ? VERDICT_NOTE : VERDICT_OK, "samples",
		  fewer->n_samples, "samples",
		  "%.0f and %.0f samples: a function of 5%% must change by %.0f%% of itself to be "
		  "told from noise",
		  before->n_samples, after->n_samples,
		  3 * 100 * sqrt(1 / (0.05 * before->n_samples) + 1 / (0.05 * after->n_samples)));
}

static void check_names(const struct check *before, struct check *after)
{
	double a = before->nameless, b = after->nameless;

	check_add(after, fmax(a, b) > 10 || fabs(a - b) > 5 ? VERDICT_WARNING : VERDICT_OK, "names",
		  fmax(a, b), "%", "%.1f%% and %.1f%% of the cost are in code without a name%s", a,
		  b, fabs(a - b) > 5 ? ": functions will seem to have come or gone" : "");
}

void check_pair(const struct check *before, struct check *after)
{
	bool same;

	after->findings.n = 0; /* what was found in the second alone */
	same = check_types(before, after);
	check_programs(before, after);
	check_rates(before, after);
	check_lengths(before, after);
	check_names(before, after);
	if (same && strcmp(before->r.sample_unit, after->r.sample_unit) == 0)
		check_totals(before, after);
	after->findings.v[0].next =
		same ? arena_printf(after->arena, "sonde diff %s %s", before->file, after->file)
		     : NULL;
}
