/* demangle_child.h - demangle names that may be meant to do harm. */
#ifndef SONDE_SYMBOLIZE_DEMANGLE_CHILD_H
#define SONDE_SYMBOLIZE_DEMANGLE_CHILD_H

#include <libiberty/demangle.h>
#include <stdbool.h>
#include <stddef.h>

/* Names of a kilobyte pass libiberty's own limit, which is for those who have no other. */
#define DEMANGLE_OPTIONS (DMGL_PARAMS | DMGL_TYPES | DMGL_NO_RECURSE_LIMIT)

/* May this name become so long that printing it takes noticeable time? */
bool demangle_is_risky(const char *mangled);
/* And is it so long that taking it apart may take too much of the stack? */
bool demangle_is_deep(const char *mangled);

/* The name in full, within a tenth of a second of CPU time, and all of them within two; NULL if that was not enough, or it
 * is no name.  malloc'ed.  Not thread-safe.  Not for deep ones. */
char *demangle_timed(const char *mangled);

/* The name in full, by a child process with little time; NULL if that was not enough, or it is no
 * name.  malloc'ed.  Not thread-safe; after a fork each process has a child of its own. */
char *demangle_in_child(const char *mangled);

#endif
