/* check_trust.c - is a profile enough, and is it whole?
 *
 * Shares are estimates of a sampling process: of n samples, those that saw a function are
 * binomially distributed, and their interval is Wilson's, at 95 %.  What sonde says about a
 * recording stands in the comments of the profile, several times in one that was merged.
 */
#include "analyze/arith.h"
#include "analyze/check.h"
#include "analyze/measure.h"
#include "analyze/paths.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOP_ROWS = 3, FEW_SAMPLES = 100, NARROW_SAMPLES = 1000, RULE_OF_THREE = 3 };

static const double z95 = 1.96;

/* ---- how many ---- */

struct interval {
	double low, high; /* percent */
};

static struct interval wilson(double share, double n)
{
	double z2 = z95 * z95, middle = share + z2 / (2 * n);
	double half = z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n));

	return (struct interval){ fmax(0, (middle - half) / (1 + z2 / n)) * 100,
				  fmin(1, (middle + half) / (1 + z2 / n)) * 100 };
}

static double flat_share(const struct check *c, size_t row)
{
	return fmin(1, check_percent(
			       c, fabs((double)graph_flat(&c->r.graph, c->r.graph.order.v[row]))) /
			       100);
}

static const char *row_name(struct check *c, size_t row)
{
	return node_name(&c->r.nodes, c->r.graph.order.v[row])->s;
}

static void check_rows(struct check *c)
{
	for (size_t i = 0; i < c->r.graph.order.n && i < TOP_ROWS; i++) {
		double share = flat_share(c, i);
		struct interval in = wilson(share, c->n_samples);

		if (share < 0.0005)
			return;
		check_add(c, VERDICT_OK, "top", share * 100, "%",
			  "%s costs %.1f%% itself, with 95%% certainty %.1f%% to %.1f%%",
			  row_name(c, i), share * 100, in.low, in.high);
	}
}

/* May the second row be the first? */
static void check_order(struct check *c)
{
	double a, b, error;

	if (c->r.graph.order.n < 2)
		return;
	a = flat_share(c, 0);
	b = flat_share(c, 1);
	error = sqrt(fmax(0, a + b - (a - b) * (a - b)) / c->n_samples);
	if (b > 0 && a - b < z95 * error)
		check_add(c, VERDICT_NOTE, "top", (a - b) * 100, "%",
			  "%s and %s may well be in the other order: they differ by %.1f%%, the "
			  "error "
			  "of that is %.1f%%",
			  row_name(c, 0), row_name(c, 1), (a - b) * 100, error * 100);
}

void check_samples(struct check *c)
{
	double n = c->n_samples;
	enum verdict verdict = n < FEW_SAMPLES	    ? VERDICT_WARNING
			       : n < NARROW_SAMPLES ? VERDICT_NOTE
						    : VERDICT_OK;

	if (c->is_census) {
		check_add(c, VERDICT_OK, "samples", n, "count",
			  "this is a count of all %.0f that there were, without a sampling error",
			  n);
		return;
	}
	if (isnan(n)) {
		check_add(c, VERDICT_NOTE, "samples", NAN, NULL,
			  "no sample type counts samples: how exact the values are is not known");
		return;
	}
	if (n < RULE_OF_THREE) {
		check_add(c, verdict, "samples", n, "samples",
			  "%.0f samples tell next to nothing; record longer, or at a higher rate",
			  n);
		return;
	}
	check_add(c, verdict, "samples", n, "samples",
		  "%.0f samples: the total is known to %.1f%%; what costs less than %.2g%% may be "
		  "missing%s",
		  n, 100 / sqrt(n), fmin(99, RULE_OF_THREE / n * 100),
		  verdict == VERDICT_WARNING ? "; record longer, or at a higher rate" : "");
	check_rows(c);
	check_order(c);
}

/* ---- time ---- */

static void check_busy(struct check *c)
{
	double duration = (double)c->r.profile->duration_nanos,
	       busy = duration > 0 ? (double)c->r.total / duration : 0;

	if (!c->is_cpu)
		return;
	if (duration <= 0)
		check_add(c, VERDICT_NOTE, "busy", NAN, NULL,
			  "the profile has no duration: whether the program was busy or idle is "
			  "not known");
	else if (busy < 0.5)
		check_add(c, VERDICT_NOTE, "busy", busy, "CPUs",
			  "the program used %.1f%% of one CPU; when it waited, or others had the "
			  "CPU, is not in a CPU profile",
			  busy * 100);
	else
		check_add(c, VERDICT_OK, "busy", busy, "CPUs",
			  "the program was busy: %.2f CPUs on average", busy);
}

