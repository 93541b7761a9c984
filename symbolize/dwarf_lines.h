/* dwarf_lines.h - the line table of one unit, for both readers of DWARF. */
#ifndef SONDE_SYMBOLIZE_DWARF_LINES_H
#define SONDE_SYMBOLIZE_DWARF_LINES_H

#include "base/arena.h"
#include "symbolize/dwarf_lookup.h"

struct dwarf_row {
	bool known;
	uint64_t file;
	int64_t line, column;
	uint32_t discriminator;
};

/* The addresses of the batch that concern one unit, ascending. */
struct dwarf_slots {
	uint32_t n;
	const uint64_t *addresses;
	struct dwarf_row *rows; /* n */
};

/* The first slot at or after the address. */
uint32_t dwarf_first_slot(const struct dwarf_slots *slots, uint64_t address);

struct dwarf_line_file {
	const char *name;
	uint64_t folder;
	const char *path; /* name with its folders, once it was asked for */
};

struct dwarf_files {
	struct dwarf_line_file *v;
	size_t n, cap;
};

struct dwarf_lines {
	/* for the caller to fill in */
	const struct elf_file *binary;
	const struct dwarf_sections *sections;
	struct arena *arena;  /* for paths */
	const char *comp_dir; /* NULL = unknown */
	uint64_t strings_at;  /* DW_AT_str_offsets_base */
	bool is_relative;     /* paths without comp_dir */
	/* the answer */
	uint16_t version;
	struct dwarf_files folders, files;
};

/* Read the table at an offset of .debug_line and set the rows of the slots that it knows.  What is
 * damaged ends it early.  Returns how many bytes were read. */
uint64_t dwarf_lines_read(struct dwarf_lines *l, struct dwarf_slots *slots, uint64_t offset);
void dwarf_lines_release(struct dwarf_lines *l); /* all but the arena */

/* The path of a file by its number, which lives as long as the arena; NULL if unknown. */
const char *dwarf_lines_file(struct dwarf_lines *l, uint64_t number);

#endif
