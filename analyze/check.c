/* check.c - ask all questions about a profile and print the answers. */
#include "analyze/check.h"
#include "analyze/aggregate.h"
#include "analyze/arith.h"
#include "analyze/sample_counts.h"
#include "analyze/sample_index.h"
#include "analyze/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const verdict_names[] = { "ok", "note", "warning" };

struct finding *check_add(struct check *c, enum verdict verdict, const char *about, double value,
			  const char *unit, const char *fmt, ...)
{
	struct finding *f = VEC_PUSH(&c->findings);
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	*f = (struct finding){
		verdict, about, value, unit, n < 0 ? "out of memory" : arena_strdup(c->arena, text),
		NULL
	};
	if (n >= 0)
		free(text);
	return f;
}

const char *check_pattern(struct check *c, const char *name)
{
	char *out = arena_alloc(c->arena, 4 * strlen(name) + 8), *o = out;

	*o++ = '\'';
	*o++ = '^';
	for (; *name; name++) {
		if (*name == '\'') {
			memcpy(o, "'\\''", 4);
			o += 4;
			continue;
		}
		if (strchr(".*+?()[]{}|^$\\", *name))
			*o++ = '\\';
		*o++ = *name;
	}
	memcpy(o, "$'", 3);
	return out;
}

double check_percent(const struct check *c, double part)
{
	return c->r.total ? part / (double)c->r.total * 100 : 0;
}

/* ---- ask ---- */

static double count_samples(const struct report *r)
{
	const struct profile *p = r->profile;
	size_t index;
	double period, sum = 0;

	if (r->opts.mean || !sample_counts_find(p, r->value_index, &index, &period))
		return NAN;
	for (size_t i = 0; i < p->n_samples; i++)
		sum += fabs((double)p->values.v[i * p->sample_types.n + index]);
	return sum / period;
}

static bool is_cpu(const struct report *r)
{
	const struct profile *p = r->profile;
	const struct value_type *type = &p->sample_types.v[r->value_index];

	return strcmp(profile_str(p, p->period_type.type), "cpu") == 0 &&
	       strcmp(profile_str(p, type->unit), "nanoseconds") == 0;
}

/* Counts of things that were all seen, as goroutines, are no samples. */
static bool is_census(const struct report *r)
{
	const struct profile *p = r->profile;

	return p->sample_types.n == 1 && p->period <= 1 && strcmp(r->sample_unit, "count") == 0 &&
	       strcmp(r->sample_type, "samples") != 0;
}

/* Needs close_check() in any case. */
static int open_check(struct check *c, struct profile *p, const char *file,
		      const struct report_opts *opts, FILE *out, const struct notes *notes,
		      struct err *err)
{
	struct report_opts o = *opts;
	double looks = 1;
	size_t index;
	int rc;

	o.trim = false;
	o.relative_percentages = true;	       /* what is asked about is 100 % */
	o.granularity = GRANULARITY_ADDRESSES; /* names are not cut yet */
	*c = (struct check){ .file = file, .arena = arena_new(ARENA_DIE) };
	if (!sample_index_find(&index, p, o.sample_index, NULL))
		looks = sample_counts_looks(p, index);
	rc = report_open(&c->r, p, REPORT_TREE, NULL, &o, out, notes, err);
	if (rc)
		return rc;
	c->n_samples = count_samples(&c->r) * looks;
	c->is_census = is_census(&c->r);
	c->is_cpu = is_cpu(&c->r);
	check_symbols(c);
	aggregate(p, opts);
	report_build_graph(&c->r, GRAPH_EDGES_ALL);
	graph_sort(&c->r.graph, SORT_FLAT);
	graph_link(&c->r.graph);
	return 0;
}

static void close_check(struct check *c)
{
	report_close(&c->r);
	VEC_RELEASE(&c->findings);
	arena_free(c->arena);
}

static void ask(struct check *c)
{
	if (c->r.total == 0) {
		check_add(c, VERDICT_WARNING, "samples", 0, "samples",
			  "there are no samples: nothing was measured, or the filters leave "
			  "nothing");
		check_values(c);
		return;
	}
	check_samples(c);
	check_time(c);
	check_losses(c);
	check_values(c);
	check_threads(c);
	check_spread(c);
	check_signs(c);
}

/* ---- print ---- */

/* Doubts first, then what is worth knowing. */
static void sort_findings(struct check *c)
{
	struct finding *sorted = ARENA_ARRAY(c->arena, struct finding, c->findings.n);
	size_t n = 0;

	for (int verdict = VERDICT_WARNING; verdict >= VERDICT_OK; verdict--)
		for (size_t i = 0; i < c->findings.n; i++)
			if (c->findings.v[i].verdict == (enum verdict)verdict)
				sorted[n++] = c->findings.v[i];
	if (n)
		memcpy(c->findings.v, sorted, n * sizeof(*sorted));
}

static void print_text(const struct check *c)
{
	for (size_t i = 0; i < c->findings.n; i++) {
		const struct finding *f = &c->findings.v[i];

		fprintf(c->r.out, "%-8s %-9s %s\n", verdict_names[f->verdict], f->about, f->text);
		if (f->next)
			fprintf(c->r.out, "%-18s next: %s\n", "", f->next);
	}
}

static void write_table(const struct check *c, const struct check *before)
{
	static const char *const columns[] = {
		"verdict", "about", "value", "unit", "text", "next"
	};
	struct table t;

	table_begin(&t, c->r.out, c->r.opts.format, "check");
	if (before)
		table_profile(&t, "before", &before->r);
	table_profile(&t, "profile", &c->r);
	table_rows(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < c->findings.n; i++) {
		const struct finding *f = &c->findings.v[i];

		table_row(&t);
		table_text(&t, verdict_names[f->verdict]);
		table_text(&t, f->about);
		table_real(&t, f->value);
		table_text(&t, f->unit);
		table_text(&t, f->text);
		table_text(&t, f->next);
	}
	table_end(&t);
}

static void print(struct check *c, const struct check *before)
{
	sort_findings(c);
	if (c->r.opts.format == FORMAT_TEXT)
		print_text(c);
	else
		write_table(c, before);
}

int analyze_check(struct profile *p, struct profile *other, const char *const names[2],
		  const struct report_opts *opts, FILE *out, const struct notes *notes,
		  struct err *err)
{
	struct check first, second;
	int rc = open_check(&first, p, names[0], opts, out, notes, err);

	if (!rc && !other) {
		ask(&first);
		print(&first, NULL);
	} else if (!rc) {
		rc = open_check(&second, other, names[1], opts, out, notes, err);
		if (!rc) {
			check_pair(&first, &second);
			print(&second, &first);
		}
		close_check(&second);
	}
	close_check(&first);
	return rc;
}
