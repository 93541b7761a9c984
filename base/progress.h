/* progress.h - how far long work has come, for whoever waits for it.
 *
 * For the tool alone.  The work says it always; it goes nowhere until progress_to() names a place,
 * which another thread may read, and another process if it is in shared memory.  All of it is
 * read and written without locks, so it may be a moment old, or of two moments.
 */
#ifndef SONDE_BASE_PROGRESS_H
#define SONDE_BASE_PROGRESS_H

#include <stddef.h>

struct progress {
	const char *step; /* a text of the program, at the same address after a fork; NULL = none */
	size_t done, total; /* total 0 = not known */
};

void progress_to(struct progress *place); /* of this process; NULL = nowhere */

/* A step begins; the text must be one of the program's own. */
void progress_begin(const char *step, size_t total);
void progress_add(size_t n); /* by any thread */

struct progress progress_read(const struct progress *place);

#endif
