/* actions.c - set what a signal does by one of the many doors to it, and say what then happens.
 *
 * usage: actions DOOR SIGNAL       ends, where all is well, by that signal
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

extern sighandler_t __sysv_signal(int sig, sighandler_t handler);

static volatile int n_handled;

static void handler(int sig)
{
	n_handled++;
}

/* Long enough for signals of a profiler's. */
static void burn(int ms)
{
	clock_t end = clock() + (clock_t)ms * (CLOCKS_PER_SEC / 1000);

	while (clock() < end)
		;
}

static void tell(const char *what, int value)
{
	printf("%s: %d\n", what, value);
	fflush(stdout);
}

static void none(int sig)
{
	burn(50);
}

static void by_signal(int sig)
{
	tell("before", signal(sig, handler) == SIG_DFL);
	burn(50);
	raise(sig);
	raise(sig);
	tell("handled", n_handled);
	tell("then", signal(sig, SIG_DFL) == handler);
	burn(50);
}

static void by_sysv_signal(int sig)
{
	tell("before", __sysv_signal(sig, handler) == SIG_DFL);
	burn(50);
	raise(sig);
	tell("handled", n_handled);
}

static void by_sigset(int sig)
{
	tell("before", sigset(sig, handler) == SIG_DFL);
	burn(50);
	raise(sig);
	tell("handled", n_handled);
	tell("held", sigset(sig, SIG_HOLD) == handler);
	raise(sig);
	burn(50);
	tell("handled", n_handled);
	tell("was held", sigset(sig, handler) == SIG_HOLD);
	tell("handled", n_handled);
	sigset(sig, SIG_DFL);
}

static void by_sigignore(int sig)
{
	tell("ignored", sigignore(sig));
	raise(sig);
	burn(50);
	tell("was ignored", signal(sig, SIG_DFL) == SIG_IGN);
	burn(50);
}

/* A read that siginterrupt() lets a signal end. */
static void interrupted(int sig)
{
	char c;
	int ends[2];
	ssize_t rc;

	siginterrupt(SIGALRM, 1);
	signal(SIGALRM, handler);
	if (pipe(ends))
		return;
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 10000 }, { 0, 10000 } }, NULL);
	rc = read(ends[0], &c, 1);
	tell("interrupted", rc < 0 && errno == EINTR);
	setitimer(ITIMER_REAL, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(int sig);
	} doors[] = {
		{ "none", none },
		{ "signal", by_signal },
		{ "sysv_signal", by_sysv_signal },
		{ "sigset", by_sigset },
		{ "sigignore", by_sigignore },
		{ "siginterrupt", interrupted },
	};
	int sig = argc == 3 ? atoi(argv[2]) : 0;

	for (size_t i = 0; sig && i < sizeof(doors) / sizeof(doors[0]); i++)
		if (strcmp(doors[i].name, argv[1]) == 0)
			doors[i].run(sig);
	raise(sig);
	puts("alive");
	return 0;
}
