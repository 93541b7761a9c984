/* dwarf_lookup.h - what the DWARF reader is asked and what it answers.
 *
 * The question is a batch: sorted addresses, each once.  The answers come unit by unit through a
 * callback, so that a unit is walked once whatever number of addresses it holds.  How DWARF is read
 * stays behind this header.
 */
#ifndef SONDE_SYMBOLIZE_DWARF_LOOKUP_H
#define SONDE_SYMBOLIZE_DWARF_LOOKUP_H

#include "symbolize/elf_file.h"
#include "symbolize/symbolize.h"

#define DWARF_NO_UNIT	 UINT32_MAX
#define DWARF_MAX_FRAMES 256 /* of one address */

struct dwarf_section {
	const char *name;
	struct elf_bytes bytes; /* plain, n = 0 where there is none */
};

struct dwarf_input {
	const struct elf_file *binary; /* what is code */
	const struct dwarf_section *sections;
	size_t n_sections;
	bool is_little, is_64;
	const uint64_t *addresses; /* ascending */
	size_t n_addresses;
	const uint32_t *bad_units; /* units to leave alone */
	size_t n_bad_units;
	uint32_t end_unit; /* the first unit not even to look for; DWARF_NO_UNIT = all */
};

struct dwarf_frame {
	struct frame frame;
	bool is_linkage; /* frame.function is the name that the linker saw */
};

struct dwarf_sink {
	/* Before unit number `unit` (in file order) is looked for, or read for its answers. */
	void (*enter)(void *ctx, uint32_t unit, bool for_answers);
	/* Frames of address number i, innermost first, at least one.  Without a function's DIE
	 * there is one frame, with file and line only.  The strings live until the next call. */
	void (*answer)(void *ctx, size_t i, const struct dwarf_frame *frames, size_t n);
	void *ctx;
};

/* In this process, trusting the DWARF reader (dwarf_units.c). */
SONDE_MUST int dwarf_lookup(const struct dwarf_input *in, const struct dwarf_sink *sink,
			    struct err *err);

/* The same in a child process, so that damaged DWARF costs one unit and not the process
 * (dwarf_child.c).  sink->enter is not called; strings live only during the call of sink->answer.
 */
SONDE_MUST int dwarf_lookup_in_child(const struct dwarf_input *in, const struct dwarf_sink *sink,
				     struct err *err);

#endif
