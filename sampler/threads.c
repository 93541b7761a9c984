/* threads.c - keep one record, and one timer or perf event, for each thread of the process.
 *
 * Threads come in by three doors: pthread_create (wrapped: threads_enter in the new thread, threads_leave when its
 * thread-specific data is destroyed), threads_start_all for those that exist when sampling starts, and threads_scan,
 * which reads /proc/self/task from time to time and finds what came by clone().
 */
#include "sampler/threads.h"
#include "sampler/engine.h"
#include "sampler/kept.h"
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/thread_table.h"
#include "sampler/timer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct thread *free_list;
static _Atomic unsigned n_used; /* read without the lock too */
static unsigned n_running, n_cloned, scan_number;
static bool is_starting;      /* what a scan finds was there before */
static _Atomic pid_t ignored; /* 0 = none */
static _Atomic uint64_t ignored_before_ns,
	ignored_seen_ns; /* CPU time: of those before it, and with it */
static struct {
	int64_t n;	     /* threads that ended */
	int64_t seen_ns;     /* CPU time of theirs while they were armed */
	int64_t at_start_ns; /* cpu_of_the_unarmed() when sampling began */
	_Atomic int64_t unseen_ns;
} ends;
static __thread struct thread *self __attribute__((tls_model("initial-exec")));

void threads_lock(void)
{
	pthread_mutex_lock(&lock);
}

void threads_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

static struct thread *record_at(unsigned i)
{
	return &thread_table.chunks[i / CHUNK_THREADS]->threads[i % CHUNK_THREADS];
}

/* Those that were ever used: the pages of the others stay untouched. */
#define FOR_EACH_THREAD(t)                                                                         \
	for (unsigned i_ = 0; i_ < n_used; i_++)                                                   \
		for (struct thread *t = record_at(i_); t; t = NULL)

static bool add_chunk(void)
{
	unsigned n = atomic_load(&thread_table.n);
	struct thread_chunk *c;

	if (n == MAX_CHUNKS)
		return false;
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		return false;
	thread_table.chunks[n] = c;
	atomic_store_explicit(&thread_table.n, n + 1, memory_order_release);
	return true;
}

static struct thread *unused_record(void)
{
	if (n_used == atomic_load(&thread_table.n) * CHUNK_THREADS && !add_chunk())
		return NULL;
	return record_at(n_used++);
}

static struct thread *take_record(void)
{
	struct thread *t = free_list;

	if (t)
		free_list = t->next_free;
	else if (!(t = unused_record()))
		return NULL;
	t->is_found = t->has_timer = false;
	t->stack = (struct stack_bounds){ 0, 0 };
	t->labels = NULL;
	t->inherited = NULL;
	t->stack_bytes = 0;
	t->start = NULL;
	t->since_birth = t->lacks_engine = t->is_cloned = false;
	t->since_ns = 0;
	t->ended_ns = 0;
	t->context_seq = UINT32_MAX;
	return t;
}

static void give_back(struct thread *t)
{
	engine_disarm(t);
	if (t->tid)
		n_running--;
	n_cloned -= t->is_cloned;
	t->is_cloned = false;
	t->tid = 0;
	t->next_free = free_list;
	free_list = t;
}

struct thread *threads_new(void)
{
	struct thread *t;

	threads_lock();
	t = take_record();
	threads_unlock();
	return t;
}

void threads_release(struct thread *t)
{
	threads_lock();
	give_back(t);
	threads_unlock();
}

static struct thread *find(pid_t tid)
{
	FOR_EACH_THREAD(t)
	if (t->tid == tid)
		return t;
	return NULL;
}

static bool is_armed(const struct thread *t)
{
	return t->has_timer || atomic_load(&t->event);
}

/* Arm if sampling is on; what cannot be armed is counted. */
static int arm(struct thread *t, enum engine_from from)
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

