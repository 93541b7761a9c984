/* live.h - what the handler reads: the one place that the rest of the library publishes to. */
#ifndef SONDE_SAMPLER_LIVE_H
#define SONDE_SAMPLER_LIVE_H

#include "sampler/unwind.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct segment;

/* Things the handler asks the keeper for, by bits of live.wanted. */
enum { WANT_SEGMENT = 1, WANT_MODULES = 2, WANT_STOP = 4, WANT_THREADS = 8 };

struct live {
	_Atomic bool sampling;
	struct spool_header *header;	 /* set before sampling, valid while it lasts */
	struct segment *_Atomic segment; /* where new samples go */
	const struct module_list *_Atomic modules;
	uintptr_t skip_low, skip_high; /* the library's own code; goes into lists of modules */
	uintptr_t main_stack_end;
	uintptr_t first_sp;	      /* of the main thread; goes into lists of modules */
	_Atomic int signal;	      /* ours; 0 = none yet */
	_Atomic bool trap_is_ignored; /* what the host did with SIGTRAP; see trap.c */
	void (*_Atomic trap_handler)(int, siginfo_t *, void *);
	_Atomic int wanted; /* futex of the keeper */
};

extern struct live live;

/* Ask the keeper; at most one system call, none when it has been asked already.  Async-signal-safe. */
void live_want(int what);

#endif
