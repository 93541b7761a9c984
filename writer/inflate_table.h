/* inflate_table.h - tables that decode the prefix codes of deflate.  Private to writer/.
 *
 * An entry says what the next bits mean and how many of them it takes:
 *
 *	bits 16..31  result: a literal, the base of a length or a distance, where a subtable begins
 *	bit  15      neither a literal nor a base: see the flags
 *	bits  8..11  length of the code; of a subtable its index bits
 *	bits  0..7   bits to take: the code, and the extra bits of a length or a distance
 */
#ifndef SONDE_WRITER_INFLATE_TABLE_H
#define SONDE_WRITER_INFLATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ENTRY_SPECIAL = 1 << 15,  /* alone: no code begins so */
	ENTRY_SUBTABLE = 1 << 14, /* with SPECIAL: codes that are longer than the table's index */
	ENTRY_END = 1 << 13,	  /* with SPECIAL: the block ends */
	ENTRY_RESULT = 16,
	ENTRY_LENGTH = 8,
};
#define ENTRY_LITERAL ((uint32_t)1 << 31)

enum { MOST_CODE_BITS = 15, MOST_SYMBOLS = 288 };

/* Fill the table for symbols 0 .. n - 1 with codes of lens[] bits (0 = unused); results[] are their
 * entries without the code.  False: no prefix code, or an incomplete one; with may_be_partial one
 * code of one bit will do, and none. */
struct inflate_code {
	const uint8_t *lens;
	const uint32_t *results;
	unsigned n;
	bool may_be_partial;
};
bool inflate_table_make(uint32_t *table, size_t room, unsigned index_bits,
			const struct inflate_code *code);

#endif
