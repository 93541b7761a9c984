/* own_signal.c - the signal that samples come by, and how its handler is installed.
 *
 * The handler stays for ever: a late signal must never meet the default action, which ends the process.
 */
#include "sampler/own_signal.h"
#include "sampler/engine.h"
#include "sampler/handler.h"
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/trap.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

enum { GO_LEAVES_ALONE = 34 };

static bool has_go;

static bool is_free(int sig)
{
	struct sigaction now;

	return real_sigaction(sig, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
	       (now.sa_handler == SIG_DFL || (sig == SIGPROF && now.sa_handler == SIG_IGN));
}

/* A signal whose action is still the default, SIGPROF if possible: the host may use that one itself.  The Go runtime takes
 * all there are but those of C libraries, of which musl has one more than glibc. */
static int choose_signal(int not_this)
{
	if (engine_program_is_go() && not_this != GO_LEAVES_ALONE && is_free(GO_LEAVES_ALONE))
		return GO_LEAVES_ALONE;
	if (not_this != SIGPROF && is_free(SIGPROF))
		return SIGPROF;
	for (int sig = SIGRTMAX - 3; sig > SIGRTMIN + 3; sig--)
		if (sig != not_this && is_free(sig))
			return sig;
	return 0;
}

/* Goroutines have stacks of a few kilobytes.  So the Go runtime gives each thread an alternate stack, and sets the flag
 * for it on whatever handler it finds; ours it does not find, since we tell who asks what he set himself.  Its own
 * handlers share that stack, so that all of them wait. */
struct sigaction own_signal_action(void)
{
	struct sigaction ours = { .sa_flags = SA_SIGINFO | SA_RESTART };

	ours.sa_sigaction = handler_run;
	sigemptyset(&ours.sa_mask);
	if (has_go) {
		ours.sa_flags |= SA_ONSTACK;
		sigfillset(&ours.sa_mask);
	}
	return ours;
}

void own_signal_meet_go(void)
{
	struct sigaction ours;

	if (has_go || !engine_go_is_loaded())
		return;
	has_go = true;
	ours = own_signal_action();
	if (live.signal)
		real_sigaction(live.signal, &ours, NULL);
	if (trap_is_ours())
		real_sigaction(SIGTRAP, &ours, NULL);
}

int own_signal_take(int not_this)
{
	struct sigaction ours = own_signal_action(), before;
	int sig = choose_signal(not_this);

	if (!sig)
		return -EBUSY;
	if (real_sigaction(sig, &ours, &before))
		return -errno;
	handler_chain(&before);
	live.signal = sig;
	return 0;
}

int own_signal_install(void)
{
	own_signal_meet_go();
	return live.signal ? 0 : own_signal_take(0);
}
