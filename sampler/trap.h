/* trap.h - SIGTRAP is the signal of perf events, and stays the host's.  Not for handlers. */
#ifndef SONDE_SAMPLER_TRAP_H
#define SONDE_SAMPLER_TRAP_H

#include <signal.h>
#include <stdbool.h>

/* Does the host's sigaction() come by ours? */
bool trap_can_be_watched(void);

/* Install our handler.  False: the host has one. */
bool trap_take(void);
bool trap_is_ours(void);

/* So it is, or it calls the host's. */
bool trap_is_watched(void);

/* sigaction(SIGTRAP, ...) of the host while it is watched. */
int trap_sigaction(const struct sigaction *action, struct sigaction *before);

#endif
