/* threads.h - the sampled threads of this process, each with a timer or a perf event of its own.
 *
 * A struct thread is never unmapped, so a late signal may still point at it.  Records live in chunks; those of dead
 * threads are used again.
 */
#ifndef SONDE_SAMPLER_THREADS_H
#define SONDE_SAMPLER_THREADS_H

#include "sampler/labels.h"
#include "sampler/unwind.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

struct segment;

struct kept_sample {		 /* see kept.c */
	struct segment *segment; /* NULL = none */
	uint32_t stack, context;
	uint64_t weight; /* of this sample */
	uint64_t of;	 /* of all that it was drawn from */
	uint64_t random;
};

struct thread {
	_Atomic int tid;  /* 0 = the record is free */
	_Atomic int busy; /* the handler is at work in it */
	bool has_timer;
	bool is_found; /* by looking in /proc, not by a wrapped pthread_create: nothing of it may be relied on */
	bool lacks_engine; /* its event had to be given up in the handler */
	bool has_spare_event; /* in the place of a timer: see engine.c */
	bool since_birth;  /* the timer or event was there when the thread began */
	int64_t since_ns;  /* what it had used before that, on its CPU clock */
	int timer;	   /* the kernel's number */
	unsigned seen;	   /* by which scan */

	/* With a timer: see tick.c. */
	bool is_young;
	struct kept_sample kept;
	uint64_t represented_ns; /* CPU time that its signals stood for */

	/* With an event: see event.c and due.c. */
	void *_Atomic event;	     /* the page that keeps it alive; NULL = none */
	void *_Atomic stopped_event; /* one that a handler may still read, which it is to end */
	uint64_t event_period_ns;
	int64_t clock_ns; /* the thread's CPU clock at its last signal; with a timer, when it was armed */
	int64_t counted_ns; /* the same at its last signal that stood for something */
	int64_t due_ns;	    /* when the next period is complete, on that clock */
	uint32_t owed;	    /* periods of the time before it was found */
	uint32_t
		idle_signals; /* that stood for nothing, while the event's period is not yet the right one */

	struct stack_bounds stack;
	const struct label_set *volatile
		*labels; /* where the thread keeps its current set; NULL = nowhere */

	/* Until the thread runs: what it was created for. */
	void *(*start)(void *);
	int (*clone_start)(void *); /* see wrap_clone.c */
	void *arg;
	size_t stack_bytes;
	unsigned believed; /* see wrap_signals.c */
	const struct label_set *inherited;

	_Atomic int64_t ended_ns; /* one made by clone() has ended after so much CPU time; 0 = no */
	bool is_cloned;

	struct thread *next_free;

	/* The handler's own: unwind rules, the context of the last sample, and room to build a record. */
	struct unwind_cache rules;
	uint32_t context_seq, context;
	const struct label_set *context_labels;
	uint64_t context_name[SPOOL_NAME_BYTES / 8];
	uint64_t words[SPOOL_MAX_WORDS];
};

/* All of these take the registry's lock: not for handlers. */
struct thread *threads_new(void);	/* a record that belongs to nobody yet; NULL = no memory */
void threads_release(struct thread *t); /* its timer or event, if any, is deleted */
struct thread *
threads_enter(struct thread *t); /* the calling thread takes its place in t (NULL: a new one) */
void threads_leave(void);	 /* the calling thread ends */
void threads_settle(
	void); /* sampling ends, and was stopped: the calling thread pays what is owed */
void threads_cloned(struct thread *t, pid_t tid); /* by its creator: t is the record of a clone() */
int threads_start_all(void);			  /* arm every thread of the process: 0 or -errno */
void threads_stop_all(void);
void threads_rearm_all(void);	   /* delete every timer and make it anew */
void threads_give_up_events(void); /* every event becomes a timer */
void threads_mend(void);	   /* arm those whose event had to be given up */
void threads_look_after(void);	   /* give events to those that no timer meets */
void threads_scan(void);	   /* find threads that came or went unnoticed */
bool threads_forked(
	void); /* in the child of a fork: only the caller is left; had there been more? */
bool threads_quiet(void);	   /* no handler is at work at this moment */
void threads_forget_samples(void); /* those that lie in a spool that goes */
bool threads_all_gone(void);	   /* nothing is left of the host but a main thread that ended */
void threads_ignore(pid_t tid);	   /* the library's own thread; 0 = none */
uint64_t threads_ignored_cpu_ns(void); /* what it used since sampling began; without the lock */

/* The CPU time that threads used before they were armed and after they left, in the kernel mostly: it is known, and
 * not sampled.  With few threads only unless to_the_end.  The last that was known when the lock is not to be had. */
uint64_t threads_unseen_cpu_ns(bool to_the_end);
void threads_lock(void);
bool threads_trylock(void);
void threads_unlock(void);

#endif
