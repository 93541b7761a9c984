/* dwarf_line_program.c - the program of a line table: source line of each address asked.
 *
 * A program makes rows; they are used as they come and never stored.  A row holds from its address up to
 * that of the next row of the same sequence; the last of several rows with one address counts.
 * Sequences that do not begin in code belong to functions that the linker threw away.
 *
 * Rows ascend within a sequence, and so do the slots: a row is compared with the next slot only.  The
 * first row that knows a slot keeps it, so the program is left when all are known.
 *
 * Nearly all of a table is made of few opcodes, which assemblers write in one order for each row: file,
 * column, discriminator, statement mark, line, then the row.  run_usual() takes them with all that they change in
 * registers of the processor, and leaves everything else, one opcode at a time, to run_opcode().
 */
#include "symbolize/dwarf_line_program.h"

#include <libdwarf/dwarf.h>

#define USUAL_BYTES 16 /* more than one row of the usual opcodes has */
#define EXTENDED_2  2  /* the length of an extended opcode with an operand of one byte */

struct line_registers {
	uint64_t address, file, line, column, op_index, discriminator;
};

/* What a special opcode adds, where an instruction is one operation. */
struct line_step {
	uint32_t address;
	int32_t line;
};

struct program {
	struct dwarf_lines *lines;
	struct dwarf_slots *slots;
	const struct dwarf_line_header *header;
	struct line_registers now, row; /* row = the last one that was made */
	bool in_sequence, is_usual;
	uint32_t n_open;       /* slots without a row */
	uint32_t next;	       /* the first slot not before row.address */
	uint64_t next_address; /* its address; the highest if there is none or the code is dead */
	struct line_step steps[256];
};

static void aim(struct program *p, uint32_t next)
{
	p->next = next;
	p->next_address = next < p->slots->n ? p->slots->addresses[next] : UINT64_MAX;
}

/* The last row holds up to the address end. */
static void take_row(struct program *p, uint64_t end)
{
	struct dwarf_slots *slots = p->slots;
	const struct line_registers *row = &p->row;
	uint32_t i = p->next;

	for (; i < slots->n && slots->addresses[i] < end; i++)
		if (!slots->rows[i].known) {
			slots->rows[i] = (struct dwarf_row){
				true,
				row->file,
				(int64_t)(row->line & INT64_MAX),
				(int64_t)(row->column & INT64_MAX),
				(uint32_t)row->discriminator,
			};
			p->n_open--;
		}
	aim(p, i);
}

static void begin_sequence(struct program *p)
{
	p->in_sequence = true;
	aim(p, elf_file_is_code(p->lines->binary, p->now.address)
		       ? dwarf_first_slot(p->slots, p->now.address)
		       : p->slots->n);
}

static void make_row(struct program *p)
{
	if (!p->in_sequence)
		begin_sequence(p);
	else if (p->now.address > p->next_address)
		take_row(p, p->now.address);
	else if (p->now.address < p->row.address && p->next_address != UINT64_MAX)
		aim(p, dwarf_first_slot(p->slots, p->now.address));
	p->row = p->now;
	p->now.discriminator = 0;
}

static void end_sequence(struct program *p)
{
	make_row(p);
	p->in_sequence = false;
	p->now = (struct line_registers){ .file = 1, .line = 1 };
}

static void advance(struct program *p, uint64_t operations)
{
	const struct dwarf_line_header *h = p->header;
	uint64_t at = p->now.op_index + operations;

	if (h->max_operations == 1) {
		p->now.address += h->min_instruction * operations;
		return;
	}
	p->now.address += h->min_instruction * (at / h->max_operations);
	p->now.op_index = at % h->max_operations;
}

static void special_opcode(struct program *p, uint8_t opcode)
{
	advance(p, (uint8_t)(opcode - p->header->opcode_base) / p->header->line_range);
	p->now.line += (uint64_t)(int64_t)p->steps[opcode].line;
	make_row(p);
}

static void extended_opcode(struct program *p, struct dwarf_cursor *c)
{
	uint64_t bytes = cursor_uleb(c);
	struct dwarf_cursor operand = *c;
	const char *name;

	if (bytes == 0 || !cursor_skip(c, bytes))
		return;
	operand.end = c->p;
	switch (cursor_fixed(&operand, 1)) {
	case DW_LNE_end_sequence:
		end_sequence(p);
		break;
	case DW_LNE_set_address:
		if (bytes - 1 <= 8 && bytes > 1)
			p->now.address = cursor_fixed(&operand, (unsigned)(bytes - 1));
		p->now.op_index = 0;
		break;
	case DW_LNE_set_discriminator:
		p->now.discriminator = cursor_uleb(&operand);
		break;
	case DW_LNE_define_file:
		name = cursor_string(&operand);
		dwarf_files_add(&p->lines->files, name, cursor_uleb(&operand));
		break;
	}
}

static void skip_operands(struct program *p, struct dwarf_cursor *c, uint8_t opcode)
{
	for (unsigned i = 0; i < p->header->operand_counts[opcode - 1]; i++)
		cursor_uleb(c);
}

