/* demangle_child.h - demangle names that may be meant to do harm. */
#ifndef SONDE_SYMBOLIZE_DEMANGLE_CHILD_H
#define SONDE_SYMBOLIZE_DEMANGLE_CHILD_H

#include <stdbool.h>
#include <stddef.h>

typedef char *(*cxa_demangle_fn)(const char *mangled, char *buffer, size_t *bytes, int *status);

/* May this name become so long that printing it takes noticeable time? */
bool demangle_is_risky(const char *mangled);

/* cxa_demangle(mangled) in a child process with little time; NULL if that was not enough.
 * malloc'ed. */
char *demangle_in_child(cxa_demangle_fn cxa_demangle, const char *mangled);

#endif
