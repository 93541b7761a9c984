/* tick.h - how much CPU time one signal stands for, and the timer's settings that follow from it. */
#ifndef SONDE_SAMPLER_TICK_H
#define SONDE_SAMPLER_TICK_H

#include "sampler/threads.h"

#include <signal.h>

struct tick_setup {
	uint64_t period_ns;     /* CPU time between samples */
	uint64_t tick_ns;       /* of the kernel's scheduler, at which CPU timers are looked at */
	uint64_t first_phase; /* as a share of 2^64 */
};
void tick_setup(const struct tick_setup *setup); /* before the first timer */

/* How many periods of CPU time this signal stands for; 0 = none, no sample.  Async-signal-safe. */
uint64_t tick_weight(struct thread *t, const siginfo_t *si);

/* The next expiry after so much more CPU time, then every period: 0 or -errno.  Async-signal-safe. */
long tick_set_timer(int timer, uint64_t first_ns);

/* A thread that had its timer since its birth ends after so much CPU time with it. */
void tick_thread_ends(struct thread *t, int64_t cpu_ns);
void tick_process_ends(struct thread *t, int64_t cpu_ns); /* in its last thread */

#endif