static void standard_opcode(struct program *p, struct dwarf_cursor *c, uint8_t opcode)
{
	switch (opcode) {
	case DW_LNS_copy:
		make_row(p);
		break;
	case DW_LNS_advance_pc:
		advance(p, cursor_uleb(c));
		break;
	case DW_LNS_advance_line:
		p->now.line += (uint64_t)cursor_sleb(c);
		break;
	case DW_LNS_set_file:
		p->now.file = cursor_uleb(c);
		break;
	case DW_LNS_set_column:
		p->now.column = cursor_uleb(c);
		break;
	case DW_LNS_const_add_pc:
		advance(p, (255 - p->header->opcode_base) / p->header->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		p->now.address += cursor_fixed(c, 2);
		p->now.op_index = 0;
		break;
	default: /* statement and block marks, and what is yet to be invented */
		skip_operands(p, c, opcode);
	}
}

static void run_opcode(struct program *p, struct dwarf_cursor *c)
{
	uint8_t opcode = *c->p++;

	if (opcode >= p->header->opcode_base)
		special_opcode(p, opcode);
	else if (opcode == 0)
		extended_opcode(p, c);
	else
		standard_opcode(p, c, opcode);
}

/* ---- the usual opcodes ---- */

/* Numbers of one and of two bytes; false = it is longer. */
static inline bool short_sleb(const unsigned char **at, uint64_t *sum)
{
	const unsigned char *p = *at;

	if (p[0] < 128) {
		*sum += (uint64_t)((int64_t)((uint64_t)p[0] << 57) >> 57);
		*at = p + 1;
		return true;
	}
	if (p[1] < 128) {
		*sum += (uint64_t)((int64_t)((uint64_t)(p[0] & 127) << 50 | (uint64_t)p[1] << 57) >>
				   50);
		*at = p + 2;
		return true;
	}
	return false;
}

/* Rows that end no slot, up to what is not usual.  room is how far the address may go until it has passed
 * the next slot. */
static void run_usual(struct program *p, struct dwarf_cursor *c)
{
	const unsigned char *at = c->p;
	uint64_t file = p->now.file, line = p->now.line, column = p->now.column;
	uint64_t discriminator = p->now.discriminator;
	uint64_t room = p->next_address - p->now.address;
	uint64_t row_room = p->next_address - p->row.address;
	struct line_registers row = p->row;
	const unsigned base = p->header->opcode_base;

	while (c->end - at >= USUAL_BYTES) {
		if (at[0] == DW_LNS_set_file && at[1] < 128) {
			file = at[1];
			at += 2;
		}
		if (at[0] == DW_LNS_set_column && at[1] < 128) {
			column = at[1];
			at += 2;
		}
		if (at[0] == 0 && at[1] == EXTENDED_2 && at[2] == DW_LNE_set_discriminator &&
		    at[3] < 128) {
			discriminator = at[3];
			at += 4;
		}
		at += at[0] == DW_LNS_negate_stmt;
		if (at[0] == DW_LNS_advance_line) {
			const unsigned char *number = at + 1;

			if (!short_sleb(&number, &line))
				break;
			at = number;
		}
		if (at[0] >= base) {
			struct line_step step = p->steps[at[0]];

			if (step.address > room)
				break;
			room -= step.address;
			line += (uint64_t)(int64_t)step.line;
		} else if (at[0] != DW_LNS_copy) {
			break;
		}
		at++;
		row = (struct line_registers){ 0, file, line, column, 0, discriminator };
		discriminator = 0;
		row_room = room;
	}
	c->p = at;
	p->now.file = file;
	p->now.line = line;
	p->now.column = column;
	p->now.discriminator = discriminator;
	p->now.address = p->next_address - room;
	row.address = p->next_address - row_room;
	p->row = row;
}

/* The address ascends, and has not passed the next slot. */
static bool is_on_its_way(const struct program *p)
{
	return p->in_sequence && p->now.address >= p->row.address &&
	       p->now.address <= p->next_address;
}

/* ---- the door ---- */

static void prepare(struct program *p)
{
	const struct dwarf_line_header *h = p->header;

	p->is_usual = h->max_operations == 1 && h->opcode_base > DW_LNS_negate_stmt &&
		      h->operand_counts[DW_LNS_negate_stmt - 1] == 0;
	for (unsigned i = h->opcode_base; i < 256; i++) {
		unsigned adjusted = i - h->opcode_base;

		p->steps[i] = (struct line_step){ h->min_instruction * (adjusted / h->line_range),
						  h->line_base + (int)(adjusted % h->line_range) };
	}
	for (uint32_t i = 0; i < p->slots->n; i++)
		p->n_open += !p->slots->rows[i].known;
}

void dwarf_line_program_run(struct dwarf_lines *l, struct dwarf_slots *slots,
			    const struct dwarf_line_header *h, struct dwarf_cursor *c)
{
	struct program p = { .lines = l, .slots = slots, .header = h };

	prepare(&p);
	p.now = (struct line_registers){ .file = 1, .line = 1 };
	while (p.n_open && cursor_left(c)) {
		if (p.is_usual && is_on_its_way(&p))
			run_usual(&p, c);
		if (cursor_left(c))
			run_opcode(&p, c);
	}
}
