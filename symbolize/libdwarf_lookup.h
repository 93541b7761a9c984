/* libdwarf_lookup.h - the second reader of DWARF: libdwarf, in a child process.
 *
 * The answers come unit by unit, so that a unit is walked once whatever number of addresses it holds.
 */
#ifndef SONDE_SYMBOLIZE_LIBDWARF_LOOKUP_H
#define SONDE_SYMBOLIZE_LIBDWARF_LOOKUP_H

#include "symbolize/dwarf_lookup.h"

#define DWARF_NO_UNIT UINT32_MAX

struct libdwarf_input {
	const struct dwarf_source *source;
	const uint64_t *addresses; /* ascending */
	size_t n_addresses;
	const uint32_t *bad_units; /* units to leave alone */
	size_t n_bad_units;
	uint32_t end_unit; /* the first unit not even to look for; DWARF_NO_UNIT = all */
};

struct libdwarf_sink {
	/* Before unit number `unit` (in file order) is looked for, or read for its answers. */
	void (*enter)(void *ctx, uint32_t unit, bool for_answers);
	/* May come twice for an address: the second is the better one. The strings live until the
	 * next call. */
	dwarf_answer_fn answer;
	void *ctx;
};

/* In this process, trusting libdwarf (libdwarf_units.c). */
SONDE_MUST int libdwarf_lookup(const struct libdwarf_input *in, const struct libdwarf_sink *sink,
			       struct err *err);

/* The same in a child process, so that damaged DWARF costs one unit and not the process
 * (libdwarf_child.c).  sink->enter is not called; strings live only during the call of
 * sink->answer. */
SONDE_MUST int libdwarf_lookup_in_child(const struct libdwarf_input *in,
					const struct libdwarf_sink *sink, struct err *err);

#endif