/* "# CPU time of the process: 2.398 s; in this profile: 2.392 s", or "processes". */
static bool read_cpu_comment(const char *s, double *used, double *sampled)
{
	const char *colon = strchr(s, ':'), *second;

	if (strncmp(s, "# CPU time of the process", 25) != 0 || !colon)
		return false;
	second = strstr(colon, "in this profile:");
	return second && sscanf(colon + 1, "%lf", used) == 1 &&
	       sscanf(second + strlen("in this profile:"), "%lf", sampled) == 1;
}

static void check_cpu_time(struct check *c)
{
	const struct profile *p = c->r.profile;
	double used = 0, sampled = 0, off, error;

	for (size_t i = 0; i < p->comments.n; i++) {
		double u, s;

		if (!read_cpu_comment(profile_str(p, p->comments.v[i]), &u, &s))
			continue;
		used += u;
		sampled += s;
	}
	if (used <= 0)
		return;
	off = (sampled / used - 1) * 100;
	error = c->n_samples >= 1 ? 100 / sqrt(c->n_samples) : 100;
	/* (Of few samples one more is much beside what was used, and little beside its error.) */
	check_add(c,
		  fabs(sampled - used) > fmax(0.02 * used, 0.03 * error * fmax(sampled, used))
			  ? VERDICT_WARNING
			  : VERDICT_OK,
		  "cpu time", off, "%",
		  "the kernel counted %.3f s of CPU time, the profile has %.3f s (%+.1f%%, its "
		  "sampling error is %.1f%%)",
		  used, sampled, off, error);
}

void check_time(struct check *c)
{
	check_busy(c);
	check_cpu_time(c);
}

/* ---- losses ---- */

static bool starts_with(const char *s, const char *start)
{
	return strncmp(s, start, strlen(start)) == 0;
}

static void check_lost(struct check *c, unsigned long long lost, unsigned long long all)
{
	double share = all ? (double)lost / (double)all * 100 : 0;

	check_add(c,
		  share > 1 ? VERDICT_WARNING
		  : lost    ? VERDICT_NOTE
			    : VERDICT_OK,
		  "lost", share, "%", "%llu of %llu samples were lost for want of room", lost, all);
}

static void check_ends(struct check *c, const unsigned long long n[4])
{
	double all = (double)n[0] + (double)n[1] + (double)n[2] + (double)n[3];
	double share = all > 0 ? (all - (double)n[0]) / all * 100 : 0;

	check_add(c,
		  share > 2	? VERDICT_WARNING
		  : share > 0.5 ? VERDICT_NOTE
				: VERDICT_OK,
		  "stacks", share, "%",
		  "%.1f%% of the stacks do not reach their beginning (%llu cut at the limit, %llu "
		  "without unwind rule, %llu unreadable)%s",
		  share, n[1], n[2], n[3],
		  share > 2 ? ": what the outer functions cost is too low" : "");
}

static bool is_gap(const struct profile *p, uint32_t location)
{
	const struct location *l = &p->locations.v[location];
	uint32_t function = l->n_lines ? p->lines.v[l->first_line].function : PROFILE_NONE;

	return l->mapping == PROFILE_NONE && function != PROFILE_NONE &&
	       strcmp(profile_str(p, p->functions.v[function].name),
		      "[frames without unwind rules]") == 0;
}

/* Stacks over code that nobody describes, made at run time mostly. */
static void check_gaps(struct check *c)
{
	const struct profile *p = c->r.profile;
	double with_gap = 0, share;

	for (size_t i = 0; i < p->n_samples; i++) {
		uint32_t at = p->stack_at.v[i], end = p->stack_at.v[i + 1];

		while (at < end && !is_gap(p, p->stack.v[at]))
			at++;
		if (at < end)
			with_gap +=
				fabs((double)p->values.v[i * p->sample_types.n + c->r.value_index]);
	}
	share = check_percent(c, with_gap);
	if (with_gap > 0)
		check_add(c, VERDICT_NOTE, "stacks", share, "%",
			  "%.1f%% of the cost has stacks in which frames are missing, of code that "
			  "nobody describes",
			  share);
}

