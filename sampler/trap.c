/* trap.c - SIGTRAP is the signal of perf events, and stays the host's.
 *
 * Our handler is installed where the host has none, and does what the kernel would do with any SIGTRAP that no event
 * sent (handler.c).  Asked for the signal's action, the host is told what it set itself.  When it sets a handler of its
 * own it gets the signal, and sampling goes on with timers.
 */
#include "sampler/trap.h"
#include "sampler/handler.h"
#include "sampler/live.h"
#include "sampler/own_signal.h"
#include "sampler/session.h"

#include <dlfcn.h>
#include <errno.h>

static bool is_ours;
static struct sigaction of_host; /* SIG_DFL or SIG_IGN */

static bool is_handler(const struct sigaction *a)
{
	return (a->sa_flags & SA_SIGINFO) || (a->sa_handler != SIG_DFL && a->sa_handler != SIG_IGN);
}

static void note_action(const struct sigaction *a)
{
	of_host = *a;
	atomic_store(&live.trap_is_ignored, a->sa_handler == SIG_IGN);
}

bool trap_can_be_watched(void)
{
	return dlsym(RTLD_DEFAULT, "sigaction") == (void *)sigaction;
}

bool trap_is_ours(void)
{
	return is_ours;
}

bool trap_take(void)
{
	struct sigaction ours = own_signal_action(), before;

	if (is_ours)
		return true;
	if (real_sigaction(SIGTRAP, NULL, &before) || is_handler(&before))
		return false;
	note_action(&before);
	is_ours = real_sigaction(SIGTRAP, &ours, NULL) == 0;
	return is_ours;
}

int trap_sigaction(const struct sigaction *action, struct sigaction *before)
{
	struct sigaction was = of_host;

	if (action && is_handler(action)) {
		session_give_up_events();
		if (real_sigaction(SIGTRAP, action, NULL))
			return -1;
		is_ours = false;
	} else if (action) {
		note_action(action);
	}
	if (before)
		*before = was;
	return 0;
}
