/* workload.c - a program that knows how much CPU time each of its functions used, for bench/accuracy.
 *
 * usage: workload steady THREADS CPU_MS    that many threads, each until it has used so much CPU
 *        workload churn  THREADS CPU_MS    the same, created at most four at a time: short lives
 *        workload cloned THREADS CPU_MS    as steady, by threads that clone() makes and libc does not know
 *        workload cloned-churn THREADS CPU_MS
 *
 * Every call of a function under test is clocked with the thread's own CPU clock, less what reading the clock costs.
 * The functions differ in weight; the length of each call and their order are random, so that no rhythm of ours can fall
 * into step with the kernel's tick.  One function spends its time inside system calls.
 *
 * All do a set amount of work.  One that ran until its own clock said so would do less when a signal fell into it, since
 * the clock goes on while the signal is served, and so would be seen more often than its time says, by any profiler that
 * samples at even distances: at 4000 Hz by 4 %, where a signal costs 17 of the 250 us.
 *
 * At the end the truth goes to stdout, in nanoseconds:
 *
 *	function heavy 4412345678        thread worker-3 1250012345       rusage 10012345678
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 4 /* threads alive at a time when they are short-lived */

static uint64_t loops_per_us;  /* of spin(), measured at the start */
static uint64_t rounds_per_ms; /* of enter_kernel() */
static int64_t clock_cost_ns;  /* what two readings of the clock add to a call */
static int zero_fd;

static int64_t thread_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* ---- the functions under test: each its own code, so that each has its own addresses ---- */

#define UNDER_TEST __attribute__((noinline, noclone))

static inline __attribute__((always_inline)) void spin(uint64_t us)
{
	for (uint64_t n = us * loops_per_us; n; n--)
		__asm__ volatile("" ::: "memory");
}

UNDER_TEST static void heavy(unsigned us)
{
	spin(us);
	__asm__ volatile("# heavy");
}

UNDER_TEST static void middle(unsigned us)
{
	spin(us);
	__asm__ volatile("# middle");
}

UNDER_TEST static void light(unsigned us)
{
	spin(us);
	__asm__ volatile("# light");
}

UNDER_TEST static void slim(unsigned us)
{
	spin(us);
	__asm__ volatile("# slim");
}

static inline __attribute__((always_inline)) void enter_kernel(uint64_t us)
{
	static __thread char buf[4096];

	for (uint64_t n = us * rounds_per_ms / 1000; n; n--, thread_cpu_ns())
		for (int i = 0; i < 8; i++)
			if (read(zero_fd, buf, sizeof(buf)) < 0)
				exit(1);
}

UNDER_TEST static void calls(unsigned us)
{
	enter_kernel(us);
	__asm__ volatile("# calls");
}

static const struct subject {
	const char *name;
	void (*fn)(unsigned us);
	unsigned weight;
} subjects[] = {
	{ "heavy", heavy, 8 }, { "middle", middle, 4 }, { "calls", calls, 3 },
	{ "light", light, 2 }, { "slim", slim, 1 },
};
enum { N_SUBJECTS = sizeof(subjects) / sizeof(subjects[0]), WEIGHTS = 18 };

static int64_t function_ns[N_SUBJECTS]; /* of all threads that have ended */

/* ---- threads ---- */

static bool is_cloned; /* the workers are */

struct worker {
	pthread_t thread;
	_Atomic int tid; /* of a cloned one: 0 when it has ended */
	void *stack;
	unsigned number;
	char name[24];
	int64_t budget_ns;
	int64_t used_ns;
};

static int64_t clocked(const struct subject *s, unsigned us)
{
	int64_t begin = thread_cpu_ns();

	s->fn(us);
	return thread_cpu_ns() - begin - clock_cost_ns;
}

/* gperftools times a thread of its own only if the thread says so. */
static void register_with_peer(void)
{
	void (*register_thread)(void) =
		(void (*)(void))dlsym(RTLD_DEFAULT, "ProfilerRegisterThread");

	if (register_thread)
		register_thread();
}

