/* host.c - a program to be profiled: one way of running, forking, loading or dying for each word.
 *
 * usage: host MODE [ARGUMENT...]     the modes are the rows of the table at the end
 *
 * Functions called burn_* use up CPU time, which is what a profile must then show.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
#define BURN_MS	 250

static NOINLINE void burn(int ms)
{
	struct timespec t;
	long long end, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	end = t.tv_sec * 1000LL + t.tv_nsec / 1000000 + ms;
	do {
		for (volatile int i = 0; i < 200000; i++)
			;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
		now = t.tv_sec * 1000LL + t.tv_nsec / 1000000;
	} while (now < end);
}

/* The assembler comment keeps each one distinct: the compiler would fold equal functions into one.
 */
#define BURNER(name)                                                                               \
	static NOINLINE void name(void)                                                            \
	{                                                                                          \
		burn(BURN_MS);                                                                     \
		__asm__ volatile("# " #name ::: "memory");                                         \
	}
BURNER(burn_main)
BURNER(burn_thread)
BURNER(burn_parent)
BURNER(burn_child)

static NOINLINE void burn_outer(void)
{
	burn_main();
	__asm__ volatile("" ::: "memory");
}

static int mode_exit(char **args)
{
	burn_outer();
	return atoi(args[0]);
}

static int mode_leave(char **args)
{
	burn_outer();
	_exit(atoi(args[0]));
}

static int mode_quick(char **args)
{
	burn_outer();
	quick_exit(atoi(args[0]));
}

static int mode_signal(char **args)
{
	burn_outer();
	raise(atoi(args[0]));
	return 0;
}

/* Copies stdin to stdout, and says on stderr how much it was. */
static int mode_copy(char **args)
{
	char buf[65536];
	size_t n, total = 0;

	burn_outer();
	while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0) {
		fwrite(buf, 1, n, stdout);
		total += n;
	}
	fprintf(stderr, "copied %zu\n", total);
	return 0;
}

static __attribute__((noreturn)) int mode_until_signal(char **args)
{
	burn_outer();
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

static void *thread_main(void *name)
{
	if (name)
		pthread_setname_np(pthread_self(), name);
	burn_thread();
	return NULL;
}

static int mode_threads(char **args)
{
	pthread_t t[3];
	static char *names[3] = { "alpha", "beta", NULL };

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, thread_main, names[i]);
	burn_main();
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return 0;
}

static int mode_fork(char **args)
{
	pid_t pid;
	int status;

	burn(60); /* so that the parent has samples, which the child must not take for its own */
	pid = fork();
	if (pid == 0) {
		burn_child();
		return 0;
	}
	burn_parent();
	return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

static int mode_exec(char **args)
{
	burn_parent();
	execv(args[0], args);
	return 1;
}

static int mode_shell(char **args)
{
	int status = system(args[0]);

	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int mode_dlopen(char **args)
{
	void *lib = dlopen(args[0], RTLD_NOW);
	void (*burn_plugin)(void) = lib ? (void (*)(void))dlsym(lib, "burn_plugin") : NULL;

	if (!burn_plugin)
		return 1;
	burn_plugin();
	return dlclose(lib);
}

/* How signals are set up must look as it does without a profiler; but for SIGPROF, which is the
 * profiler's. */
static int mode_state(char **args)
{
	sigset_t set;
	struct sigaction old;

	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int s = 1; s < 32; s++) {
		sigaction(s, NULL, &old);
		if (s != SIGPROF && s != SIGKILL && s != SIGSTOP)
			printf("%d %d %d\n", s, sigismember(&set, s), old.sa_handler != SIG_DFL);
	}
	return 0;
}

static const struct mode {
	const char *name;
	int n_args;
	int (*run)(char **args);
} modes[] = {
	{ "exit", 1, mode_exit },	{ "leave", 1, mode_leave },
	{ "quick", 1, mode_quick },	{ "signal", 1, mode_signal },
	{ "copy", 0, mode_copy },	{ "until-signal", 0, mode_until_signal },
	{ "threads", 0, mode_threads }, { "fork", 0, mode_fork },
	{ "exec", 1, mode_exec },	{ "shell", 1, mode_shell },
	{ "dlopen", 1, mode_dlopen },	{ "state", 0, mode_state },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(argv[1], modes[i].name) && argc - 2 >= modes[i].n_args)
			return modes[i].run(argv + 2);
	fprintf(stderr, "usage: host MODE [ARGUMENT...]\n");
	return 2;
}
