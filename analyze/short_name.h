/* short_name.h - function names without the packages, namespaces and arguments around them, for
 * the boxes of a graph. */
#ifndef SONDE_ANALYZE_SHORT_NAME_H
#define SONDE_ANALYZE_SHORT_NAME_H

#include "base/arena.h"

/* In arena a, or name itself. */
const char *short_name(struct arena *a, const char *name);

#endif
