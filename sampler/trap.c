/* trap.c - SIGTRAP is the signal of perf events, and stays the host's.
 *
 * Our handler is installed where the host has none, and does what the kernel would do with any SIGTRAP that no event
 * sent (handler.c).  Asked for the signal's action, the host is told what it set itself.  When it sets a handler of its
 * own it gets the signal, and sampling goes on with timers.  The last signals of the events may come after that, from
 * threads that had no processor meanwhile: so the kernel calls the host's handler by way of ours, which keeps them back.
 */
#include "sampler/trap.h"
#include "sampler/handler.h"
#include "sampler/live.h"
#include "sampler/own_signal.h"
#include "sampler/session.h"

#include <dlfcn.h>
#include <errno.h>

static bool is_watched; /* what the kernel calls is ours */
static struct sigaction of_host;

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

bool trap_is_watched(void)
{
	return is_watched;
}

bool trap_is_ours(void)
{
	return is_watched && !is_handler(&of_host);
}

bool trap_take(void)
{
	struct sigaction ours = own_signal_action(), before;

	if (is_watched)
		return trap_is_ours();
	if (real_sigaction(SIGTRAP, NULL, &before) || is_handler(&before))
		return false;
	note_action(&before);
	is_watched = real_sigaction(SIGTRAP, &ours, NULL) == 0;
	return is_watched;
}

/* (A handler that is good for one signal is the kernel's to take away.) */
static int give_to(const struct sigaction *action)
{
	bool by_way_of_ours = !(action->sa_flags & (int)SA_RESETHAND);
	struct sigaction real = *action;

	if (!is_handler(&of_host))
		session_give_up_events();
	if (by_way_of_ours) {
		atomic_store(&live.trap_handler, action->sa_sigaction);
		real.sa_sigaction = handler_trap_of_host;
		real.sa_flags |= SA_SIGINFO;
	}
	if (real_sigaction(SIGTRAP, &real, NULL))
		return -1;
	is_watched = by_way_of_ours;
	of_host = *action;
	return 0;
}

static int take_back(void)
{
	struct sigaction ours = own_signal_action();

	return real_sigaction(SIGTRAP, &ours, NULL);
}

int trap_sigaction(const struct sigaction *action, struct sigaction *before)
{
	struct sigaction was = of_host;

	if (action && is_handler(action)) {
		if (give_to(action))
			return -1;
	} else if (action) {
		note_action(action);
		if (is_handler(&was) && take_back())
			return -1;
	}
	if (before)
		*before = was;
	return 0;
}
