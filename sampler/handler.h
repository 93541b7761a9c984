/* handler.h - the signal handler: one sample of the interrupted thread. */
#ifndef SONDE_SAMPLER_HANDLER_H
#define SONDE_SAMPLER_HANDLER_H

#include <signal.h>

void handler_run(int sig, siginfo_t *si, void *context);

/* What was installed before us, called for signals that are not ours.  SIG_DFL and SIG_IGN: such signals are dropped,
 * since the default action would end the host. */
void handler_chain(const struct sigaction *before);
const struct sigaction *handler_before(void); /* what the host believes is installed */

#endif
