/* due.h - how much CPU time one signal of a perf event stands for. */
#ifndef SONDE_SAMPLER_DUE_H
#define SONDE_SAMPLER_DUE_H

#include "sampler/threads.h"

void due_setup(uint64_t period_ns); /* before the first event */

/* How many periods this signal stands for; 0 = none, no sample.  By the thread itself.  Async-signal-safe. */
uint64_t due_weight(struct thread *t);

/* The signal has been handled, and may have taken long.  The same. */
void due_handled(struct thread *t, bool may_be_long);

#endif