/* Stacks that all end at one depth which some recorder has as its limit. */
static void check_depth(struct check *c)
{
	static const size_t limits[] = { 16,  32,  48,	50,  62,  63,  64,  100, 126,
					 127, 128, 200, 254, 255, 256, 512, 1024 };
	const struct profile *p = c->r.profile;
	size_t deepest = 0;
	double at_limit = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		size_t depth = p->stack_at.v[i + 1] - p->stack_at.v[i];

		if (depth > deepest)
			at_limit = 0;
		if (depth >= deepest) {
			deepest = depth;
			at_limit +=
				fabs((double)p->values.v[i * p->sample_types.n + c->r.value_index]);
		}
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (deepest == limits[i] && check_percent(c, at_limit) > 2)
			check_add(c, VERDICT_WARNING, "stacks", check_percent(c, at_limit), "%",
				  "%.1f%% of the cost has stacks of exactly %zu frames: the "
				  "recorder may have cut them there",
				  check_percent(c, at_limit), deepest);
}

void check_losses(struct check *c)
{
	const struct profile *p = c->r.profile;
	unsigned long long lost = 0, all = 0, ends[4] = { 0 };
	bool has_lost = false, has_ends = false;

	for (size_t i = 0; i < p->comments.n; i++) {
		const char *s = profile_str(p, p->comments.v[i]);
		unsigned long long a, b, e[4];

		if (sscanf(s, "# lost for want of room: %llu of %llu", &a, &b) == 2) {
			has_lost = true;
			lost += a;
			all += b;
		}
		if (starts_with(s, "# stacks:") &&
		    sscanf(s,
			   "# stacks: %llu whole, %llu cut at %*d frames, %llu without unwind "
			   "rule, %llu unreadable",
			   &e[0], &e[1], &e[2], &e[3]) == 4) {
			has_ends = true;
			for (size_t k = 0; k < 4; k++)
				ends[k] += e[k];
		}
	}
	if (has_lost)
		check_lost(c, lost, all);
	if (has_ends)
		check_ends(c, ends);
	else
		check_depth(c);
	check_gaps(c);
}

/* ---- names ---- */

struct nameless {
	double leaf, lineless;
	uint32_t worst; /* mapping, PROFILE_NONE */
	double worst_weight;
};

static struct nameless find_nameless(struct check *c)
{
	const struct profile *p = c->r.profile;
	double *by_mapping = ARENA_ARRAY(c->arena, double, p->mappings.n + 1);
	struct nameless found = { .worst = PROFILE_NONE };

	for (size_t i = 0; i < p->n_samples; i++) {
		double w = fabs((double)p->values.v[i * p->sample_types.n + c->r.value_index]);
		const struct location *l;
		const struct line *line;

		if (p->stack_at.v[i] == p->stack_at.v[i + 1])
			continue;
		l = &p->locations.v[p->stack.v[p->stack_at.v[i]]];
		line = p->lines.v + l->first_line;
		if (l->n_lines && line->function != PROFILE_NONE &&
		    p->functions.v[line->function].name) {
			found.lineless += line->line ? 0 : w;
			continue;
		}
		found.leaf += w;
		if (l->mapping == PROFILE_NONE)
			continue;
		by_mapping[l->mapping] += w;
		if (by_mapping[l->mapping] > found.worst_weight) {
			found.worst_weight = by_mapping[l->mapping];
			found.worst = l->mapping;
		}
	}
	return found;
}

/* What would give names to the code of a file. */
static const char *cure_of(const char *file)
{
	if (file[0] == '[' && strncmp(file, "[kernel", 7) == 0)
		return "; /proc/kallsyms (see kernel.kptr_restrict) or a vmlinux of its build id "
		       "would name it";
	if (strncmp(file, "//anon", 6) == 0)
		return "; it was made while the program ran, and a /tmp/perf-PID.map would name it "
		       "(node --perf-basic-prof)";
	return "; its debug file, or a build that is not stripped, would name it";
}

void check_symbols(struct check *c)
{
	const struct profile *p = c->r.profile;
	struct nameless found = find_nameless(c);
	double share = check_percent(c, found.leaf), lineless = check_percent(c, found.lineless);
	const char *file =
		found.worst == PROFILE_NONE ? "" : profile_str(p, p->mappings.v[found.worst].file);

	c->nameless = share;
	if (c->r.total == 0)
		return;
	check_add(c,
		  share > 10  ? VERDICT_WARNING
		  : share > 1 ? VERDICT_NOTE
			      : VERDICT_OK,
		  "names", share, "%", "%.1f%% of the cost is in code without a name%s%s%s", share,
		  *file ? ", most of it in " : "", file, share > 1 ? cure_of(file) : "");
	if (lineless > 10)
		check_add(c, VERDICT_NOTE, "lines", lineless, "%",
			  "%.1f%% of the cost is in functions without line numbers: list cannot "
			  "show their source; build with -g",
			  lineless);
}
