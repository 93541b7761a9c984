/* scale.c - multiply the values of a profile. */
#include "analyze/arith.h"
#include "analyze/edit.h"
#include "analyze/merge.h"

struct ratios {
	const double *v;
	size_t n;
};

static bool is_left(void *ctx, const struct profile *p, struct row *row)
{
	const struct ratios *ratios = ctx;

	for (size_t i = 0; i < ratios->n; i++)
		if (ratios->v[i] != 1 && row->values[i])
			return true;
	return false;
}

void profile_scale_types(struct profile *p, const double *ratios)
{
	struct ratios ctx = { ratios, p->sample_types.n };
	bool all_ones = true;

	for (size_t i = 0; i < ctx.n; i++)
		all_ones = all_ones && ratios[i] == 1;
	if (all_ones)
		return;
	for (size_t i = 0; i < p->values.n; i++)
		if (ratios[i % ctx.n] != 1)
			p->values.v[i] =
				int64_of(round((double)p->values.v[i] * ratios[i % ctx.n]));
	profile_edit_rows(p, is_left, &ctx);
}

void profile_scale(struct profile *p, double ratio)
{
	VEC(double) ratios = VEC_INIT;

	for (size_t i = 0; i < p->sample_types.n; i++)
		*VEC_PUSH(&ratios) = ratio;
	profile_scale_types(p, ratios.v);
	VEC_RELEASE(&ratios);
}

static int64_t total(const struct profile *p, size_t type)
{
	int64_t sum = 0;

	for (size_t i = type; i < p->values.n; i += p->sample_types.n)
		sum = add64(sum, p->values.v[i]);
	return sum;
}

int profile_normalize(struct profile *p, const struct profile *base, struct err *err)
{
	VEC(double) ratios = VEC_INIT;
	int rc = profile_check_compatible(p, base, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < p->sample_types.n; i++) {
		int64_t own = total(p, i);

		*VEC_PUSH(&ratios) = own ? (double)total(base, i) / (double)own : 0;
	}
	profile_scale_types(p, ratios.v);
	VEC_RELEASE(&ratios);
	return 0;
}