static void *work(void *arg)
{
	struct worker *w = arg;
	int64_t mine[N_SUBJECTS] = { 0 }, begin = thread_cpu_ns(), end = begin + w->budget_ns;
	uint32_t random = 2463534242u + w->number * 7919u;
	int64_t unit_us = w->budget_ns / 1000 / WEIGHTS / 2;

	prctl(PR_SET_NAME, w->name);
	if (!is_cloned)
		register_with_peer();
	if (unit_us > 200)
		unit_us = 200;
	while (thread_cpu_ns() < end) {
		/* By weight in the choice and not in the length: a short life tries a fair mixture
		 * too. */
		unsigned pick = next_random(&random) % WEIGHTS, i = 0;

		while (pick >= subjects[i].weight)
			pick -= subjects[i++].weight;
		mine[i] +=
			clocked(&subjects[i], unit_us / 2 + next_random(&random) % (unit_us + 1));
	}
	for (unsigned i = 0; i < N_SUBJECTS; i++)
		__atomic_fetch_add(&function_ns[i], mine[i], __ATOMIC_RELAXED);
	w->used_ns = thread_cpu_ns();
	return NULL;
}

static int work_cloned(void *arg)
{
	work(arg);
	return 0;
}

enum { STACK_BYTES = 65536 };

/* They share the thread-local storage of main(), like the tasks of a runtime that does without libc: no malloc. */
static bool begin(struct worker *w)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;

	if (!is_cloned)
		return pthread_create(&w->thread, NULL, work, w) == 0;
	w->stack =
		mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return w->stack != MAP_FAILED && clone(work_cloned, (char *)w->stack + STACK_BYTES, flags,
					       w, &w->tid, NULL, &w->tid) > 0;
}

static void end(struct worker *w)
{
	int tid;

	if (!is_cloned) {
		pthread_join(w->thread, NULL);
		return;
	}
	while ((tid = w->tid))
		syscall(SYS_futex, &w->tid, FUTEX_WAIT, tid, NULL);
	munmap(w->stack, STACK_BYTES);
}

static void run_workers(struct worker *w, unsigned n, unsigned at_once)
{
	for (unsigned i = 0; i < n + at_once; i++) {
		if (i >= at_once)
			end(&w[i - at_once]);
		if (i < n && !begin(&w[i])) {
			perror("workload: a thread");
			exit(1);
		}
	}
}

/* ---- measure and report ---- */

UNDER_TEST static void calibrate(void)
{
	int64_t begin, ns;

	loops_per_us = 1000;
	begin = thread_cpu_ns();
	spin(20000);
	ns = thread_cpu_ns() - begin;
	loops_per_us = (uint64_t)(1000 * 20000 * 1000.0 / (double)ns);
	rounds_per_ms = 1000;
	begin = thread_cpu_ns();
	enter_kernel(20000);
	ns = thread_cpu_ns() - begin;
	rounds_per_ms = (uint64_t)(1000 * 20000 * 1000.0 / (double)ns);
	begin = thread_cpu_ns();
	for (int i = 0; i < 10000; i++)
		thread_cpu_ns();
	clock_cost_ns = (thread_cpu_ns() - begin) / 10000;
}

static int64_t rusage_ns(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000000LL +
	       (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1000LL;
}

int main(int argc, char **argv)
{
	struct worker *workers;
	bool is_churn;
	unsigned n;

	const char *shape = argc > 1 ? argv[1] : "";

	is_cloned = strncmp(shape, "cloned", 6) == 0;
	is_churn = strstr(shape, "churn") != NULL;
	if (argc != 4 || !(n = (unsigned)atoi(argv[2]))) {
		fprintf(stderr,
			"usage: workload steady|churn|cloned|cloned-churn THREADS CPU_MS\n");
		return 2;
	}
	zero_fd = open("/dev/zero", O_RDONLY);
	calibrate();
	workers = calloc(n, sizeof(*workers));
	for (unsigned i = 0; i < n; i++) {
		workers[i] = (struct worker){ .number = i, .budget_ns = atoi(argv[3]) * 1000000LL };
		snprintf(workers[i].name, sizeof(workers[i].name), "worker-%u", i);
	}
	run_workers(workers, n, is_churn && n > AT_ONCE ? AT_ONCE : n);

	for (unsigned i = 0; i < N_SUBJECTS; i++)
		printf("function %s %lld\n", subjects[i].name, (long long)function_ns[i]);
	for (unsigned i = 0; i < n; i++)
		printf("thread worker-%u %lld\n", i, (long long)workers[i].used_ns);
	printf("rusage %lld\n", (long long)rusage_ns());
	free(workers);
	return 0;
}
