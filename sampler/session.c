/* session.c - start and stop sampling, survive fork.
 *
 * Locks, outermost first: control, session, modules, threads, labels.  fork() takes them all, so that the child finds nothing
 * half done.  The signal handler, once installed, stays for ever: a late signal must never meet the default action,
 * which ends the process.
 */
#include "sampler/session.h"
#include "sampler/at_fork.h"
#include "sampler/handler.h"
#include "sampler/live.h"
#include "sampler/modules.h"
#include "sampler/own_signal.h"
#include "sampler/spool_file.h"
#include "sampler/spool_reserve.h"
#include "sampler/store.h"
#include "sampler/syscalls.h"
#include "sampler/threads.h"
#include "sampler/timer.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_HZ = 100, MAX_HZ = 10000, FIRST_SEGMENT = 256 << 10 };

static pthread_mutex_t control = PTHREAD_MUTEX_INITIALIZER; /* one start or stop at a time */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct spool spool;
static struct spool_reserve *inherited; /* the parent's, in a child that has no spool yet */
static struct session_opts current;
static pid_t owner;
static bool is_retired;
static session_fork_fn on_fork;

extern const char sonde_text_start[] __asm__("__start_sonde_text")
	__attribute__((visibility("hidden"), weak));
extern const char sonde_text_end[] __asm__("__stop_sonde_text")
	__attribute__((visibility("hidden"), weak));

/* ---- once for each process image ---- */

void session_give_up_signal(void)
{
	struct sigaction before = *handler_before();
	int sig = live.signal;

	pthread_mutex_lock(&lock);
	if (own_signal_take(sig)) {
		atomic_store(&live.sampling, false);
		threads_stop_all();
		live.signal = 0;
	} else {
		timer_use_signal(live.signal);
		threads_rearm_all();
	}
	real_sigaction(sig, &before, NULL);
	pthread_mutex_unlock(&lock);
}

void session_give_up_events(void)
{
	pthread_mutex_lock(&lock);
	threads_give_up_events();
	if (live.header)
		session_note_engine();
	pthread_mutex_unlock(&lock);
}

/* Where the kernel put the end of the main thread's stack: above the strings that AT_EXECFN points among, and all of their
 * page is there.  (With few arguments and variables the first frames lie in it too.) */
static uintptr_t find_main_stack_end(void)
{
	uintptr_t name = getauxval(AT_EXECFN);

	return name ? (name | 4095) + 1 : 0;
}

/* The main thread's stack pointer at its very first instruction, as the loader keeps it. */
static uintptr_t find_first_sp(void)
{
	void *const *first = dlsym(RTLD_DEFAULT, "__libc_stack_end");

	return first ? (uintptr_t)*first : 0;
}

/* open, write and pthread_join are cancellation points; none of them may end a thread that holds our locks. */
static int cancel_off(void)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static void cancel_back(int before)
{
	pthread_setcancelstate(before, NULL);
}

static void before_fork(void)
{
	pthread_mutex_lock(&control);
	pthread_mutex_lock(&lock);
	modules_lock();
	threads_lock();
	labels_lock();
	engine_about_to_fork();
}

static void after_fork_in_parent(void)
{
	labels_unlock();
	threads_unlock();
	modules_unlock();
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&control);
}

static void forget_parent(void)
{
	keeper_forked();
	modules_forked(threads_forked());
	atomic_store(&live.sampling, false);
	live.header = NULL;
	atomic_store(&live.segment, NULL);
	(void)session_window_cancel();
	spool_close(&spool); /* the parent's; its file stays with the parent */
	inherited = spool.reserve;
	spool.reserve = NULL;
	spool.path[0] = 0;
	owner = 0;
}

static void after_fork_in_child(void)
{
	bool was_sampling = atomic_load(&live.sampling) || session_window_is_ahead();
	struct session_opts opts = current;

	if (!is_retired)
		forget_parent();
	after_fork_in_parent();
	if (was_sampling && opts.follow_forks && on_fork) {
		int cancel = cancel_off();

		on_fork(&opts);
		cancel_back(cancel);
	}
}

static int set_up_once(void)
{
	static bool done;
	int rc;

	if (done)
		return 0;
	rc = own_signal_install();
	if (rc)
		return rc;
	live.main_stack_end = find_main_stack_end();
	live.first_sp = find_first_sp();
	live.skip_low = (uintptr_t)sonde_text_start;
	live.skip_high = (uintptr_t)sonde_text_end;
	if (call_at_fork(before_fork, after_fork_in_parent, after_fork_in_child))
		return -ENOMEM;
	done = true;
	return 0;
}

