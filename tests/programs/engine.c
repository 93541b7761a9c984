/* engine.c - a program that looks whether the sampling of it can be felt: one way for each word.
 *
 * usage: engine MODE
 *
 *	chain N      executes itself N times, by each door to exec
 *	failed       burns after an exec that failed
 *	trap         raises SIGTRAP        int3     runs into a breakpoint
 *	ignored      raises SIGTRAP, which it ignores, then burns
 *	handler      has a handler for SIGTRAP of its own from some moment on
 *	late N       N children of many threads have a handler from some moment on: so many signals came to them
 *	calls        counts the system calls that were interrupted: none may be
 *	cloned       makes threads by clone(), which end by returning and by the exit system call
 *	full         has no descriptor to spare when its threads begin
 *	unmet        a thread that its timer does not meet: it blocks SIGPROF
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long work;

static __attribute__((noinline)) void burn(int rounds)
{
	for (int i = 0; i < rounds; i++)
		work = work + 1;
}

/* CPU time, so that the samples are there whatever else the machine does. */
static __attribute__((noinline)) void burn_ms(int ms)
{
	struct timespec t;
	long long end, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	end = t.tv_sec * 1000LL + t.tv_nsec / 1000000 + ms;
	do {
		burn(100000);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		now = t.tv_sec * 1000LL + t.tv_nsec / 1000000;
	} while (now < end);
}

static int mode_chain(char **args)
{
	int n = atoi(args[2]);
	char left[16], *argv[] = { args[0], "chain", left, NULL };
	extern char **environ;

	burn_ms(2);
	if (execl("/nonexistent/program", "x", NULL) != -1 || errno != ENOENT)
		return 1;
	burn_ms(2);
	if (n == 0)
		return puts("arrived") < 0;
	snprintf(left, sizeof(left), "%d", n - 1);
	switch (n % 8) {
	case 0:
		return execve(args[0], argv, environ);
	case 1:
		return execv(args[0], argv);
	case 2:
		return execvp(args[0], argv);
	case 3:
		return execl(args[0], args[0], "chain", left, NULL);
	case 4:
		return execlp(args[0], args[0], "chain", left, NULL);
	case 5:
		return execle(args[0], args[0], "chain", left, NULL, environ);
	case 6:
		return fexecve(open(args[0], O_RDONLY | O_CLOEXEC), argv, environ);
	default:
		return (int)syscall(SYS_execve, args[0], argv, environ);
	}
}

static __attribute__((noinline)) void burn_on(void)
{
	burn_ms(200);
	work = work + 1;
}

static int mode_failed(char **args)
{
	if (execl("/nonexistent/program", "x", NULL) != -1 || errno != ENOENT)
		return 1;
	burn_on();
	return puts("done") < 0;
}

static int mode_trap(char **args)
{
	burn_ms(50);
	raise(SIGTRAP);
	return 0;
}

static int mode_int3(char **args)
{
	burn_ms(50);
	__asm__ volatile("int3");
	return 0;
}

static _Atomic int late_signals, is_over;

static void on_late(int sig)
{
	late_signals++;
}

static void *burn_until_over(void *arg)
{
	while (!is_over)
		burn(1000);
	return arg;
}

/* Then the handler is taken away again, and whatever still comes must end nothing. */
static int be_late_child(void)
{
	struct sigaction action = { .sa_handler = on_late }, told;
	pthread_t threads[8];

	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, burn_until_over, NULL);
	burn_ms(5);
	sigaction(SIGTRAP, &action, NULL);
	burn_ms(5);
	if (sigaction(SIGTRAP, NULL, &told) || told.sa_handler != on_late)
		return 1;
	signal(SIGTRAP, SIG_DFL);
	burn_ms(2);
	is_over = 1;
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return late_signals != 0;
}

static int mode_late(char **args)
{
	int status, n_bad = 0;

	for (int n = atoi(args[2]); n > 0; n--) {
		pid_t child = fork();

		if (child == 0)
			_exit(be_late_child());
		n_bad += waitpid(child, &status, 0) != child || status != 0;
	}
	printf("%d late\n", n_bad);
	return n_bad != 0;
}

static int mode_ignored(char **args)
{
	struct sigaction before;

	signal(SIGTRAP, SIG_IGN);
	burn_ms(20);
	raise(SIGTRAP);
	burn_ms(200);
	if (sigaction(SIGTRAP, NULL, &before) || before.sa_handler != SIG_IGN)
		return puts("the action is another") < 0 || 1;
	return puts("ignored") < 0;
}

