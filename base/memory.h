/* memory.h - memory for arrays and arenas, straight from the system, and how much of it this process may have.
 *
 * A file of a few kilobytes can describe a profile of gigabytes.  The tool sets a limit that fits
 * its input; what would pass it fails as if the machine had no more.  Without a call there is no
 * limit, as in the library.  The counters are atomic: any thread may take and give.
 */
#ifndef SONDE_BASE_MEMORY_H
#define SONDE_BASE_MEMORY_H

#include <stddef.h>

void memory_set_limit(size_t bytes);
size_t memory_limit(void); /* SIZE_MAX = none */

/* For vec.c and arena.c alone.  No malloc, but in builds for fuzzing: there the sanitizer's allocator watches both
 * ends, and many small pieces cost no system calls. */

/* What a piece for so many bytes has: whole pages. */
size_t memory_round(size_t bytes);

/* A piece, and the same piece with another size; bytes is as memory_round() says.  NULL = there is none, and old is
 * as it was.  What is new is zero. */
void *memory_map(size_t bytes);
void *memory_remap(void *old, size_t had, size_t bytes);
void memory_unmap(void *p, size_t bytes);

#endif
