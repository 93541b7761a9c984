/* outer_name.h - what the outermost function of a chain is called. */
#ifndef SONDE_SYMBOLIZE_OUTER_NAME_H
#define SONDE_SYMBOLIZE_OUTER_NAME_H

#include "base/strtab.h"
#include "symbolize/dwarf_lookup.h"
#include "symbolize/symtab.h"

/* The name for the function f, which holds the address: f's own, one of the table's, or one in strings;
 * NULL = unknown. */
const char *outer_name_choose(const struct symtab *t, struct strtab *strings, uint64_t address,
			      const struct dwarf_frame *f);

#endif
