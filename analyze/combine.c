/* combine.c - make profiles of different programs or versions alike enough to be added or
 * subtracted. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/merge.h"

#include <string.h>

/* ---- sample types ---- */

static bool same_type(const struct profile *a, struct value_type ta, const struct profile *b,
		      struct value_type tb)
{
	return strcmp(profile_str(a, ta.type), profile_str(b, tb.type)) == 0 &&
	       strcmp(profile_str(a, ta.unit), profile_str(b, tb.unit)) == 0;
}

static int incompatible(const char *what, const struct profile *a, struct value_type ta,
			const struct profile *b, struct value_type tb, struct err *err)
{
	return err_set(err, SONDE_EUSAGE, "incompatible %s types '%s/%s' and '%s/%s'", what,
		       profile_str(a, ta.type), profile_str(a, ta.unit), profile_str(b, tb.type),
		       profile_str(b, tb.unit));
}

int profile_check_compatible(const struct profile *a, const struct profile *b, struct err *err)
{
	if (!same_type(a, a->period_type, b, b->period_type))
		return incompatible("period", a, a->period_type, b, b->period_type, err);
	if (a->sample_types.n != b->sample_types.n)
		return err_set(err, SONDE_EUSAGE,
			       "incompatible profiles with %zu and %zu sample types",
			       a->sample_types.n, b->sample_types.n);
	for (size_t i = 0; i < a->sample_types.n; i++)
		if (!same_type(a, a->sample_types.v[i], b, b->sample_types.v[i]))
			return incompatible("sample", a, a->sample_types.v[i], b,
					    b->sample_types.v[i], err);
	return 0;
}

/* How often a type of this name is among the sample types; *first is the first one's number. */
static size_t count_type(const struct profile *p, const char *name, size_t *first)
{
	size_t n = 0;

	for (size_t i = p->sample_types.n; i-- > 0;)
		if (strcmp(profile_str(p, p->sample_types.v[i].type), name) == 0) {
			*first = i;
			n++;
		}
	return n;
}

/* Keep the columns `types`, in that order. */
static void select_types(struct profile *p, const size_t *types, size_t n_types)
{
	size_t n_old = p->sample_types.n;
	VEC(struct value_type) kept = VEC_INIT;
	VEC(int64_t) row = VEC_INIT;

	for (size_t i = 0; i < n_types; i++)
		*VEC_PUSH(&kept) = p->sample_types.v[types[i]];
	memcpy(p->sample_types.v, kept.v, n_types * sizeof(*kept.v));
	p->sample_types.n = n_types;
	VEC_MUST(&row, n_old);
	for (size_t s = 0; s < p->n_samples; s++) {
		memcpy(row.v, p->values.v + s * n_old, n_old * sizeof(*row.v));
		for (size_t i = 0; i < n_types; i++)
			p->values.v[s * n_types + i] = row.v[types[i]];
	}
	p->values.n = p->n_samples * n_types;
	VEC_RELEASE(&kept);
	VEC_RELEASE(&row);
}

/* Reduce p to the sample types `names`, each of which it has. */
static int reduce_types(struct profile *p, const char *const *names, size_t n, struct err *err)
{
	const char *chosen = names[0];
	VEC(size_t) types = VEC_INIT;
	bool is_change = n != p->sample_types.n;

	for (size_t i = 0; i < n; i++) {
		size_t at = 0;

		if (!count_type(p, names[i], &at) || n > p->sample_types.n) {
			VEC_RELEASE(&types);
			return err_set(err, SONDE_EUSAGE, "a profile has no sample type '%s'",
				       names[i]);
		}
		if (strcmp(names[i], profile_str(p, p->default_sample_type)) == 0)
			chosen = names[i];
		is_change = is_change || at != i;
		*VEC_PUSH(&types) = at;
	}
	if (is_change) {
		p->default_sample_type = profile_intern(p, chosen);
		select_types(p, types.v, n);
	}
	VEC_RELEASE(&types);
	return 0;
}

int profile_compatibilize(struct profile **ps, size_t n, struct err *err)
{
	VEC(const char *) common = VEC_INIT; /* strings of ps[0] */
	int rc = 0;

	for (size_t i = 0; n && i < ps[0]->sample_types.n; i++) {
		const char *name = profile_str(ps[0], ps[0]->sample_types.v[i].type);
		size_t seen = 0, first;

		for (size_t k = 0; k < n; k++)
			seen += count_type(ps[k], name, &first);
		if (seen == n)
			*VEC_PUSH(&common) = name;
	}
	if (!common.n)
		rc = err_set(err, SONDE_EUSAGE, "profiles have empty common sample type list");
	for (size_t k = 0; k < n && !rc; k++)
		rc = reduce_types(ps[k], common.v, common.n, err);
	VEC_RELEASE(&common);
	return rc;
}

/* ---- units ---- */

static size_t length_without_s(const char *s)
{
	size_t n = strlen(s);

	return n && s[n - 1] == 's' ? n - 1 : n;
}

