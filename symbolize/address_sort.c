/* address_sort.c - sorting by numbers.
 *
 * Radix sort, the lowest byte first.  Bytes that are the same in all numbers are left out, and the
 * addresses of a binary differ in three or four of their eight.  A few numbers are sorted by qsort().
 */
#include "symbolize/address_sort.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FEW 256 /* below which qsort() is faster */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int by_key_and_value(const void *a, const void *b)
{
	const struct sort_pair *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

/* Bits in which the words at v, v + step, ... differ. */
static inline uint64_t differing_bits(const uint64_t *v, size_t n, size_t step)
{
	uint64_t bits = 0;

	for (size_t i = 1; i < n; i++)
		bits |= v[i * step] ^ v[0];
	return bits;
}

/* One pass over records of `words` words, by a byte of the first of them; stable. */
static inline void pass(const uint64_t *from, uint64_t *to, size_t n, size_t words, unsigned shift)
{
	size_t starts[256] = { 0 }, at = 0;

	for (size_t i = 0; i < n; i++)
		starts[from[i * words] >> shift & 255]++;
	for (unsigned i = 0; i < 256; i++) {
		size_t count = starts[i];

		starts[i] = at;
		at += count;
	}
	for (size_t i = 0; i < n; i++) {
		const uint64_t *record = &from[i * words];

		memcpy(&to[starts[record[0] >> shift & 255]++ * words], record,
		       words * sizeof(*to));
	}
}

/* false = there is no memory */
static inline bool radix_sort(uint64_t *v, size_t n, size_t words)
{
	uint64_t *room = malloc(n * words * sizeof(*v)), *from = v, *to = room;
	uint64_t bits = differing_bits(v, n, words);

	if (!room)
		return false;
	for (unsigned shift = 0; shift < 64; shift += 8)
		if (bits >> shift & 255) {
			uint64_t *done = to;

			pass(from, to, n, words, shift);
			to = from;
			from = done;
		}
	if (from != v)
		memcpy(v, from, n * words * sizeof(*v));
	free(room);
	return true;
}

void sort_numbers(uint64_t *v, size_t n)
{
	if (n < FEW || !radix_sort(v, n, 1))
		qsort(v, n, sizeof(*v), by_number);
}

void sort_pairs(struct sort_pair *v, size_t n)
{
	if (n < FEW || !radix_sort((uint64_t *)v, n, 2))
		qsort(v, n, sizeof(*v), by_key_and_value);
}
