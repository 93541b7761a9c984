/* sample_counts.h - on how many samples a value rests. */
#ifndef SONDE_ANALYZE_SAMPLE_COUNTS_H
#define SONDE_ANALYZE_SAMPLE_COUNTS_H

#include "base/profile.h"

/* The sample type that says how many samples there were; *period is what one of them adds to it.  A
 * profile with several (objects and bytes, allocated and in use) has the one that belongs to a
 * value at it or behind it.  False when there is none. */
bool sample_counts_find(const struct profile *p, size_t value_index, size_t *index, double *period);

/* Above the kernel's tick one look at a thread stands for several periods.  How many looks there
 * were for each sample of a whole profile, at most 1; a comment of sonde's says it. */
double sample_counts_looks(const struct profile *p, size_t value_index);

#endif
