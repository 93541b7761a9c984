/* timer.h - one CPU-time timer for each thread. */
#ifndef SONDE_SAMPLER_TIMER_H
#define SONDE_SAMPLER_TIMER_H

#include "sampler/threads.h"

/* Before the first timer: the period, the signal to use, and the first phase as a share of 2^64. */
void timer_setup(uint64_t period_ns, int signal, uint64_t first_phase);

void timer_use_signal(int signal); /* of timers armed from now on */
int timer_arm(struct thread *t); /* 0 or -errno */
void timer_delete_of(struct thread *t);

uint64_t timer_tick_ns(void); /* of the kernel's scheduler, at which CPU timers are looked at */
uint64_t timer_random(void);
uint64_t timer_thread_cpu_ns(pid_t tid); /* 0 = there is no such thread */

#endif
