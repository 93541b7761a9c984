/* event.h - one perf event for each thread: SIGTRAP after each period of its CPU time.  Async-signal-safe. */
#ifndef SONDE_SAMPLER_EVENT_H
#define SONDE_SAMPLER_EVENT_H

#include "sampler/threads.h"

#include <signal.h>

/* May this process have such events?  0 or -errno.  Without the kernel's time where only that is permitted and
 * user_only says so; else with the kernel's frames, if they are wanted. */
long event_try(bool user_only, bool want_kernel_frames);

bool event_excludes_kernel(void);

/* The thread t->tid gets an event; the signals that it sends carry t.  0 or -errno. */
long event_start(struct thread *t, uint64_t period_ns);

/* The calling thread's event is replaced by one of another period: 0 or -errno, the old one stays. */
long event_change(struct thread *t, uint64_t period_ns);

/* By any thread.  A signal that is on its way may come later. */
void event_stop(struct thread *t);

/* By the thread's handler, when it has read the kernel's frames: end what was stopped meanwhile. */
void event_stopped(struct thread *t);

enum { EVENT_KERNEL_FRAMES = 128 };

/* Where in the kernel the thread was when its event last expired, leaf first, callers as return address - 1; 0 = it was
 * not, or frames were not wanted.  By the thread itself, before the event is changed; at most EVENT_KERNEL_FRAMES. */
uint32_t event_kernel_frames(struct thread *t, uint64_t *pcs);

/* The record that the signal carries; NULL = this signal is not from an event. */
struct thread *event_thread(const siginfo_t *si);

#endif
