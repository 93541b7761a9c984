/* fork_wait.c - the longest that fork() takes while another thread runs code of a large library for the first time.
 *
 * usage: fork_wait LIBRARY FUNCTION FUNCTION      the first makes something, the second takes it away
 *
 * Prints milliseconds.  With a profiler in the process the library's unwind table is compiled meanwhile.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 1 };

static _Atomic bool is_done;
static char **names;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void *work(void *arg)
{
	void *library = dlopen(names[1], RTLD_NOW), *(*make)(void), (*take_away)(void *);

	if (!library) {
		fprintf(stderr, "fork_wait: %s\n", dlerror());
		_exit(1);
	}
	*(void **)&make = dlsym(library, names[2]);
	*(void **)&take_away = dlsym(library, names[3]);
	while (!atomic_load(&is_done))
		take_away(make());
	return arg;
}

int main(int argc, char **argv)
{
	double worst = 0, start = now_ms();
	pthread_t worker;

	names = argv;
	if (argc != 4 || pthread_create(&worker, NULL, work, NULL))
		return 2;
	while (now_ms() - start < SECONDS * 1e3) {
		double before = now_ms(), took;
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		took = now_ms() - before;
		worst = took > worst ? took : worst;
		waitpid(pid, NULL, 0);
	}
	atomic_store(&is_done, true);
	pthread_join(worker, NULL);
	printf("%.1f\n", worst);
	return 0;
}
