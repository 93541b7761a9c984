/* decimal.c - decimals of a binary fraction, rounded exactly: a tie goes to the even digit.
 *
 * A double is m / 2^k with m below 2^53, so that m * 10^decimals, k of 127 at most, and what rounding compares
 * all fit into 128 bits.  Everything else is left to printf.
 */
#include "analyze/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef unsigned __int128 u128;

enum { DIGITS = 20, MOST_SHIFT = 126, MANTISSA = 53 };

/* v * 10^decimals as a whole number; false when it is not known.  v < 2^44 and decimals <= 5: it fits. */
static bool whole(double v, unsigned decimals, uint64_t *out)
{
	static const uint32_t powers[] = { 1, 10, 100, 1000, 10000, 100000 };
	u128 product, rest, half;
	int exponent, shift;
	double m;

	if (!(v >= 0 && v < 0x1p44) || signbit(v))
		return false;
	m = frexp(v, &exponent);
	shift = MANTISSA - exponent;
	if (v != 0 && shift > MOST_SHIFT)
		return false;
	if (v == 0)
		shift = 1;
	product = (u128)(uint64_t)ldexp(m, MANTISSA) * powers[decimals];
	half = (u128)1 << (shift - 1);
	rest = product & (half * 2 - 1);
	*out = (uint64_t)(product >> shift);
	*out += rest > half || (rest == half && (*out & 1));
	return true;
}

/* n / 10^decimals */
static size_t write_fixed(char *out, uint64_t n, unsigned decimals)
{
	char digits[DIGITS + 2];
	size_t at = sizeof(digits), length;

	for (unsigned i = 0; i <= decimals || n > 0; i++) {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
		if (i + 1 == decimals)
			digits[--at] = '.';
	}
	length = sizeof(digits) - at;
	for (size_t i = 0; i < length; i++)
		out[i] = digits[at + i];
	out[length] = 0;
	return length;
}

size_t decimal_two(char out[DECIMAL_BYTES], double v)
{
	uint64_t n;

	if (!whole(v, 2, &n))
		return (size_t)snprintf(out, DECIMAL_BYTES, "%.2f", v);
	return write_fixed(out, n, 2);
}

size_t decimal_two_digits(char out[DECIMAL_BYTES], double v)
{
	unsigned decimals = v >= 0.1 ? 2 : v >= 0.01 ? 3 : v >= 0.001 ? 4 : 5;
	size_t length;
	uint64_t n;

	if (!(v >= 0.0001 && v < 1) || !whole(v, decimals, &n))
		return (size_t)snprintf(out, DECIMAL_BYTES, "%.2g", v);
	length = write_fixed(out, n, decimals);
	while (out[length - 1] == '0')
		length--;
	length -= out[length - 1] == '.';
	out[length] = 0;
	return length;
}
