/* quantum.c - see quantum.h. */
#include "analyze/quantum.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A sum of n samples of size q each has the error sqrt(q * sum): with samples of many sizes, q is
 * the mean weighted by size.  The period is the least that a sample can be. */
double quantum_of(const struct profile *p, size_t index)
{
	double sum = 0, squares = 0, q;
	bool is_period = p->sample_types.v[index].unit == p->period_type.unit;

	for (size_t i = 0; i < p->n_samples; i++) {
		double value = fabs((double)p->values.v[i * p->sample_types.n + index]);

		sum += value;
		squares += value * value;
	}
	if (strcmp(profile_str(p, p->sample_types.v[index].unit), "count") == 0)
		return 1;
	if (is_period && p->period > 0)
		return (double)p->period;
	q = sum > 0 ? squares / sum : 0;
	return q;
}
