/* own_signal.c - a program with a SIGPROF handler and an interval timer of its own, as gprof and gperftools have. */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>

static volatile int ticks;
static volatile unsigned long work;

static void on_tick(int sig)
{
	ticks++;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_tick, .sa_flags = SA_RESTART }, before;
	struct itimerval timer = { { 0, 10000 }, { 0, 10000 } };

	for (int i = 0; i < 100000000; i++)
		work = work + 1;
	if (sigaction(SIGPROF, NULL, &before) || before.sa_handler != SIG_DFL)
		return puts("somebody was there before"), 1;
	if (sigaction(SIGPROF, &action, &before) || before.sa_handler != SIG_DFL)
		return puts("somebody was there before"), 1;
	setitimer(ITIMER_PROF, &timer, NULL);
	while (ticks < 30)
		work = work + 1;
	puts("30 ticks");
	return 0;
}
