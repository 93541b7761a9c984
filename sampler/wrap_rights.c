/* wrap_rights.c - the libc functions that the library stands in for to stay out of its host's way.
 *
 * A process of one thread may do things that a process of two may not, and the keeper is a second one: leave a user
 * namespace or enter another (EINVAL), or change its identity while some capabilities are kept, which glibc carries
 * out in every thread and answers by abort() when one of them cannot.  The keeper is taken away while they last.
 *
 * The host may want the signal that we use.  It gets it: we take another.
 *
 * libsonde.a keeps these names to itself (libsonde.syms): a program that links it knows of its second thread, and a
 * static one has no other setuid to go on to.
 */
#include "sampler/handler.h"
#include "sampler/live.h"
#include "sampler/session.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
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

EXPORT int sigaction(int sig, const struct sigaction *action, struct sigaction *before)
{
	if (sig == live.signal && session_is_of_this_process()) {
		if (action) {
			session_give_up_signal();
		} else if (before) {
			*before = *handler_before();
			return 0;
		}
	}
	return real_sigaction(sig, action, before);
}

EXPORT sighandler_t signal(int sig, sighandler_t handler)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART }, before;

	sigemptyset(&action.sa_mask);
	return sigaction(sig, &action, &before) ? SIG_ERR : before.sa_handler;
}
