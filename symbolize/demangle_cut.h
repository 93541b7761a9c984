/* demangle_cut.h - take parameters, return type and template arguments out of a demangled C++ name.
 */
#ifndef SONDE_SYMBOLIZE_DEMANGLE_CUT_H
#define SONDE_SYMBOLIZE_DEMANGLE_CUT_H

#include "base/arena.h"

#include <stdbool.h>

struct demangle_cut {
	bool templates; /* template arguments too */
};

/* The name alone, in the arena; a copy of full where its shape is not understood. */
const char *demangle_cut_name(const struct demangle_cut *cut, const char *full, struct arena *a);

#endif
