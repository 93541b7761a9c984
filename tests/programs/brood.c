/* brood.c - children that are gone before most of them can be sampled: a second of CPU time in all.
 *
 * usage: brood       prints "done" */
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILDREN = 1000, EACH_NS = 1000000 };

static long cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

__attribute__((noinline)) static void work_of_child(void)
{
	long until = cpu_ns() + EACH_NS;

	while (cpu_ns() < until)
		for (volatile int i = 0; i < 10000; i++)
			;
}

int main(void)
{
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			work_of_child();
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			return 1;
	}
	puts("done");
	return 0;
}