static volatile sig_atomic_t traps;

static void on_trap(int sig)
{
	traps++;
}

static int mode_handler(char **args)
{
	struct sigaction action = { .sa_handler = on_trap }, before;

	burn_ms(100);
	if (sigaction(SIGTRAP, &action, &before) || before.sa_handler != SIG_DFL)
		return puts("somebody was there before") < 0 || 1;
	burn_ms(200);
	raise(SIGTRAP);
	__asm__ volatile("int3");
	printf("%d traps\n", (int)traps);
	return 0;
}

/* Each call that sees EINTR whatever SA_RESTART says, just about to sleep or to wake when the samples come. */
static int mode_calls(char **args)
{
	struct timespec tenth_ms = { 0, 20000 }, at;
	struct epoll_event event;
	int epoll = epoll_create1(EPOLL_CLOEXEC), interrupted[6] = { 0 };
	sigset_t none;
	sem_t sem;

	sigemptyset(&none);
	sem_init(&sem, 0, 0);
	for (int i = 0; i < 10000; i++) {
		struct timeval us = { 0, 20 };

		interrupted[0] += ppoll(NULL, 0, &tenth_ms, NULL) < 0 && errno == EINTR;
		burn(500);
		if (i % 5)
			continue;
		interrupted[1] += poll(NULL, 0, 1) < 0 && errno == EINTR;
		interrupted[2] += nanosleep(&tenth_ms, NULL) < 0 && errno == EINTR;
		interrupted[3] += select(0, NULL, NULL, NULL, &us) < 0 && errno == EINTR;
		interrupted[4] += epoll_wait(epoll, &event, 1, 0) < 0 && errno == EINTR;
		clock_gettime(CLOCK_REALTIME, &at);
		interrupted[5] += sem_timedwait(&sem, &at) < 0 && errno == EINTR;
	}
	for (int i = 0; i < 6; i++)
		if (interrupted[i])
			printf("call %d: interrupted %d times\n", i, interrupted[i]);
	return puts("done") < 0;
}

static __attribute__((noinline)) int burn_cloned(void *leave)
{
	burn_ms(10);
	if (leave)
		syscall(SYS_exit, 0);
	return 0;
}

static int mode_cloned(char **args)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	static char stack[65536];
	static _Atomic int tid;

	for (int i = 0; i < 60; i++) {
		int now;

		if (clone(burn_cloned, stack + sizeof(stack), flags, i % 2 ? stack : NULL, &tid,
			  NULL, &tid) <= 0)
			return 1;
		while ((now = tid))
			syscall(SYS_futex, &tid, FUTEX_WAIT, now, NULL);
	}
	return puts("done") < 0;
}

static void *burn_thread(void *arg)
{
	burn_ms(150);
	return NULL;
}

static int mode_full(char **args)
{
	struct rlimit none = { 0, 0 };
	pthread_t t[4];

	setrlimit(RLIMIT_NOFILE, &none);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, burn_thread, NULL))
			return 1;
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	return puts("done") < 0;
}

static __attribute__((noinline)) void *burn_unmet(void *arg)
{
	struct timespec used = { 0, 0 };
	sigset_t prof;

	sigemptyset(&prof);
	sigaddset(&prof, SIGPROF);
	pthread_sigmask(SIG_BLOCK, &prof, NULL);
	while (used.tv_sec < 2) {
		burn(1000000);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	}
	return arg;
}

static int mode_unmet(char **args)
{
	pthread_t t;

	if (pthread_create(&t, NULL, burn_unmet, NULL) || pthread_join(t, NULL))
		return 1;
	return puts("done") < 0;
}

static const struct mode {
	const char *name;
	int (*run)(char **args);
} modes[] = {
	{ "chain", mode_chain }, { "failed", mode_failed },   { "trap", mode_trap },
	{ "int3", mode_int3 },	 { "ignored", mode_ignored }, { "handler", mode_handler },
	{ "late", mode_late },	 { "calls", mode_calls },     { "cloned", mode_cloned },
	{ "full", mode_full },	 { "unmet", mode_unmet },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name))
			return modes[i].run(argv);
	fprintf(stderr, "usage: engine MODE\n");
	return 2;
}
