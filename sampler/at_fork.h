/* at_fork.h - pthread_atfork() and at_quick_exit() of whichever C library is there. */
#ifndef SONDE_SAMPLER_AT_FORK_H
#define SONDE_SAMPLER_AT_FORK_H

int call_at_fork(void (*before)(void), void (*parent)(void),
		 void (*child)(void));	  /* 0 or errno's */
int call_at_quick_exit(void (*fn)(void)); /* 0, or not */

#endif
