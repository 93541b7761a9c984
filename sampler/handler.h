/* handler.h - the signal handler: one sample of the interrupted thread. */
#ifndef SONDE_SAMPLER_HANDLER_H
#define SONDE_SAMPLER_HANDLER_H

#include "sampler/threads.h"

#include <signal.h>
#include <ucontext.h>

void handler_run(int sig, siginfo_t *si, void *context);

/* A sample of the calling thread that no signal brought: where it was at uc.  Our signals are blocked in it. */
void handler_count(struct thread *t, const ucontext_t *uc, uint64_t weight);

/* SIGTRAP, where the host has a handler for it: late signals of events that were stopped do not come to it. */
void handler_trap_of_host(int sig, siginfo_t *si, void *context);

/* What was installed before us, done for signals that are not ours. */
void handler_chain(const struct sigaction *before);
const struct sigaction *handler_before(void); /* what the host believes is installed */

#endif
