/* modules.h - which executable code is mapped where: for the unwinder, and for the spool.  Not for handlers. */
#ifndef SONDE_SAMPLER_MODULES_H
#define SONDE_SAMPLER_MODULES_H

#include <stdbool.h>

/* Look at what the loader has mapped; publish the list to live.modules; write the modules into live.segment.
 * Thread-safe. */
void modules_refresh(void);

/* Compile the unwind tables of the modules that handlers have met.  Thread-safe. */
void modules_compile(void);

/* Has the loader mapped or unmapped anything since the last refresh? */
bool modules_changed(void);

/* Write the modules into a segment that was just added. */
void modules_record(void);

/* Around fork(): the loader's lock must not be held by a thread that the child does not have. */
void modules_lock(void);
void modules_unlock(void);

/* In the child of a fork.  If the parent had several threads, one of them may have held the loader's lock, which nobody
 * will ever release in the child: the list stays as it was at the fork. */
void modules_forked(bool had_several_threads);

#endif
