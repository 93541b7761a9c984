/* thread_records.h - the records of threads, for the files that keep them.  All of it with the registry's lock held. */
#ifndef SONDE_SAMPLER_THREAD_RECORDS_H
#define SONDE_SAMPLER_THREAD_RECORDS_H

#include "sampler/engine.h"

struct thread_records {
	struct thread *free_list;
	_Atomic unsigned n_used; /* read without the lock too */
	unsigned n_running, n_cloned;
};
extern struct thread_records thread_records;

struct thread *thread_record_at(unsigned i);

/* Those that were ever used: the pages of the others stay untouched. */
#define FOR_EACH_THREAD(t)                                                                         \
	for (unsigned i_ = 0; i_ < thread_records.n_used; i_++)                                    \
		for (struct thread *t = thread_record_at(i_); t; t = NULL)

struct thread *thread_record_take(void); /* NULL = no memory */
void thread_record_give_back(struct thread *t);
struct thread *thread_record_find(pid_t tid); /* NULL = none */
void thread_record_place(struct thread *t, pid_t tid);

/* threads.c: arm if sampling is on; what cannot be armed is counted. */
int thread_arm(struct thread *t, enum engine_from from);
bool thread_is_armed(const struct thread *t);
void threads_reap_cloned(void); /* those that are known to have ended */

/* thread_scan.c: bring records and kernel to agreement.  is_start: what is found was there before. */
void thread_scan(bool is_start);

/* thread_account.c: a thread ends, and used so much: what its signals stood for is compared with that. */
void thread_account_end(struct thread *t, int64_t cpu_ns);
void thread_account_vanished(struct thread *t); /* its clock is gone with it */
void thread_account_begin(void);		/* sampling begins: every thread is armed */
void thread_account_forked(void);		/* in the child */
bool thread_is_ignored(pid_t tid);
bool thread_has_ignored(void);

#endif
