/* wrap_signals.c - masks and waits: a host that takes hold of all signals does not mean ours.
 *
 * Many programs block every signal in every thread and have one thread that waits for all of them.  Taken by the
 * letter, no thread of theirs would be sampled, and the one that waits would be handed a signal that it has never heard
 * of.  So a set that holds nearly all signals is passed on without ours, and the host sees its mask as it set it.
 *
 * A set of few signals with ours among them is meant: it is blocked as said, and who waits for it gets it, while we
 * take another.
 *
 * pthread_sigmask and sigprocmask may be called in the host's handlers: no lock, no loader.
 */
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"
#include "sampler/trap.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#define EXPORT __attribute__((visibility("default")))

enum { N_STANDARD = 31, NEARLY_ALL = 20, KERNEL_SET_BYTES = 8, FIRST_RT = 32, LIBC_OWN = 2 };
enum ours { OURS_OF_TIMERS = 1, OURS_OF_EVENTS = 2 };

/* Those of our signals (enum ours) that the host of this thread believes to be blocked. */
static __thread unsigned believed __attribute__((tls_model("initial-exec")));

static bool holds_nearly_all(const sigset_t *set)
{
	int n = 0;

	for (int sig = 1; sig <= N_STANDARD; sig++)
		n += sigismember(set, sig) == 1;
	return n >= NEARLY_ALL;
}

static unsigned ours_in(const sigset_t *set)
{
	return (live.signal && sigismember(set, live.signal) == 1 ? OURS_OF_TIMERS : 0u) |
	       (trap_is_ours() && sigismember(set, SIGTRAP) == 1 ? OURS_OF_EVENTS : 0u);
}

static void add(sigset_t *set, unsigned ours)
{
	if (ours & OURS_OF_TIMERS)
		sigaddset(set, live.signal);
	if (ours & OURS_OF_EVENTS)
		sigaddset(set, SIGTRAP);
}

static void take_out(sigset_t *set, unsigned ours)
{
	if (ours & OURS_OF_TIMERS)
		sigdelset(set, live.signal);
	if (ours & OURS_OF_EVENTS)
		sigdelset(set, SIGTRAP);
}

bool signals_ours_in(const sigset_t *set)
{
	return ours_in(set) != 0;
}

static unsigned ours_now(void)
{
	return (live.signal ? OURS_OF_TIMERS : 0u) | (trap_is_ours() ? OURS_OF_EVENTS : 0u);
}

void signals_add_ours(sigset_t *set)
{
	add(set, ours_now());
}

void signals_remove_ours(sigset_t *set)
{
	take_out(set, ours_now());
}

static bool is_sampling(void)
{
	return atomic_load_explicit(&live.sampling, memory_order_relaxed);
}

/* ---- masks ---- */

/* What the kernel is to be told: without ours where it is not meant, and without the two that libc keeps for itself
 * (as libc does). */
static sigset_t real_mask(int how, const sigset_t *set)
{
	unsigned ours = ours_in(set);
	sigset_t real = *set;

	if (how == SIG_UNBLOCK) {
		believed &= ~ours;
		return real;
	}
	if (how == SIG_SETMASK)
		believed = 0;
	for (int i = 0; i < LIBC_OWN; i++)
		real.__val[0] &= ~(1UL << (FIRST_RT + i - 1));
	if (is_sampling() && ours && holds_nearly_all(set)) {
		take_out(&real, ours);
		believed |= ours;
	}
	return real;
}

int real_sigmask(int how, const sigset_t *set, sigset_t *before)
{
	return (int)-raw_syscall(SYS_rt_sigprocmask, how, (long)set, (long)before,
				 KERNEL_SET_BYTES);
}

EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *before)
{
	unsigned believed_before = believed;
	sigset_t real;
	int rc;

	if (set)
		real = real_mask(how, set);
	rc = real_sigmask(how, set ? &real : NULL, before);
	if (rc == 0 && before)
		add(before, believed_before);
	return rc;
}

EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *before)
{
	int rc = pthread_sigmask(how, set, before);

	if (rc == 0)
		return 0;
	errno = rc;
	return -1;
}

unsigned signals_believed_blocked(void)
{
	return believed;
}

void signals_inherit_belief(unsigned blocked)
{
	believed = blocked;
}

/* ---- waits ---- */

/* The set that the host means; copy is room for it. */
static const sigset_t *meant(const sigset_t *set, sigset_t *copy)
{
	if (!set || !is_sampling() || !ours_in(set))
		return set;
	if (holds_nearly_all(set)) {
		*copy = *set;
		take_out(copy, ours_in(set));
		return copy;
	}
	if (!session_is_of_this_process())
		return set;
	if (ours_in(set) & OURS_OF_EVENTS)
		session_give_up_events();
	if (ours_in(set) & OURS_OF_TIMERS)
		session_give_up_signal();
	return set;
}

#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

EXPORT int sigwait(const sigset_t *set, int *sig)
{
	sigset_t copy;

	return NEXT(sigwait)(meant(set, &copy), sig);
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
	sigset_t copy;

	return NEXT(sigwaitinfo)(meant(set, &copy), info);
}

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout)
{
	sigset_t copy;

	return NEXT(sigtimedwait)(meant(set, &copy), info, timeout);
}

EXPORT int signalfd(int fd, const sigset_t *set, int flags)
{
	sigset_t copy;

	return NEXT(signalfd)(fd, meant(set, &copy), flags);
}
