/* kept.h - one sample of each thread, drawn by lot from all that it had.  Async-signal-safe. */
#ifndef SONDE_SAMPLER_KEPT_H
#define SONDE_SAMPLER_KEPT_H

#include "sampler/threads.h"

void kept_forget(struct thread *t);
void kept_draw(struct thread *t, struct segment *s, uint32_t stack, uint32_t context,
	       uint64_t weight);

/* So many more periods, or less, on the thread's sample; never less than none.  Returns how many it were.  By the thread
 * itself, outside its handler, or when it has ended. */
int64_t kept_add(struct thread *t, int64_t periods);

#endif