static void take_place(struct thread *t, pid_t tid)
{
	t->tid = tid;
	n_running++;
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
	struct thread *found = find(tid);

	if (!found) {
		if (!t)
			t = take_record();
		if (t)
			take_place(t, tid);
		return t;
	}
	if (t) {
		found->start = t->start;
		found->arg = t->arg;
		found->inherited = t->inherited;
		found->stack_bytes = t->stack_bytes;
		give_back(t);
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
		if (!is_armed(t))
			arm(t, from);
		else if (from == FROM_BIRTH && !t->has_timer)
			t->since_birth =
				true; /* a scan was there first, and counted from the birth too */
	}
	self = t;
	threads_unlock();
	return t;
}

/* The CPU time of the process that is not that of a living thread, since it was armed. */
static int64_t cpu_of_the_unarmed(void)
{
	struct timespec process = { 0, 0 };
	int64_t armed = (int64_t)threads_ignored_cpu_ns();

	FOR_EACH_THREAD(t)
	if (t->tid)
		armed += (int64_t)timer_thread_cpu_ns(t->tid) - t->since_ns;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &process);
	return (int64_t)process.tv_sec * 1000000000 + process.tv_nsec - armed;
}

/* What threads use before they are armed and after they left shows in the process's clock alone; for a thread that
 * lives 1 ms it is a tenth.  (Threads that nobody saw are in it too, so it is bounded by what starts and ends cost.) */
static void note_unseen(bool to_the_end)
{
	enum { FEW_THREADS = 64, MOST_NS = 500000 };
	int64_t ns;

	if ((n_running > FEW_THREADS && !to_the_end) || (ends.n == 0 && n_running < 2))
		return;
	ns = cpu_of_the_unarmed() - ends.at_start_ns - ends.seen_ns;
	if (ns > (ends.n + n_running) * MOST_NS)
		ns = (ends.n + n_running) * MOST_NS;
	if (ns > 0)
		ends.unseen_ns = ns;
}

/* (A thread that ends with the process may hold the lock for ever.) */
uint64_t threads_unseen_cpu_ns(bool to_the_end)
{
	if (pthread_mutex_trylock(&lock) == 0) {
		note_unseen(to_the_end);
		threads_unlock();
	}
	return (uint64_t)ends.unseen_ns;
}

/* A thread ends, and used so much: what its signals stood for is compared with that. */
static void account(struct thread *t, int64_t cpu_ns)
{
	if (!atomic_load(&live.sampling))
		return;
	if (t->since_birth)
		engine_thread_ends(t, cpu_ns);
	ends.n++;
	ends.seen_ns += cpu_ns - t->since_ns;
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
	account(t, (int64_t)timer_thread_cpu_ns(t->tid));
	give_back(t);
	threads_unlock();
}

void threads_settle(void)
{
	struct thread *t = self;

	if (!t || !t->kept.segment)
		return;
	engine_thread_ends(t, (int64_t)timer_thread_cpu_ns(t->tid));
	kept_forget(t); /* once */
}

static void reap_cloned(void)
{
	if (n_cloned == 0)
		return;
	FOR_EACH_THREAD(t)
	{
		if (t->tid && t->is_cloned && atomic_load(&t->ended_ns)) {
			account(t, atomic_load(&t->ended_ns));
			give_back(t);
		}
	}
}

void threads_cloned(struct thread *t, pid_t tid)
{
	struct thread *found;

	threads_lock();
	reap_cloned();
	found = find(tid); /* by a scan; the thread itself knows t */
	if (found)
		give_back(found);
	take_place(t, tid);
	t->is_found = t->is_cloned = true;
	n_cloned++;
	if (atomic_load(&t->ended_ns) || (arm(t, FROM_CLONE) && atomic_load(&t->ended_ns)))
		engine_was_too_late(t);
	threads_unlock();
}

void threads_ignore(pid_t tid)
{
	threads_lock();
	ignored_before_ns = atomic_load(&ignored_seen_ns);
	ignored = tid;
	threads_unlock();
}

uint64_t threads_ignored_cpu_ns(void)
{
	uint64_t now = ignored ? timer_thread_cpu_ns(ignored) : 0;

	if (now)
		ignored_seen_ns = ignored_before_ns + now;
	return ignored_seen_ns;
}

