/* own_signal.h - the signal that samples come by: one that the host does not use.  Not for handlers. */
#ifndef SONDE_SAMPLER_OWN_SIGNAL_H
#define SONDE_SAMPLER_OWN_SIGNAL_H

#include <signal.h>

int own_signal_install(void); /* once for each process image: 0 or -errno */
/* Any free one but this takes its place, and is live.signal from now on: 0 or -errno. */
int own_signal_take(int not_this);

/* The flags and the mask for our handlers, which run on the alternate stack where that must be. */
struct sigaction own_signal_action(void);
/* Go is there: now it must. */
void own_signal_meet_go(void);

#endif
