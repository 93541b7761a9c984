/* unite.c - give two profiles of different sample types the same ones. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/merge.h"
#include "analyze/text.h"

#include <string.h>

struct column {
	size_t of_a, of_b; /* the sample type's number there, or NO_COLUMN */
	const char *type, *unit;
	double ratio_a, ratio_b; /* to the unit */
};

#define NO_COLUMN SIZE_MAX

typedef VEC(struct column) columns;

static const char *type_name(const struct profile *p, size_t i)
{
	return profile_str(p, p->sample_types.v[i].type);
}

static const char *unit_name(const struct profile *p, size_t i)
{
	return profile_str(p, p->sample_types.v[i].unit);
}

/* The column for sample type i of b: one of a's that is like it and has none of b's yet. */
static struct column *find_column(columns *cs, const struct profile *b, size_t i)
{
	for (size_t k = 0; k < cs->n; k++) {
		struct column *c = &cs->v[k];

		if (c->of_b == NO_COLUMN && c->of_a != NO_COLUMN &&
		    strcmp(c->type, type_name(b, i)) == 0 &&
		    (strcmp(c->unit, unit_name(b, i)) == 0 ||
		     measure_same_family(c->unit, unit_name(b, i))))
			return c;
	}
	*VEC_PUSH(cs) =
		(struct column){ NO_COLUMN, NO_COLUMN, type_name(b, i), unit_name(b, i), 1, 1 };
	return &cs->v[cs->n - 1];
}

static void match_columns(columns *cs, const struct profile *a, const struct profile *b)
{
	for (size_t i = 0; i < a->sample_types.n; i++)
		*VEC_PUSH(cs) =
			(struct column){ i, NO_COLUMN, type_name(a, i), unit_name(a, i), 1, 1 };
	for (size_t i = 0; i < b->sample_types.n; i++) {
		struct column *c = find_column(cs, b, i);
		const char *theirs = unit_name(b, i);
		double ratio = measure_scale(1, theirs, c->unit).value;

		c->of_b = i;
		if (ratio < 1) { /* theirs is the finer one */
			c->ratio_a = measure_scale(1, c->unit, theirs).value;
			c->unit = theirs;
		} else {
			c->ratio_b = ratio;
		}
	}
}

static int64_t scaled(int64_t value, double ratio)
{
	return ratio == 1 ? value : int64_of(round((double)value * ratio));
}

/* Put the values of p into the columns. */
static void spread(struct profile *p, const columns *cs, bool is_b)
{
	size_t old = p->sample_types.n, n = cs->n;
	VEC(struct value_type) types = VEC_INIT;
	VEC(int64_t) values = VEC_INIT;

	VEC_MUST(&values, p->n_samples * n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct column *c = &cs->v[i];

		*VEC_PUSH(&types) = (struct value_type){ profile_intern(p, c->type),
							 profile_intern(p, c->unit) };
	}
	for (size_t s = 0; s < p->n_samples; s++)
		for (size_t i = 0; i < n; i++) {
			const struct column *c = &cs->v[i];
			size_t of = is_b ? c->of_b : c->of_a;

			values.v[values.n++] = of == NO_COLUMN
						       ? 0
						       : scaled(p->values.v[s * old + of],
								is_b ? c->ratio_b : c->ratio_a);
		}
	VEC_RELEASE(&p->values);
	p->values.v = values.v;
	p->values.n = values.n;
	p->values.cap = values.cap;
	VEC_MUST(&p->sample_types, n);
	if (n)
		memcpy(p->sample_types.v, types.v, n * sizeof(*types.v));
	p->sample_types.n = n;
	VEC_RELEASE(&types);
}

static bool is_same(const columns *cs, const struct profile *p, bool is_b)
{
	bool same = cs->n == p->sample_types.n;

	for (size_t i = 0; i < cs->n && same; i++)
		same = (is_b ? cs->v[i].of_b : cs->v[i].of_a) == i &&
		       strcmp(cs->v[i].unit, unit_name(p, i)) == 0;
	return same;
}

static void say_columns(struct text *said, const columns *cs, const char *verb, bool missing,
			size_t *n)
{
	bool first = true;

	for (size_t i = 0; i < cs->n; i++) {
		const struct column *c = &cs->v[i];

		if ((missing ? c->of_b : c->of_a) != NO_COLUMN)
			continue;
		text_printf(said, "%s%s%s/%s", first ? (*n ? ", " : " ") : " and ",
			    first ? verb : "", c->type, c->unit);
		first = false;
		++*n;
	}
}

/* What has another period cannot share it. */
static void unite_periods(const struct profile *a, struct profile *b, struct text *said, size_t *n)
{
	const char *type = profile_str(a, a->period_type.type),
		   *unit = profile_str(a, a->period_type.unit);

	if (strcmp(profile_str(b, b->period_type.type), type) == 0 &&
	    strcmp(profile_str(b, b->period_type.unit), unit) == 0)
		return;
	text_printf(said, "%s has a period of %s/%s", *n ? "," : "",
		    profile_str(b, b->period_type.type), profile_str(b, b->period_type.unit));
	++*n;
	b->period_type = (struct value_type){ profile_intern(b, type), profile_intern(b, unit) };
	b->period = 0;
}

void profile_unite_types(struct profile *a, struct profile *b, const char *name, struct text *said)
{
	columns cs = VEC_INIT;
	size_t at = said->v.n, n = 0;

	match_columns(&cs, a, b);
	text_printf(said, "%s'%s'", at ? "; " : "", name);
	say_columns(said, &cs, "adds ", false, &n);
	say_columns(said, &cs, "lacks ", true, &n);
	unite_periods(a, b, said, &n);
	if (n == 0)
		said->v.n = at;
	/* Where nothing is said the last type is the default one: it stays the same. */
	if (cs.n > a->sample_types.n && a->sample_types.n && !a->default_sample_type)
		a->default_sample_type = a->sample_types.v[a->sample_types.n - 1].type;
	if (!is_same(&cs, b, true))
		spread(b, &cs, true);
	if (!is_same(&cs, a, false))
		spread(a, &cs, false);
	VEC_RELEASE(&cs);
}
