/* dwarf_line_program.h - the program that a line table is; dwarf_lines.c alone uses it. */
#ifndef SONDE_SYMBOLIZE_DWARF_LINE_PROGRAM_H
#define SONDE_SYMBOLIZE_DWARF_LINE_PROGRAM_H

#include "symbolize/dwarf_cursor.h"
#include "symbolize/dwarf_lines.h"

struct dwarf_line_header {
	uint16_t version;
	uint8_t min_instruction, max_operations, line_range, opcode_base; /* none of them 0 */
	int8_t line_base;
	const unsigned char *operand_counts; /* of standard opcodes, from 1 */
};

/* Set the rows of the slots that the program knows, up to the cursor's end or until all are known. */
void dwarf_line_program_run(struct dwarf_lines *l, struct dwarf_slots *slots,
			    const struct dwarf_line_header *h, struct dwarf_cursor *c);

/* dwarf_lines.c: a file that the program defines */
void dwarf_files_add(struct dwarf_files *files, const char *name, uint64_t folder);

#endif