static bool may_share_unit(const struct profile *a, struct value_type ta, const struct profile *b,
			   struct value_type tb)
{
	const char *type_a = profile_str(a, ta.type), *type_b = profile_str(b, tb.type);
	const char *unit_a = profile_str(a, ta.unit), *unit_b = profile_str(b, tb.unit);
	size_t n = length_without_s(type_a);

	return n == length_without_s(type_b) && memcmp(type_a, type_b, n) == 0 &&
	       (strcmp(unit_a, unit_b) == 0 || measure_same_family(unit_a, unit_b));
}

/* The sample type at `column`, or the period type where that is past the last one. */
static struct value_type *type_at(struct profile *p, size_t column)
{
	return column < p->sample_types.n ? &p->sample_types.v[column] : &p->period_type;
}

/* The finest unit of one column; NULL and err filled if there is none. */
static const char *finest_unit(struct profile **ps, size_t n, size_t column, struct err *err)
{
	const struct profile *finest = ps[0];
	struct value_type type = *type_at(ps[0], column);

	for (size_t i = 1; i < n; i++) {
		struct value_type other = *type_at(ps[i], column);

		if (!may_share_unit(finest, type, ps[i], other)) {
			incompatible(column < ps[0]->sample_types.n ? "sample" : "period", finest,
				     type, ps[i], other, err);
			return NULL;
		}
		if (measure_scale(1, profile_str(ps[i], other.unit), profile_str(finest, type.unit))
			    .value < 1) {
			finest = ps[i];
			type = other;
		}
	}
	return profile_str(finest, type.unit);
}

static void convert_units(struct profile *p, const char *const *units)
{
	VEC(double) ratios = VEC_INIT;
	size_t n = p->sample_types.n;

	p->period = int64_of(
		measure_scale(p->period, profile_str(p, p->period_type.unit), units[n]).value);
	p->period_type.unit = profile_intern(p, units[n]);
	for (size_t i = 0; i < n; i++) {
		struct value_type *type = &p->sample_types.v[i];

		*VEC_PUSH(&ratios) = measure_scale(1, profile_str(p, type->unit), units[i]).value;
		type->unit = profile_intern(p, units[i]);
	}
	profile_scale_types(p, ratios.v);
	VEC_RELEASE(&ratios);
}

int profile_unify_units(struct profile **ps, size_t n, struct err *err)
{
	VEC(const char *)
	units = VEC_INIT; /* of the sample types, then of the period; strings of the profiles */
	int rc = 0;

	if (n < 2)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (ps[i]->sample_types.n != ps[0]->sample_types.n)
			return err_set(err, SONDE_EUSAGE,
				       "inconsistent samples type count: %zu != %zu",
				       ps[0]->sample_types.n, ps[i]->sample_types.n);
	for (size_t column = 0; column <= ps[0]->sample_types.n && !rc; column++) {
		const char *unit = finest_unit(ps, n, column, err);

		*VEC_PUSH(&units) = unit;
		rc = unit ? 0 : SONDE_EUSAGE;
	}
	for (size_t i = 0; i < n && !rc; i++)
		convert_units(ps[i], units.v);
	VEC_RELEASE(&units);
	return rc;
}

/* ---- all together ---- */

int profile_combine(struct profile **out, struct profile **ps, size_t n, struct err *err)
{
	struct profile *merged = NULL;
	int rc = profile_compatibilize(ps, n, err);

	if (!rc)
		rc = profile_unify_units(ps, n, err);
	if (!rc && n == 1) {
		*out = ps[0];
		return 0;
	}
	if (!rc)
		rc = profile_merge(&merged, ps, n, err);
	for (size_t i = 0; i < n; i++)
		profile_free(ps[i]);
	if (!rc)
		*out = merged;
	return rc;
}

/* Set a label of every sample, in place of those of the same key. */
static void set_label(struct profile *p, const char *key, const char *value)
{
	struct label label = { .key = profile_intern(p, key), .str = profile_intern(p, value) };
	VEC(struct label) old = VEC_INIT;
	size_t from = 0;

	VEC_MUST(&old, p->labels.n);
	if (p->labels.n)
		memcpy(old.v, p->labels.v, p->labels.n * sizeof(label));
	p->labels.n = 0;
	for (size_t i = 0; i < p->n_samples; i++) {
		size_t end = p->label_at.v[i + 1];

		for (; from < end; from++)
			if (old.v[from].is_num || old.v[from].key != label.key)
				*VEC_PUSH(&p->labels) = old.v[from];
		*VEC_PUSH(&p->labels) = label;
		p->label_at.v[i + 1] = p->labels.n;
	}
	VEC_RELEASE(&old);
}

int profile_subtract(struct profile **p, struct profile *base, struct subtract_opts opts,
		     struct err *err)
{
	struct profile *both[] = { *p, base };
	int rc;

	if (opts.diff_base)
		set_label(base, "pprof::base", "true");
	rc = opts.normalize ? profile_normalize(*p, base, err) : 0;
	*p = NULL;
	if (rc) {
		profile_free(both[0]);
		profile_free(both[1]);
		return rc;
	}
	profile_scale(base, -1);
	return profile_combine(p, both, 2, err);
}