/* Call fn for every thread that the kernel knows; getdents64 because readdir allocates. */
static void for_each_task(void (*fn)(pid_t tid))
{
	char buffer[2048] __attribute__((aligned(8))) = { 0 };
	int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	if (fd < 0)
		return;
	while ((n = raw_syscall(SYS_getdents64, fd, (long)buffer, sizeof(buffer), 0)) > 0) {
		for (long at = 0; at < n;) {
			struct dirent64 *e = (struct dirent64 *)(buffer + at);

			if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
				fn((pid_t)strtol(e->d_name, NULL, 10));
			at += e->d_reclen;
		}
	}
	close(fd);
}

static void note_task(pid_t tid)
{
	struct thread *t;

	if (tid == ignored)
		return;
	t = find(tid);
	if (!t) {
		t = take_record();
		if (!t)
			return;
		t->is_found = true;
		take_place(t, tid);
		arm(t, is_starting ? FROM_NOW : FROM_FOUND);
	}
	t->seen = scan_number;
}

/* With the lock held: bring records and kernel to agreement. */
static void scan(void)
{
	scan_number++;
	for_each_task(note_task);
	FOR_EACH_THREAD(t)
	{
		if (t->tid && t->seen != scan_number && t->is_found) {
			/* its clock is gone with it: what its signals stood for is what is known */
			ends.seen_ns +=
				t->clock_ns + (t->has_timer ? (int64_t)t->represented_ns : 0);
			give_back(t);
		}
	}
}

/* A directory's link count is 2 and one for each thread: as many as are known, nothing to look for. */
static void scan_if_needed(void)
{
	struct stat st;

	reap_cloned();
	if (stat("/proc/self/task", &st) || st.st_nlink != 2 + n_running + (ignored != 0))
		scan();
}

void threads_scan(void)
{
	threads_lock();
	scan_if_needed();
	threads_unlock();
}

/* After pthread_exit in main the process lives until its last thread ends, which must not be the keeper. */
bool threads_all_gone(void)
{
	char text[512], *state;
	struct stat st;
	ssize_t n;
	int fd;

	if (stat("/proc/self/task", &st) || st.st_nlink > 2 + 2)
		return false;
	fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC); /* of the main thread */
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] == 'Z';
}

int threads_start_all(void)
{
	int rc = 0;

	threads_lock();
	FOR_EACH_THREAD(t) /* entered while sampling was off */
	if (t->tid && !is_armed(t)) {
		int failed = arm(t, FROM_NOW);

		rc = failed ? failed : rc;
	}
	is_starting = true;
	scan_if_needed();
	is_starting = false;
	ignored_before_ns = ignored_seen_ns = 0;
	ends.n = ends.seen_ns = 0;
	ends.unseen_ns = 0;
	ends.at_start_ns = cpu_of_the_unarmed();
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
		if (t->tid && t->lacks_engine && !is_armed(t) && timer_arm(t) == 0)
			t->lacks_engine = false;
	}
	threads_unlock();
}

void threads_forget_samples(void)
{
	threads_lock();
	FOR_EACH_THREAD(t)
	kept_forget(t);
	threads_unlock();
}

bool threads_quiet(void)
{
	FOR_EACH_THREAD(t)
	if (atomic_load(&t->busy))
		return false;
	return true;
}

bool threads_forked(void)
{
	bool had_more = n_running > 1;

	ignored = 0;
	ignored_before_ns = ignored_seen_ns = 0;
	FOR_EACH_THREAD(t)
	{
		kept_forget(t);
		t->has_timer = false; /* neither timers nor events are inherited */
		t->event = NULL;
		t->busy = 0;
		t->is_cloned = false;
		if (t->tid && t != self) {
			t->tid = 0;
			t->next_free = free_list;
			free_list = t;
		}
	}
	n_running = n_cloned = 0;
	if (self)
		take_place(self, getpid());
	return had_more;
}
