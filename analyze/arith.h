/* arith.h - 64-bit arithmetic that is defined for every input: sums wrap around, as in Go.
 *
 * Sample values come from files, so that a sum may overflow and a divisor may be -1.
 */
#ifndef SONDE_ANALYZE_ARITH_H
#define SONDE_ANALYZE_ARITH_H

#include <math.h>
#include <stdint.h>

static inline int64_t add64(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t sub64(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t mul64(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a * (uint64_t)b);
}

static inline int64_t abs64(int64_t v)
{
	return v < 0 ? sub64(0, v) : v;
}

static inline int64_t div64(int64_t a, int64_t b)
{
	return b == -1 ? sub64(0, a) : a / b;
}

/* Truncated; what does not fit becomes INT64_MIN, as the conversion instruction of x86 has it. */
static inline int64_t int64_of(double v)
{
	return v >= -0x1p63 && v < 0x1p63 ? (int64_t)v : INT64_MIN;
}

#endif
