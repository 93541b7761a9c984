/* paths.h - file names as reports print them: slash-separated text, nothing is looked up on the
 * disk. */
#ifndef SONDE_ANALYZE_PATHS_H
#define SONDE_ANALYZE_PATHS_H

#include "base/arena.h"

/* The last element; "." for "", "/" for a name of slashes only.  In arena a. */
const char *path_base(struct arena *a, const char *path);

/* The shortest equal name: no "//", no ".", no inner "..".  In arena a, or path itself. */
const char *path_clean(struct arena *a, const char *path);

/* Both joined by a slash and cleaned; an empty part is left out. */
const char *path_join(struct arena *a, const char *dir, const char *name);

/* All but the last element; "." for a name without a slash. */
const char *path_dir(struct arena *a, const char *path);

/* The tail of path that is left when what the user wants trimmed is gone.  trim_path and
 * source_path are lists parted by ':'.  Without a trim_path, what precedes "/NAME/" goes, where
 * NAME is the last element of a source_path. */
const char *path_trim(struct arena *a, const char *path, const char *trim_path,
		      const char *source_path);

#endif
