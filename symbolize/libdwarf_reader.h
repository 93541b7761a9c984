/* libdwarf_reader.h - what the files that read DWARF through libdwarf share; nobody else includes it.
 *
 * All of it runs in a child process that ends when the batch is done (libdwarf_child.c), so what
 * libdwarf hands out is given back only where it adds up: dies, attributes, lines.
 */
#ifndef SONDE_SYMBOLIZE_LIBDWARF_READER_H
#define SONDE_SYMBOLIZE_LIBDWARF_READER_H

#include "base/arena.h"
#include "base/hash.h"
#include "symbolize/dwarf_lines.h"
#include "symbolize/libdwarf_lookup.h"

#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>

struct libdwarf_unit {
	Dwarf_Off die;
	uint16_t version;
	uint64_t base;	 /* what range lists count from */
	bool is_c;	 /* names are linkage names */
	bool has_ranges; /* says itself where its code is */
};

struct libdwarf_function {
	Dwarf_Off die;
	const char *name; /* in the sections */
	bool is_linkage;
	int64_t start_line;
};

struct libdwarf_reader {
	const struct libdwarf_input *in;
	struct arena *arena; /* functions */
	Dwarf_Debug dbg;
	VEC(struct libdwarf_unit) units;
	struct hash_map function_index; /* by die offset */
	VEC(struct libdwarf_function *) functions;
};

/* One link of an inline chain: depth 0 is the physical function, and every next one was inlined
 * into the one before, at the place that call_* names. */
struct libdwarf_link {
	uint32_t slot;
	uint32_t depth;
	const struct libdwarf_function *function;
	uint64_t call_file;
	int64_t call_line, call_column;
};

/* The work at one unit: n addresses of the batch ("slots"), ascending. */
struct libdwarf_job {
	const struct libdwarf_unit *unit;
	Dwarf_Die root;
	struct dwarf_slots slots;
	uint32_t *depths; /* n: links so far; libdwarf_functions.c */
	uint32_t *roots;  /* n: number of the physical function */
	VEC(struct libdwarf_link)
	links; /* libdwarf_functions.c: outer before inner for each slot */
};

/* libdwarf_attrs.c: attributes; false or NULL where absent or damaged */
bool die_unsigned(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at, uint64_t *value);
const char *die_string(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at);
bool die_offset(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at, Dwarf_Off *offset);
bool die_reference(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at, Dwarf_Off *to);
void libdwarf_forget(struct libdwarf_reader *r, Dwarf_Error e);

/* Each piece of code of a die: DW_AT_ranges, else DW_AT_low_pc and DW_AT_high_pc.  Ranges that do
 * not begin in code (functions that the linker threw away) are left out.  Returns whether the die
 * says anything about code. */
typedef void (*libdwarf_range_fn)(void *ctx, uint64_t start, uint64_t end);
bool die_ranges(struct libdwarf_reader *r, const struct libdwarf_unit *unit, Dwarf_Die die,
		libdwarf_range_fn fn, void *ctx);

/* libdwarf_functions.c: fill job->links and depths */
void libdwarf_find_functions(struct libdwarf_reader *r, struct libdwarf_job *job);

#endif
