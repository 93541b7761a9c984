/* library.h - load a shared library when it is first needed, and find its functions.
 *
 * What few runs need costs the others nothing, and need not be installed.
 */
#ifndef SONDE_BASE_LIBRARY_H
#define SONDE_BASE_LIBRARY_H

#include "base/err.h"

#include <stddef.h>

struct library_function {
	const char *name;
	void *pointer; /* to the pointer that takes it */
};

/* Load the first of names (NULL at the end) that is there.  The sentence says which library or function is missing:
 * SONDE_ENOTFOUND.  It stays loaded. */
SONDE_MUST int library_load(const char *const *names, const struct library_function *functions,
			    size_t n, struct err *err);

#endif
