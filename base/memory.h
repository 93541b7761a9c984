/* memory.h - how much the arrays and arenas of this process may hold together.
 *
 * A file of a few kilobytes can describe a profile of gigabytes.  The tool sets a limit that fits
 * its input; what would pass it fails as if the machine had no more.  Without a call there is no
 * limit, as in the library.  The counters are atomic: any thread may take and give.
 */
#ifndef SONDE_BASE_MEMORY_H
#define SONDE_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void memory_set_limit(size_t bytes);
size_t memory_limit(void); /* SIZE_MAX = none */

/* Called by vec.c and arena.c alone, in bytes of address space.  False: it would be too much, and
 * nothing was taken. */
bool memory_take(size_t bytes);
void memory_give(size_t bytes);

#endif
