/* wrap_rights.c - the libc functions that the library stands in for to stay out of its host's way.
 *
 * A process of one thread may do things that a process of two may not, and the keeper is a second one: leave a user
 * namespace or enter another (EINVAL), or change its identity while some capabilities are kept, which glibc carries
 * out in every thread and answers by abort() when one of them cannot.  The keeper is taken away while they last.
 *
 * Before a process changes its root, its mounts or its identity, room for samples is taken: it may reach no file of ours after
 * that.
 *
 * The host may want the signal that we use.  It gets it: we take another.  (SIGTRAP: see trap.c; signal() and its kin:
 * wrap_actions.c.)
 *
 * libsonde.a keeps these names to itself (libsonde.syms): a program that links it knows of its second thread, and a
 * static one has no other setuid to go on to.
 */
#include "sampler/handler.h"
#include "sampler/live.h"
#include "sampler/own_signal.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/trap.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/auxv.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* ---- without the keeper ---- */

#define WITHOUT_KEEPER(name, parameters, arguments)                                                \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		int(*next) parameters = dlsym(RTLD_NEXT, #name);                                   \
		bool was_there;                                                                    \
		int rc, error, cancel;                                                                   \
                                                                                                   \
		if (!next) {                                                                       \
			errno = ENOSYS;                                                            \
			return -1;                                                                 \
		}                                                                                  \
		session_make_reserve();                                                            \
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);                           \
		was_there = keeper_pause();                                                        \
		rc = next arguments;                                                               \
		error = errno;                                                                     \
		if (was_there)                                                                     \
			keeper_resume();                                                           \
		pthread_setcancelstate(cancel, NULL);                                              \
		errno = error;                                                                     \
		return rc;                                                                         \
	}

WITHOUT_KEEPER(setuid, (uid_t uid), (uid))
WITHOUT_KEEPER(setgid, (gid_t gid), (gid))
WITHOUT_KEEPER(seteuid, (uid_t uid), (uid))
WITHOUT_KEEPER(setegid, (gid_t gid), (gid))
WITHOUT_KEEPER(setreuid, (uid_t ruid, uid_t euid), (ruid, euid))
WITHOUT_KEEPER(setregid, (gid_t rgid, gid_t egid), (rgid, egid))
WITHOUT_KEEPER(setresuid, (uid_t ruid, uid_t euid, uid_t suid), (ruid, euid, suid))
WITHOUT_KEEPER(setresgid, (gid_t rgid, gid_t egid, gid_t sgid), (rgid, egid, sgid))
WITHOUT_KEEPER(setgroups, (size_t n, const gid_t *groups), (n, groups))
WITHOUT_KEEPER(initgroups, (const char *user, gid_t group), (user, group))
WITHOUT_KEEPER(unshare, (int flags), (flags))
WITHOUT_KEEPER(setns, (int fd, int type), (fd, type))

/* syscall(SYS_unshare, ...) and its sibling: see wrap_seccomp.c. */
long sonde_unshare_call(long number, long flags);
long sonde_setns_call(long number, long fd, long type);

__attribute__((used)) long sonde_unshare_call(long number, long flags)
{
	return unshare((int)flags);
}

__attribute__((used)) long sonde_setns_call(long number, long fd, long type)
{
	return setns((int)fd, (int)type);
}

/* ---- another root ---- */

#define AFTER_RESERVE(name, parameters, arguments)                                                \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		int(*next) parameters = dlsym(RTLD_NEXT, #name);                                   \
                                                                                                   \
		if (!next) {                                                                       \
			errno = ENOSYS;                                                            \
			return -1;                                                                 \
		}                                                                                  \
		session_make_reserve();                                                            \
		return next arguments;                                                             \
	}

int pivot_root(const char *to, const char *old);
AFTER_RESERVE(chroot, (const char *path), (path))
AFTER_RESERVE(pivot_root, (const char *to, const char *old), (to, old))

