/* engine.h - what makes a thread's signals come: perf events where they are to be had, else CPU timers.
 *
 * Not for handlers.  Everything about one thread is called with the registry's lock held.
 */
#ifndef SONDE_SAMPLER_ENGINE_H
#define SONDE_SAMPLER_ENGINE_H

#include "sampler/threads.h"

enum engine { ENGINE_AUTO, ENGINE_PERF, ENGINE_TIMER };

/* From "auto", "perf" or "timer"; NULL and "" are auto.  False: none of these. */
bool engine_read_name(const char *text, enum engine *out);

/* By notes of the program itself, and of libraries too. */
bool engine_program_is_go(void);
bool engine_go_is_loaded(void);
/* By what valgrind preloads itself. */
bool engine_runs_in_valgrind(void);

struct engine_setup {
	enum engine wanted;
	bool kernel_frames; /* wanted above those of user mode; takes perf events */
	uint64_t period_ns;
	uint64_t cpu_before_ns; /* used before sampling began and to be counted */
	int signal;		/* for timers */
};
void engine_setup(const struct engine_setup *setup); /* before the first thread is armed */

/* In the parent: the child of the next fork begins at another phase than those before it. */
void engine_about_to_fork(void);

struct engine_facts {
	const char *name;
	const char
		*note; /* why it is not perf events, or what they leave out; "" = nothing to say */
	uint64_t
		longest_ns; /* between two looks at a thread: the period, or the kernel's tick if that is longer */
};
struct engine_facts engine_facts(void);

/* So many periods of cpu_before_ns are nobody's yet, once the calling thread is armed FROM_START; told once. */
uint64_t engine_owed_before(void);

/* Where the CPU time of a thread begins to count. */
enum engine_from {
	FROM_NOW,   /* it was there when sampling began */
	FROM_START, /* it was there, and cpu_before_ns counts */
	FROM_BIRTH, /* it arms itself before it begins what it was made for */
	FROM_CLONE, /* it was made a moment ago, by the caller */
	FROM_FOUND, /* it began unnoticed while sampling was on */
};
int engine_arm(struct thread *t, enum engine_from from); /* 0 or -errno */
void engine_disarm(struct thread *t);
/* A thread that ran for long and was never met by its timer gets an event where that may be: true. */
bool engine_replace_timer(struct thread *t);
void engine_was_too_late(
	struct thread *t); /* it has ended already: let engine_thread_ends() know it */
void engine_give_up_events(
	void); /* from now on timers; those that have events are armed again by the caller */

/* A thread that was armed from its birth ends.  It is sampled no more, and used cpu_ns: what its signals did not stand for
 * is laid on its samples, or handed on to other threads. */
void engine_thread_ends(struct thread *t, int64_t cpu_ns);
/* Sampling ends: the same for the thread that ends it, when there are no others to hand on to. */
void engine_process_ends(struct thread *t, int64_t cpu_ns);

#endif
