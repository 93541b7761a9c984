/* measure.h - sample values as people read them: "1.50kB", "20ms", "12.34%".
 *
 * Units come in families (bytes, time, GCU); a value can be expressed in another unit of its
 * family.  The unit names "minimum" and "auto" mean: the largest unit that leaves at least 1 before
 * the point.
 */
#ifndef SONDE_ANALYZE_MEASURE_H
#define SONDE_ANALYZE_MEASURE_H

#include "base/arena.h"

#include <stdint.h>

struct measure {
	double value;
	const char *unit; /* "" = none; static, or the `to` that was given */
};

struct measure measure_scale(int64_t value, const char *from, const char *to);

/* The text of a value, in arena a: at most two decimals, no unit when it is 0. */
const char *measure_label(struct arena *a, int64_t value, const char *from, const char *to);

/* |value / total| as text at least 5 characters wide before the sign: " 1.23%", "  100%", "    0%".
 */
const char *measure_percentage(struct arena *a, int64_t value, int64_t total);

/* One unit in which values from least to most can all be printed: that of the least, or a larger
 * one in which it is still 0.01.  `unit` itself when it is of no family. */
const char *measure_common_unit(int64_t least, int64_t most, const char *unit);

/* Can values of these two units be expressed in each other? */
int measure_same_family(const char *unit1, const char *unit2);

#endif
