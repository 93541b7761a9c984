/* sample_counts.c - find the sample type that counts. */
#include "analyze/sample_counts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool sample_counts_find(const struct profile *p, size_t value_index, size_t *index, double *period)
{
	size_t n = p->sample_types.n;

	*period = (double)p->period;
	for (size_t k = 0; p->period > 0 && k < n; k++) {
		*index = (value_index + k) % n;
		if (p->sample_types.v[*index].unit == p->period_type.unit)
			return true;
	}
	*period = 1;
	for (*index = 0; *index < n; ++*index)
		if (strcmp(profile_str(p, p->sample_types.v[*index].unit), "count") == 0)
			return true;
	*index = value_index;
	return false;
}

double sample_counts_looks(const struct profile *p, size_t value_index)
{
	double looks = 0, samples = 0, period;
	size_t index;

	if (!sample_counts_find(p, value_index, &index, &period))
		return 1;
	for (size_t i = 0; i < p->comments.n; i++) {
		unsigned long long lost, all;

		if (sscanf(profile_str(p, p->comments.v[i]),
			   "# lost for want of room: %llu of %llu", &lost, &all) == 2 &&
		    all >= lost)
			looks += (double)(all - lost);
	}
	for (size_t i = 0; i < p->n_samples; i++)
		samples += fabs((double)p->values.v[i * p->sample_types.n + index]) / period;
	return looks > 0 && looks < samples ? looks / samples : 1;
}
