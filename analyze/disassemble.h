/* disassemble.h - machine code as text: AT&T or Intel syntax, with symbols at targets.
 *
 * The disassembler is capstone, a library that is loaded when first needed: loading it costs more
 * than most reports take.
 */
#ifndef SONDE_ANALYZE_DISASSEMBLE_H
#define SONDE_ANALYZE_DISASSEMBLE_H

#include "base/arena.h"
#include "base/vec.h"
#include "symbolize/binary_code.h"

struct instruction {
	uint64_t address; /* of the file's own */
	uint32_t bytes;
	const char *text;
};

typedef VEC(struct instruction) instruction_list;

struct disassembler;

/* The symbols name targets; both are borrowed until close. */
SONDE_MUST int disassembler_open(struct disassembler **out, const struct binary *b,
				 const struct code_symbol *symbols, size_t n_symbols, bool intel,
				 struct err *err);
void disassembler_close(struct disassembler *d); /* NULL is fine */

/* Append the instructions of [start, end), addresses of the file's own.  What lies between sections
 * is skipped; bytes that are no instruction come out one by one, as "(bad)".  Texts are in a. */
void disassemble(struct disassembler *d, struct arena *a, uint64_t start, uint64_t end,
		 instruction_list *out);

/* The symbol at or before an address, the most telling of several names; NULL = none. */
const struct code_symbol *code_symbol_find(const struct code_symbol *symbols, size_t n,
					   uint64_t address);

#endif
