/* source.h - find source files by the names that profiles have for them, and read their lines. */
#ifndef SONDE_ANALYZE_SOURCE_H
#define SONDE_ANALYZE_SOURCE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>

struct source {
	const char **lines; /* lines[1 .. n], without line ends */
	size_t n;
};

struct source_places {
	const char *source_path, *trim_path; /* "" = not given */
	bool guarded;			     /* nothing but what source_rule.h allows */
};

/* A name is trimmed first (paths.h); an absolute one must then exist, any other is looked for in
 * each folder of source_path ("" = the current one) and all folders above it.  Everything lives in
 * arena a. */
SONDE_MUST int source_read(struct source *out, struct arena *a, const char *name,
			   const struct source_places *places, struct err *err);

/* Where source_read() looked for such a file, and what was in the way when it was not just missing:
 * "/a/x.c, /b/x.c (Permission denied)".  In arena a. */
const char *source_tried(struct arena *a, const char *name, const struct source_places *places);

#endif
