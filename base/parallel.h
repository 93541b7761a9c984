/* parallel.h - work in numbered pieces, on all cores that the process may use.
 *
 * For the tool alone: the library that runs inside a target has no use for threads of its own.  The
 * pieces must not depend on each other.  Who wants results that do not depend on the number of
 * cores or on luck keeps one result for each piece and joins them in order.
 */
#ifndef SONDE_BASE_PARALLEL_H
#define SONDE_BASE_PARALLEL_H

#include <stddef.h>

typedef void (*parallel_fn)(void *ctx, size_t piece);

/* Call fn(ctx, piece) once for each of 0 .. n - 1, several at a time; returns when all are done.
 * Where no thread can be made the caller does all of it. */
void parallel_run(parallel_fn fn, void *ctx, size_t n);

/* How many pieces run at a time: cores, at most PARALLEL_MOST. */
enum { PARALLEL_MOST = 16 };
size_t parallel_width(void);

#endif
