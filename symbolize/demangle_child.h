/* demangle_child.h - demangle names that may be meant to do harm. */
#ifndef SONDE_SYMBOLIZE_DEMANGLE_CHILD_H
#define SONDE_SYMBOLIZE_DEMANGLE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* May this name become so long that printing it takes noticeable time? */
bool demangle_is_risky(const char *mangled);

/* The name in full, by a child process with little time; NULL if that was not enough, or it is no
 * name.  malloc'ed.  Not thread-safe; after a fork each process has a child of its own. */
char *demangle_in_child(const char *mangled);

#endif