/* ---- start ---- */

/* From which CPU time of the process on it counts: loading programs does, and we do.  Where nothing is known of what the
 * process was it may have been at work for hours, not sampled. */
static uint64_t beginning(const struct session_opts *opts)
{
	uint64_t now = session_clock_ns(CLOCK_PROCESS_CPUTIME_ID), most = timer_tick_ns();

	if (!opts->from_birth)
		return now;
	if (opts->past.counted_ns)
		return opts->past.counted_ns < now ? opts->past.counted_ns : now;
	return now - (now < most ? now : most);
}

static void choose_engine(const struct session_opts *opts, uint64_t period_ns, uint64_t from_ns)
{
	struct engine_setup setup = {
		.wanted = opts->engine,
		.kernel_frames = opts->kernel_frames,
		.period_ns = period_ns,
		.cpu_before_ns =
			opts->from_birth ? session_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - from_ns : 0,
		.signal = live.signal,
	};

	engine_setup(&setup);
	session_note_engine();
}

/* A forked child begins small, since most end at once; at high rates the keeper has less time to add a segment. */
static size_t first_segment(unsigned hz, bool is_child)
{
	size_t bytes = hz > 1000 ? 4 * FIRST_SEGMENT : FIRST_SEGMENT;

	return is_child ? bytes / 4 : bytes;
}

/* A child that finds no place for a spool of its own is its parent's guest. */
static int create_spool(struct spool *fresh, const char *path, size_t first, size_t max)
{
	int rc = spool_create(fresh, path, first, max);

	if (rc == -EEXIST)
		return rc;
	if (rc && inherited && spool_create_guest(fresh, inherited, first, max) == 0)
		rc = 0;
	else if (inherited)
		spool_reserve_unmap(inherited);
	inherited = NULL;
	return rc;
}

static int open_spool(const struct session_opts *opts, unsigned hz, bool is_child)
{
	size_t max = opts->options.max_bytes ? opts->options.max_bytes : (size_t)128 << 20;
	size_t first = first_segment(hz, is_child);
	struct spool fresh;
	bool is_quiet;
	int rc;

	if (first + SPOOL_HEADER_BYTES > max)
		first = (max - SPOOL_HEADER_BYTES) & ~(size_t)4095;
	rc = create_spool(&fresh, opts->spool_path, first, max);
	if (rc)
		return rc;
	is_quiet = threads_quiet();
	threads_forget_samples();
	if (is_quiet) /* else a handler still writes there */
		spool_close(&spool);
	spool = fresh;
	return 0;
}

/* What came before is over: it is counted at once, where its process now is. */
static void count_before(struct thread *self, const ucontext_t *here)
{
	uint64_t weight = engine_owed_before();
	sigset_t ours, before;

	if (!self || !here || !weight)
		return;
	sigemptyset(&ours);
	signals_add_ours(&ours);
	real_sigmask(SIG_BLOCK, &ours, &before);
	handler_count(self, here, weight);
	real_sigmask(SIG_SETMASK, &before, NULL);
}

/* What is so for a process that is sampled only later. */
static struct session_opts opts_when_later(const struct session_opts *opts, bool is_ahead)
{
	struct session_opts o = *opts;

	if (is_ahead || (o.window.from_ns && !o.past.counted_ns))
		o.past = (struct session_past){ 0, 0 };
	if (is_ahead) {
		o.from_birth = false;
		o.here = NULL;
	}
	return o;
}

static int start_threads(const ucontext_t *here)
{
	struct thread *self;
	int rc;

	atomic_store(&live.sampling, true);
	self = threads_enter(NULL);
	count_before(self, here);
	rc = threads_start_all();
	if (rc && atomic_load(&live.header->threads) == 0)
		atomic_store(&live.sampling, false);
	return atomic_load(&live.sampling) ? 0 : rc;
}

static int begin(const struct session_opts *asked, unsigned hz, bool is_child)
{
	bool is_ahead = session_window_begin(&asked->window);
	struct session_opts o = opts_when_later(asked, is_ahead);
	const struct session_opts *opts = &o;
	uint64_t from_ns = beginning(opts);
	int rc = set_up_once();

	if (rc == 0)
		rc = open_spool(opts, hz, is_child);
	if (rc)
		return rc;
	current = *opts;
	current.here = NULL;
	owner = getpid();
	session_fill_header(spool.header, opts, 1000000000 / hz, from_ns);
	spool_publish(&spool);
	live.header = spool.header;
	atomic_store(&live.segment, spool.segments[0]);
	modules_refresh();
	choose_engine(opts, 1000000000 / hz, from_ns);
	if (!atomic_load(&live.modules))
		return -ENOMEM;
	if (is_ahead)
		threads_enter(NULL);
	else
		rc = start_threads(opts->here);
	if (rc)
		return rc;
	rc = keeper_start(); /* without it nothing grows or is found later, and samples are taken all the same */
	return is_ahead ? rc : 0;
}

