/* session.h - sampling as a whole, for the library's own files: preload and the public calls. */
#ifndef SONDE_SAMPLER_SESSION_H
#define SONDE_SAMPLER_SESSION_H

#include "base/err.h"
#include "sampler/engine.h"
#include "sampler/sonde.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <ucontext.h>

/* CPU time of the process, when it was another program. */
struct session_past {
	uint64_t counted_ns; /* so much has been sampled, or might have been; 0 = not known */
	uint64_t from_ns;    /* what came after this is in no other spool's account */
};

/* When to sample, on CLOCK_MONOTONIC; 0 = from the beginning, to the end. */
struct session_window {
	uint64_t from_ns, until_ns;
};

struct session_opts {
	struct sonde_options options;
	const char *spool_path; /* NULL = memory only */
	const char *out;   /* where the profile is wanted, noted in the spool; NULL = nowhere */
	bool follow_forks; /* children are sampled too */
	bool from_birth;   /* the process has done nothing of its own yet */
	enum engine engine;
	bool kernel_frames;
	const ucontext_t
		*here; /* whom the CPU time before the beginning is laid on; NULL = nobody */
	struct session_past past;
	struct session_window window;
};

int session_start(const struct session_opts *opts); /* 0 or -errno */
int session_stop(void);

/* The process ends: sampling does too, timers and the keeper go with the process.  False when the session is busy in
 * the very thread that ends, in a signal handler: then the spool is all that is left, and nothing is lost. */
SONDE_MUST bool session_end(void);
SONDE_MUST int session_write_file(const char *path, struct err *err);
bool session_is_of_this_process(void); /* false in a child that did not come through fork() */
void session_mark_finished(void);

/* Nothing of this process is sampled any more, nor of its children, and no system call made for it. */
void session_retire(void);
bool session_is_retired(void);

/* After the end: give back what the spool's file does not need. */
void session_trim(void);

/* Is this the spool of what this very process was before it executed a program, and without samples, so that its name
 * is free?  One with samples gives back what it does not need.  Where it is of this process, past is set. */
bool session_replaces(const char *path, struct session_past *past);
uint64_t session_pid_namespace(void); /* tells processes of equal number apart; 0 = not known */
/* The calling process is about to execute a program.  Async-signal-safe; nothing in a child that shares memory. */
void session_note_exec(void);
uint64_t session_weight(void); /* periods sampled so far */
/* The host wants the signal for itself: another one is taken, or sampling ends. */
void session_give_up_signal(void);
void session_give_up_events(void); /* the same for SIGTRAP: threads go on with timers */

/* The host is about to change what it can reach: room is taken for what comes after (spool_reserve.h). */
void session_make_reserve(void);

/* session_guests.c: children without a spool of their own, which have their samples in that of this process. */
bool session_is_guest(void); /* this is one: somebody else's file has its samples */
enum session_guests { GUESTS_NONE, GUESTS_ENDED, GUESTS_LIVE } session_guests(void);
void session_discard(void); /* nothing was sampled: the name, or a guest's room, is given back */

/* Called in the child of a fork; starts a session for it when the parent's follows forks. */
typedef void (*session_fork_fn)(const struct session_opts *parents);
void session_on_fork(session_fork_fn fn);

/* Does the calling thread take our signal for blocked, though it is not?  A new thread does as its creator did. */
unsigned signals_believed_blocked(void); /* some bits, for the next */
void signals_inherit_belief(unsigned blocked);

/* The real ones, however they were wrapped. */
struct sigaction;
int real_sigmask(int how, const sigset_t *set, sigset_t *before); /* 0 or an errno value */
int real_sigaction(int sig, const struct sigaction *action, struct sigaction *before);
/* The signals that we use, in sets of the host. */
bool signals_ours_in(const sigset_t *set);
void signals_add_ours(sigset_t *set);
void signals_remove_ours(sigset_t *set);
int real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
			void *arg);

long sonde_failed_call(long result); /* what syscall() returns for it, errno set */

/* The thread that grows the spool and follows modules and threads. */
int keeper_start(void);
void keeper_stop(void);
/* Around calls that want no thread beside the host's own: false when there was nothing to pause.  No other thread can
 * pause between the two. */
bool keeper_pause(void);
void keeper_resume(void);
void keeper_forked(void); /* it does not exist in the child */
/* Is it one of the threads that the kernel counts in this process?  Async-signal-safe. */
bool keeper_is_counted(void);
bool keeper_is(pid_t tid);
/* Is that descriptor's folder /proc/self/task?  Async-signal-safe. */
bool is_task_folder(int fd);

/* What the keeper does for the session. */
void session_grow(void);
void session_note_clocks(bool to_the_end);

/* What the session does for its own files: the spool, in which nothing is added or taken away until it is let go; NULL =
 * nothing has been sampled by this process.  Either way session_let_go() follows. */
struct spool;
const struct spool *session_hold(int *cancel);
void session_let_go(int cancel);

/* Sampling has a window.  The first is called when it would begin: true = later, when the keeper opens the window. */
bool session_window_begin(const struct session_window *w);
bool session_window_is_ahead(void);
bool session_window_is_over(void);
bool session_window_has_passed(const struct session_window *w);
bool session_window_cancel(void); /* true: it was ahead, and will not come */
/* By the keeper: open and close it when it is time; false = it is over.  And how long to sleep, at most, until then. */
bool session_window_lasts(void);
long session_window_pause_ns(long most);

struct spool_header;
uint64_t session_clock_ns(clockid_t clock); /* 0 where a filter forbids it */
void session_fill_header(struct spool_header *h, const struct session_opts *opts,
			 uint64_t period_ns, uint64_t from_ns);
void session_account_from(struct spool_header *h, uint64_t cpu_ns); /* time counts from now on */
void session_note_engine(void);

#endif
