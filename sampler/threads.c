/* threads.c - keep one record, and one timer or perf event, for each thread of the process.
 *
 * Threads come in by three doors: pthread_create (wrapped: threads_enter in the new thread, threads_leave when its
 * thread-specific data is destroyed), threads_start_all for those that exist when sampling starts, and threads_scan,
 * which reads /proc/self/task from time to time and finds what came by clone().
 */
#include "sampler/kept.h"
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/thread_records.h"
#include "sampler/timer.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

static __thread struct thread *self __attribute__((tls_model("initial-exec")));

bool thread_is_armed(const struct thread *t)
{
	return t->has_timer || atomic_load(&t->event);
}

int thread_arm(struct thread *t, enum engine_from from)
{
	int rc;

	/* (A child by a bare fork system call has our state, and nothing of ours to run it.) */
	if (!atomic_load(&live.sampling) || live.header->pid != getpid())
		return 0;
	rc = engine_arm(t, from);
	if (rc)
		atomic_fetch_add(&live.header->refused, 1);
	else
		atomic_fetch_add(&live.header->threads, 1);
	if (t->has_timer)
		atomic_fetch_add(&live.header->by_timer, 1);
	return rc;
}

/* What may be read without asking.  The main thread's stack ends where the kernel put it, and nothing else is mapped
 * within 128 MiB below (mmap_base() leaves that gap at least).  glibc puts the descriptor of a created thread, to
 * which its thread pointer points, at the upper end of the stack, and the guard at the lower. */
static struct stack_bounds own_stack(pid_t tid, size_t stack_bytes)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0),
		  top = (uintptr_t)__builtin_thread_pointer();
	struct rlimit limit;

	if (tid == getpid()) {
		size_t most = (size_t)120 << 20;

		top = live.main_stack_end;
		if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < most)
			most = limit.rlim_cur;
		stack_bytes = most;
	}
	if (here < top && top - here < stack_bytes)
		return (struct stack_bounds){ top - stack_bytes, top };
	return (struct stack_bounds){ 0, 0 };
}

/* The record of the calling thread: the one that a scan made before, else t, else a new one. */
static struct thread *own_record(struct thread *t, pid_t tid)
{
	struct thread *found = thread_record_find(tid);

	if (!found) {
		if (!t)
			t = thread_record_take();
		if (t)
			thread_record_place(t, tid);
		return t;
	}
	if (t) {
		found->start = t->start;
		found->arg = t->arg;
		found->inherited = t->inherited;
		found->stack_bytes = t->stack_bytes;
		thread_record_give_back(t);
	}
	return found;
}

struct thread *threads_enter(struct thread *t)
{
	pid_t tid = (pid_t)raw_syscall(SYS_gettid, 0, 0, 0, 0);
	enum engine_from from = t ? FROM_BIRTH : FROM_START;

	threads_lock();
	t = own_record(t, tid);
	if (t) {
		t->is_found = false;
		t->stack = own_stack(tid, t->stack_bytes);
		t->labels = &labels_current;
		if (!thread_is_armed(t))
			thread_arm(t, from);
		else if (from == FROM_BIRTH)
			t->since_birth = true; /* a scan was there first: its time is known all the same */
	}
	self = t;
	threads_unlock();
	return t;
}

void threads_leave(void)
{
	struct thread *t = self;
	sigset_t set;

	if (!t)
		return;
	/* From here on the thread is not sampled, so no signal of it can come late. */
	sigemptyset(&set);
	signals_add_ours(&set);
	real_sigmask(SIG_BLOCK, &set, NULL);
	self = NULL;
	threads_lock();
	thread_account_end(t, (int64_t)timer_thread_cpu_ns(t->tid));
	thread_record_give_back(t);
	threads_unlock();
}

void threads_settle(void)
{
	struct thread *t = self;

	if (!t || !t->kept.segment)
		return;
	engine_process_ends(t, (int64_t)timer_thread_cpu_ns(t->tid));
	kept_forget(t); /* once */
}

void threads_reap_cloned(void)
{
	if (thread_records.n_cloned == 0)
		return;
	FOR_EACH_THREAD(t)
	{
		if (t->tid && t->is_cloned && atomic_load(&t->ended_ns)) {
			thread_account_end(t, atomic_load(&t->ended_ns));
			thread_record_give_back(t);
		}
	}
}

void threads_cloned(struct thread *t, pid_t tid)
{
	struct thread *found;

	threads_lock();
	threads_reap_cloned();
	found = thread_record_find(tid); /* by a scan; the thread itself knows t */
	if (found)
		thread_record_give_back(found);
	thread_record_place(t, tid);
	t->is_found = t->is_cloned = true;
	thread_records.n_cloned++;
	if (atomic_load(&t->ended_ns) || (thread_arm(t, FROM_CLONE) && atomic_load(&t->ended_ns)))
		engine_was_too_late(t);
	threads_unlock();
}

int threads_start_all(void)
{
	int rc = 0;

	threads_lock();
	FOR_EACH_THREAD(t) /* entered while sampling was off */
	if (t->tid && !thread_is_armed(t)) {
		int failed = thread_arm(t, FROM_NOW);

		rc = failed ? failed : rc;
	}
	thread_scan(true);
	thread_account_begin();
	threads_unlock();
	return rc;
}

void threads_stop_all(void)
{
	threads_lock();
	FOR_EACH_THREAD(t)
	engine_disarm(t);
	threads_unlock();
}

void threads_rearm_all(void)
{
	threads_lock();
	FOR_EACH_THREAD(t)
	{
		if (t->has_timer) {
			timer_delete_of(t);
			timer_arm(t);
		}
	}
	threads_unlock();
}

void threads_give_up_events(void)
{
	threads_lock();
	engine_give_up_events();
	FOR_EACH_THREAD(t)
	{
		if (atomic_load(&t->event)) {
			engine_disarm(t);
			engine_arm(t, FROM_NOW);
		}
	}
	threads_unlock();
}

void threads_mend(void)
{
	threads_lock();
	FOR_EACH_THREAD(t)
	{
		if (t->tid && t->lacks_engine && !thread_is_armed(t) && timer_arm(t) == 0)
			t->lacks_engine = false;
	}
	threads_unlock();
}

/* A few at a time: it costs a system call for each. */
void threads_look_after(void)
{
	enum { AT_ONCE = 64 };
	static unsigned next;
	unsigned left = AT_ONCE;

	threads_lock();
	if (next >= thread_records.n_used)
		next = 0;
	for (; left && next < thread_records.n_used; left--, next++) {
		struct thread *t = thread_record_at(next);

		if (t->tid && t->has_timer && engine_replace_timer(t))
			atomic_fetch_sub(&live.header->by_timer, 1);
	}
	threads_unlock();
}

bool threads_forked(void)
{
	bool had_more = thread_records.n_running > 1;

	thread_account_forked();
	FOR_EACH_THREAD(t)
	{
		kept_forget(t);
		t->has_timer = false; /* neither timers nor events are inherited */
		t->event = t->stopped_event = NULL;
		t->busy = 0;
		t->is_cloned = false;
		if (t->tid && t != self) {
			t->tid = 0;
			t->next_free = thread_records.free_list;
			thread_records.free_list = t;
		}
	}
	thread_records.n_running = thread_records.n_cloned = 0;
	if (self)
		thread_record_place(self, getpid());
	return had_more;
}
