/* dwarf_reader.h - what the files that read DWARF through libdwarf share; nobody else includes it.
 *
 * All of it runs in a child process that ends when the batch is done (dwarf_child.c), so what
 * libdwarf hands out is given back only where it adds up: dies, attributes, lines.
 */
#ifndef SONDE_SYMBOLIZE_DWARF_READER_H
#define SONDE_SYMBOLIZE_DWARF_READER_H

#include "base/arena.h"
#include "base/hash.h"
#include "symbolize/dwarf_cursor.h"
#include "symbolize/dwarf_lookup.h"

#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>

struct dwarf_unit {
	Dwarf_Off die;
	uint16_t version;
	uint64_t base;	 /* what range lists count from */
	bool is_c;	 /* names are linkage names */
	bool has_ranges; /* says itself where its code is */
};

struct dwarf_function {
	Dwarf_Off die;
	const char *name; /* in the sections */
	bool is_linkage;
	int64_t start_line;
};

struct dwarf_reader {
	const struct dwarf_input *in;
	struct arena *arena; /* functions */
	Dwarf_Debug dbg;
	VEC(struct dwarf_unit) units;
	struct hash_map function_index; /* by die offset */
	VEC(struct dwarf_function *) functions;
};

/* One link of an inline chain: depth 0 is the physical function, and every next one was inlined
 * into the one before, at the place that call_* names. */
struct dwarf_link {
	uint32_t slot;
	uint32_t depth;
	const struct dwarf_function *function;
	uint64_t call_file;
	int64_t call_line, call_column;
};

struct dwarf_row {
	bool known;
	uint64_t file;
	int64_t line, column;
};

/* The work at one unit: n addresses of the batch ("slots"), ascending. */
struct dwarf_job {
	const struct dwarf_unit *unit;
	Dwarf_Die root;
	uint32_t n;
	const uint64_t *addresses;
	struct dwarf_row *rows;	      /* n; dwarf_lines.c */
	uint32_t *depths;	      /* n: links so far; dwarf_functions.c */
	uint32_t *roots;	      /* n: number of the physical function */
	VEC(struct dwarf_link) links; /* dwarf_functions.c: outer before inner for each slot */
};

/* The first slot at or after the address. */
uint32_t dwarf_job_slot(const struct dwarf_job *job, uint64_t address);

struct elf_bytes dwarf_section_bytes(const struct dwarf_input *in, const char *name);

/* dwarf_attrs.c: attributes; false or NULL where absent or damaged */
bool die_unsigned(struct dwarf_reader *r, Dwarf_Die die, Dwarf_Half at, uint64_t *value);
const char *die_string(struct dwarf_reader *r, Dwarf_Die die, Dwarf_Half at);
bool die_offset(struct dwarf_reader *r, Dwarf_Die die, Dwarf_Half at, Dwarf_Off *offset);
bool die_reference(struct dwarf_reader *r, Dwarf_Die die, Dwarf_Half at, Dwarf_Off *to);
void dwarf_forget(struct dwarf_reader *r, Dwarf_Error e);

/* Each piece of code of a die: DW_AT_ranges, else DW_AT_low_pc and DW_AT_high_pc.  Ranges that do
 * not begin in code (functions that the linker threw away) are left out.  Returns whether the die
 * says anything about code. */
typedef void (*dwarf_range_fn)(void *ctx, uint64_t start, uint64_t end);
bool die_ranges(struct dwarf_reader *r, const struct dwarf_unit *unit, Dwarf_Die die,
		dwarf_range_fn fn, void *ctx);

/* dwarf_functions.c: fill job->links and depths */
void dwarf_find_functions(struct dwarf_reader *r, struct dwarf_job *job);

/* dwarf_lines.c: fill job->rows; then names of the unit's files, which live until close, NULL if
 * unknown */
struct dwarf_file {
	const char *name;
	uint64_t folder;
	const char *path; /* name with its folders, once it was asked for */
};

struct dwarf_files {
	struct dwarf_file *v;
	size_t n, cap;
};

struct dwarf_lines {
	struct arena *arena;
	const char *comp_dir;
	uint16_t version;
	struct dwarf_files folders, files;
};

void dwarf_lines_open(struct dwarf_reader *r, struct dwarf_job *job, struct dwarf_lines *l);
/* The part of it that follows the offset into .debug_line; libdwarf has no hand in it. */
void dwarf_lines_read(struct dwarf_reader *r, struct dwarf_job *job, uint64_t offset,
		      struct dwarf_lines *l);
void dwarf_lines_close(struct dwarf_lines *l);
const char *dwarf_lines_file(struct dwarf_lines *l, uint64_t number);

#endif
