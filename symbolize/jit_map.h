/* jit_map.h - /tmp/perf-PID.map, where programs that compile while they run tell what they made. */
#ifndef SONDE_SYMBOLIZE_JIT_MAP_H
#define SONDE_SYMBOLIZE_JIT_MAP_H

#include "base/err.h"
#include "symbolize/symtab.h"

#include <stdbool.h>
#include <stdint.h>

/* Is that the name of such a file?  Mappings of code without a file have it as their name. */
bool jit_map_is(const char *file);

struct jit_map_time { /* of the profile, in nanoseconds since the epoch; 0 = unknown */
	int64_t start, end;
	bool is_fresh; /* it has just ended */
};

/* Read the map that a mapping is named after; root is put before its name.  Refused: what is no
 * regular file, belongs to another user, or was not written while the profile was recorded. */
SONDE_MUST int jit_map_read(struct symtab **out, const char *file, const char *root,
			    const struct jit_map_time *time, struct err *err);
/* The same from bytes: never fails, damaged lines are left out. */
struct symtab *jit_map_read_mem(const char *text, size_t bytes);

#endif
