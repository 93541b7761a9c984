/* wrap_actions.c - the older doors to a signal's action: signal() and its kin.
 *
 * A program may pass any of them to take one of our signals for itself (signal() is __sysv_signal() where a program is
 * compiled by the letter of ISO C).  Then it is as if it had called sigaction(): see wrap_rights.c.  All other signals are
 * left to libc, which remembers what siginterrupt() said.
 *
 * They may be called in handlers and in the child of a fork: what to go on to is looked up before.
 */
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/trap.h"

#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

sighandler_t bsd_signal(int sig,
			sighandler_t handler); /* <signal.h> has it only for some standards */

enum { SYSV_FLAGS = SA_RESETHAND | SA_NODEFER };

static struct {
	sighandler_t (*signal)(int, sighandler_t);
	sighandler_t (*sysv_signal)(int, sighandler_t);
	sighandler_t (*sigset)(int, sighandler_t);
	int (*sigignore)(int);
	int (*siginterrupt)(int, int);
} next;

__attribute__((constructor)) static void look_up(void)
{
	*(void **)&next.signal = dlsym(RTLD_NEXT, "signal");
	*(void **)&next.sysv_signal = dlsym(RTLD_NEXT, "sysv_signal");
	*(void **)&next.sigset = dlsym(RTLD_NEXT, "sigset");
	*(void **)&next.sigignore = dlsym(RTLD_NEXT, "sigignore");
	*(void **)&next.siginterrupt = dlsym(RTLD_NEXT, "siginterrupt");
}

static bool is_one_of_ours(int sig)
{
	return (sig == live.signal && session_is_of_this_process()) ||
	       (sig == SIGTRAP && trap_is_watched());
}

static sighandler_t set_action(int sig, sighandler_t handler, int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, before;

	sigemptyset(&action.sa_mask);
	if (!(flags & SA_NODEFER))
		sigaddset(&action.sa_mask, sig);
	return sigaction(sig, &action, &before) ? SIG_ERR : before.sa_handler;
}

EXPORT sighandler_t signal(int sig, sighandler_t handler)
{
	return next.signal && (!is_one_of_ours(sig) || handler == SIG_ERR)
		       ? next.signal(sig, handler)
		       : set_action(sig, handler, SA_RESTART);
}

EXPORT sighandler_t bsd_signal(int sig, sighandler_t handler)
{
	return signal(sig, handler);
}

EXPORT sighandler_t ssignal(int sig, sighandler_t handler)
{
	return signal(sig, handler);
}

EXPORT sighandler_t sysv_signal(int sig, sighandler_t handler)
{
	return next.sysv_signal && (!is_one_of_ours(sig) || handler == SIG_ERR)
		       ? next.sysv_signal(sig, handler)
		       : set_action(sig, handler, SYSV_FLAGS);
}

EXPORT sighandler_t __sysv_signal(int sig, sighandler_t handler)
{
	return sysv_signal(sig, handler);
}

/* (SIG_HOLD blocks the signal and leaves its action.) */
EXPORT sighandler_t sigset(int sig, sighandler_t handler)
{
	sigset_t only, before;
	struct sigaction now;

	if (next.sigset && (!is_one_of_ours(sig) || handler == SIG_ERR))
		return next.sigset(sig, handler);
	if (sigaction(sig, NULL, &now))
		return SIG_ERR;
	sigemptyset(&only);
	sigaddset(&only, sig);
	if (handler != SIG_HOLD)
		set_action(sig, handler, SA_NODEFER);
	sigprocmask(handler == SIG_HOLD ? SIG_BLOCK : SIG_UNBLOCK, &only, &before);
	return sigismember(&before, sig) ? SIG_HOLD : now.sa_handler;
}

EXPORT int sigignore(int sig)
{
	if (next.sigignore && !is_one_of_ours(sig))
		return next.sigignore(sig);
	return set_action(sig, SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}

/* (Of a signal without a handler of the host's there is nothing to change.) */
EXPORT int siginterrupt(int sig, int yes)
{
	bool has_handler = !is_one_of_ours(sig) || (sig == SIGTRAP && !trap_is_ours());

	return next.siginterrupt && has_handler ? next.siginterrupt(sig, yes) : 0;
}

/* ---- past libc ---- */

/* syscall(SYS_rt_sigaction, ...), by which chromium sets all actions back in children that are about to execute a
 * program; see wrap_seccomp.c for how it comes here. */
struct kernel_action {
	sighandler_t handler;
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

enum { KERNEL_SET_BYTES = 8, RESTORER = 0x04000000 };

long sonde_rt_sigaction_call(long number, long sig, const struct kernel_action *action,
			     struct kernel_action *before, long set_bytes);

__attribute__((used)) long sonde_rt_sigaction_call(long number, long sig,
						   const struct kernel_action *action,
						   struct kernel_action *before, long set_bytes)
{
	struct sigaction set, was;

	if (!is_one_of_ours((int)sig) || set_bytes != KERNEL_SET_BYTES)
		return sonde_failed_call(
			raw_syscall(number, sig, (long)action, (long)before, set_bytes));
	if (action) {
		set.sa_handler = action->handler;
		set.sa_flags = (int)(action->flags & ~(unsigned long)RESTORER);
		sigemptyset(&set.sa_mask);
		memcpy(&set.sa_mask, &action->mask, KERNEL_SET_BYTES);
	}
	if (sigaction((int)sig, action ? &set : NULL, &was))
		return -1;
	if (before) {
		*before = (struct kernel_action){ .handler = was.sa_handler,
						  .flags = (unsigned)was.sa_flags };
		memcpy(&before->mask, &was.sa_mask, KERNEL_SET_BYTES);
	}
	return 0;
}
