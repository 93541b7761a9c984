/* window.c - work before, during and after the time that `sonde record --delay --duration` samples.
 *
 * usage: window FILE
 *
 * With a delay it works a little and then sleeps until sampling begins ("late" if that has come meanwhile).  The main
 * thread, a second one and a child work until FILE is there; then all of them, and a new child, work on.
 * It says how many calls of poll() were interrupted, and ends with status 7.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 600, STATUS = 7 };

static const char *file;
static _Atomic unsigned n_interrupted;
static volatile double sink;

static long long clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

#define WORK(name)                                                                                 \
	__attribute__((noipa)) static void name(void)                                              \
	{                                                                                          \
		for (int i = 1; i < 200000; i++)                                                   \
			sink = sink + 1.0 / i;                                                     \
	}
WORK(work_before)
WORK(work_within)
WORK(work_after)

static void work(void (*chunk)(void), long ms)
{
	long long until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		chunk();
}

static void *work_until_told(void *arg)
{
	while (access(file, F_OK)) {
		work_within();
		if (poll(NULL, 0, 1) < 0 && errno == EINTR)
			n_interrupted++;
	}
	work(work_after, 100);
	return NULL;
}

static void wait_for_window(void)
{
	const char *from = getenv("SONDE_FROM_NS");
	long long at = from ? atoll(from) : 0;
	struct timespec t = { at / 1000000000, at % 1000000000 };

	if (!from)
		return;
	work(work_before, 50);
	if (clock_ns(CLOCK_MONOTONIC) >= at)
		puts("late");
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		n_interrupted++;
}

static pid_t start_child(void (*what)(void))
{
	pid_t child = fork();

	if (child != 0)
		return child;
	what();
	_exit(0);
}

static void be_child(void)
{
	work_until_told(NULL);
}

static void be_late_child(void)
{
	work(work_after, 100);
}

static void *park(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Nobody's thread is taken off the number of threads any more. */
static void count_threads(void)
{
	struct stat real, again, told;

	do {
		syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &real, 0);
		stat("/proc/self/task", &told);
		syscall(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &again, 0);
	} while (real.st_nlink != again.st_nlink);
	if (told.st_nlink != real.st_nlink)
		printf("%d threads and not %d\n", (int)told.st_nlink - 2, (int)real.st_nlink - 2);
}

int main(int argc, char **argv)
{
	pthread_t second, parked;

	alarm(PATIENCE_SECONDS);
	file = argc > 1 ? argv[1] : "";
	start_child(be_child); /* before the window */
	wait_for_window();
	pthread_create(&second, NULL, work_until_told, NULL);
	pthread_create(&parked, NULL, park, NULL);
	work_until_told(NULL);
	count_threads();
	start_child(be_late_child);
	pthread_join(second, NULL);
	while (wait(NULL) > 0)
		;
	printf("interrupted %u\n", n_interrupted);
	return STATUS;
}