long sonde_chroot_call(long number, const char *path);
long sonde_pivot_root_call(long number, const char *to, const char *old);

__attribute__((used)) long sonde_chroot_call(long number, const char *path)
{
	return chroot(path);
}

__attribute__((used)) long sonde_pivot_root_call(long number, const char *to, const char *old)
{
	return pivot_root(to, old);
}

/* ---- signals ---- */

/* A static program has no next library to look in, but libc's inner name. */
extern int __sigaction(int, const struct sigaction *, struct sigaction *) __attribute__((weak));

int real_sigaction(int sig, const struct sigaction *action, struct sigaction *before)
{
	static int (*next)(int, const struct sigaction *, struct sigaction *);

	if (!next)
		next = (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT,
											 "sigaction");
	if (!next)
		next = __sigaction;
	if (!next) {
		errno = ENOSYS;
		return -1;
	}
	return next(sig, action, before);
}

/* An alternate stack may be as small as may be: too small for two frames of the kernel's with vector registers in them.
 * Where there is such a one our signal waits until the host's handler is done. */
static _Atomic bool has_small_stacks;
static _Atomic uint64_t waits_for; /* the signals of whose masks we made ours a part */

static void let_ours_wait(struct sigaction *action, bool *added)
{
	*added = (action->sa_flags & SA_ONSTACK) && atomic_load(&has_small_stacks) &&
		 !signals_ours_in(&action->sa_mask);
	if (*added)
		signals_add_ours(&action->sa_mask);
}

static int pass_action_on(int sig, const struct sigaction *action, struct sigaction *before)
{
	uint64_t bit = sig > 0 && sig < NSIG ? (uint64_t)1 << (sig - 1) : 0;
	bool was_added = atomic_load(&waits_for) & bit, added = false;
	struct sigaction copy;
	int rc;

	if (action) {
		copy = *action;
		let_ours_wait(&copy, &added);
	}
	rc = real_sigaction(sig, action ? &copy : NULL, before);
	if (rc)
		return rc;
	if (before && was_added)
		signals_remove_ours(&before->sa_mask);
	if (action && added)
		atomic_fetch_or(&waits_for, bit);
	else if (action)
		atomic_fetch_and(&waits_for, ~bit);
	return 0;
}

static void all_let_ours_wait(void)
{
	struct sigaction action;

	if (atomic_exchange(&has_small_stacks, true))
		return;
	for (int sig = 1; sig < NSIG; sig++)
		if (sig != live.signal && !(sig == SIGTRAP && trap_is_ours()) &&
		    real_sigaction(sig, NULL, &action) == 0 &&
		    (action.sa_flags & SA_ONSTACK) && action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN)
			pass_action_on(sig, &action, NULL);
}

EXPORT int sigaltstack(const stack_t *stack, stack_t *before)
{
	size_t frame = getauxval(AT_MINSIGSTKSZ), enough = 2 * (frame ? frame : MINSIGSTKSZ) + 4096;
	long rc = raw_syscall(SYS_sigaltstack, (long)stack, (long)before, 0, 0);

	if (rc) {
		errno = (int)-rc;
		return -1;
	}
	if (stack && !(stack->ss_flags & SS_DISABLE) && stack->ss_size < enough)
		all_let_ours_wait();
	return 0;
}

EXPORT int sigaction(int sig, const struct sigaction *action, struct sigaction *before)
{
	if (!action && (sig == live.signal || (sig == SIGTRAP && trap_is_ours())))
		own_signal_meet_go(); /* its runtime asks for all there are */
	if (sig == live.signal && session_is_of_this_process()) {
		if (action) {
			session_give_up_signal();
		} else if (before) {
			*before = *handler_before();
			return 0;
		}
	}
	if (sig == SIGTRAP && trap_is_watched() &&
	    (session_is_of_this_process() || !atomic_load(&live.sampling)))
		return trap_sigaction(action, before);
	return pass_action_on(sig, action, before);
}
