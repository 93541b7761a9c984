/* decimal.h - numbers with a few decimals, written as printf writes them, at a fraction of its cost. */
#ifndef SONDE_ANALYZE_DECIMAL_H
#define SONDE_ANALYZE_DECIMAL_H

#include <stddef.h>

enum { DECIMAL_BYTES = 400 }; /* room for any number */

/* v as "%.2f" has it; how many bytes, without the 0 at the end. */
size_t decimal_two(char out[DECIMAL_BYTES], double v);

/* v as "%.2g" has it. */
size_t decimal_two_digits(char out[DECIMAL_BYTES], double v);

#endif