int session_start(const struct session_opts *opts)
{
	unsigned hz = opts->options.hz ? opts->options.hz : DEFAULT_HZ;
	int rc, cancel;

	if (hz > MAX_HZ || (opts->options.max_bytes && opts->options.max_bytes < (size_t)256 << 10))
		return -EINVAL;
	cancel = cancel_off();
	pthread_mutex_lock(&control);
	pthread_mutex_lock(&lock);
	rc = -EALREADY;
	if (!atomic_load(&live.sampling) && !session_window_is_ahead()) {
		rc = begin(opts, hz, opts->spool_path && current.spool_path);
		if (rc)
			(void)session_window_cancel();
	}
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&control);
	cancel_back(cancel);
	return rc;
}

void session_on_fork(session_fork_fn fn)
{
	on_fork = fn;
}

/* ---- while it lasts ---- */

void session_grow(void)
{
	pthread_mutex_lock(&lock);
	if (atomic_load(&live.sampling) && spool_grow(&spool) == 0) {
		atomic_store(&live.segment, spool.segments[spool.n_segments - 1]);
		modules_record();
	}
	pthread_mutex_unlock(&lock);
}

/* ---- stop ---- */

/* _exit may be called in a signal handler, on top of whatever holds the lock: then it is never had. */
static bool lock_to_exit(void)
{
	struct timespec pause = { 0, 1000000 };

	for (int tries = 0; pthread_mutex_trylock(&lock); tries++) {
		if (tries == 200)
			return false;
		raw_syscall(SYS_nanosleep, (long)&pause, 0, 0, 0);
	}
	return true;
}

static int stop(void)
{
	pthread_mutex_lock(&lock);
	if (!atomic_load(&live.sampling) && !session_window_cancel()) {
		pthread_mutex_unlock(&lock);
		return -EALREADY;
	}
	if (atomic_exchange(&live.sampling, false)) {
		threads_settle();
		threads_stop_all();
		session_note_clocks(true);
	}
	pthread_mutex_unlock(&lock);
	keeper_stop(); /* it takes the lock */
	return 0;
}

int session_stop(void)
{
	int cancel = cancel_off(), rc;

	pthread_mutex_lock(&control);
	rc = stop();
	pthread_mutex_unlock(&control);
	cancel_back(cancel);
	return rc;
}

bool session_end(void)
{
	if (!lock_to_exit())
		return false;
	atomic_store(&live.sampling, false);
	if (!session_window_is_ahead() && !session_window_is_over()) {
		threads_settle();
		session_note_clocks(true);
	}
	pthread_mutex_unlock(&lock);
	return true;
}

void session_trim(void)
{
	struct spool_header *h = spool.header;

	if (!h || !spool.path[0] || !lock_to_exit())
		return;
	if (!atomic_load(&live.sampling) && threads_quiet())
		spool_trim_file(h, spool.path, !h->weight && !h->lost_weight);
	pthread_mutex_unlock(&lock);
}

void session_make_reserve(void)
{
	int error = errno, cancel;

	if (!session_is_of_this_process() || is_retired)
		return;
	cancel = cancel_off();
	if (lock_to_exit()) {
		if (atomic_load(&live.sampling) || session_window_is_ahead())
			spool_make_reserve(&spool);
		pthread_mutex_unlock(&lock);
	}
	cancel_back(cancel);
	errno = error;
}

const struct spool *session_hold(int *cancel)
{
	*cancel = cancel_off();
	pthread_mutex_lock(&lock);
	return session_is_of_this_process() && spool.header ? &spool : NULL;
}

void session_let_go(int cancel)
{
	pthread_mutex_unlock(&lock);
	cancel_back(cancel);
}

void session_retire(void)
{
	is_retired = true;
	owner = 0;
}

bool session_is_retired(void)
{
	return is_retired;
}

bool session_is_of_this_process(void)
{
	return owner != 0 && owner == getpid();
}

/* ---- the public calls ---- */

int sonde_start(const struct sonde_options *options)
{
	struct session_opts opts = { .options =
					     options ? *options : (struct sonde_options){ 0, 0 } };

	if (!engine_read_name(getenv("SONDE_ENGINE"), &opts.engine))
		return -EINVAL;
	return session_start(&opts);
}

int sonde_stop(void)
{
	return session_stop();
}
