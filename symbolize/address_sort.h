/* address_sort.h - sorting by numbers, as addresses are: a hundred thousand of them in a millisecond. */
#ifndef SONDE_SYMBOLIZE_ADDRESS_SORT_H
#define SONDE_SYMBOLIZE_ADDRESS_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_pair {
	uint64_t key, value;
};

void sort_numbers(uint64_t *v, size_t n);
void sort_pairs(struct sort_pair *v,
		size_t n); /* by key; values ascend before, and for each key after */

#endif
