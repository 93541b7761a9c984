/* exec_preload.h - leave the library out of the environment of a program that could not load it.  Async-signal-safe, and
 * for children of vfork: no memory but the caller's. */
#ifndef SONDE_SAMPLER_EXEC_PRELOAD_H
#define SONDE_SAMPLER_EXEC_PRELOAD_H

#include <stddef.h>

/* How many pointers' room exec_preload_environment() needs, at least 1. */
size_t exec_preload_room(char *const *envp);
/* envp as it is, or a copy in the room of that size, borrowing its strings. */
char *const *exec_preload_environment(char *const *envp, char **room, size_t n);

#endif
