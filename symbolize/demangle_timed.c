/* demangle_timed.c - names that may print for long, demangled here for as long as they may take.
 *
 * libiberty hands out what it prints piece by piece, has its components on the stack, and so holds neither memory nor a
 * lock that a jump out of it would leave behind: a signal ends it when its time is over.  To ask another process
 * (demangle_child.c) takes several times as long as such a name does.
 */
#include "symbolize/demangle_child.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_OUTPUT = 1 << 18, NAME_NS = 100000000 };

#define ALL_NS INT64_C(2000000000)

static struct {
	pid_t pid; /* whose the timer is; 0 = none */
	timer_t timer;
	sigjmp_buf out;
	int64_t used_ns; /* by all names so far */
	size_t n;	 /* of plain; past MOST_OUTPUT it is too long */
	char plain[MOST_OUTPUT + 1];
} timed;

static void time_is_over(int sig)
{
	siglongjmp(timed.out, 1);
}

static void put_plain(const char *text, size_t n, void *ctx)
{
	if (timed.n + n <= MOST_OUTPUT)
		memcpy(timed.plain + timed.n, text, n);
	timed.n = timed.n + n <= MOST_OUTPUT ? timed.n + n : MOST_OUTPUT + 1;
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void set_timer(long ns)
{
	struct itimerspec when = { .it_value = { 0, ns } };

	timer_settime(timed.timer, 0, &when, NULL);
}

/* (A child has none of its parent's timers.) */
static bool have_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM };

	event._sigev_un._tid = gettid();
	if (timed.pid != getpid() &&
	    timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timed.timer) == 0)
		timed.pid = getpid();
	return timed.pid == getpid();
}

/* While SIGVTALRM is ours. */
static bool demangle_until(const char *mangled)
{
	bool is_name = false;

	timed.n = 0;
	if (sigsetjmp(timed.out, 1) == 0) {
		set_timer(NAME_NS);
		is_name = cplus_demangle_v3_callback(mangled, DEMANGLE_OPTIONS, put_plain, NULL);
	} else {
		timed.n = MOST_OUTPUT + 1;
	}
	set_timer(0); /* a signal that was on its way has jumped by now */
	return is_name && timed.n <= MOST_OUTPUT;
}

char *demangle_timed(const char *mangled)
{
	struct sigaction ours = { .sa_handler = time_is_over }, before;
	sigset_t signal, mask;
	int64_t begin = cpu_ns();
	bool is_name;

	if (timed.used_ns >= ALL_NS || !have_timer())
		return NULL;
	sigemptyset(&signal);
	sigaddset(&signal, SIGVTALRM);
	sigaction(SIGVTALRM, &ours, &before);
	pthread_sigmask(SIG_UNBLOCK, &signal, &mask);
	is_name = demangle_until(mangled);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	sigaction(SIGVTALRM, &before, NULL);
	timed.used_ns += cpu_ns() - begin;
	return is_name ? strndup(timed.plain, timed.n) : NULL;
}
