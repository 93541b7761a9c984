/* handler.c - what happens on a tick: unwind, intern, count.
 *
 * Runs inside the handler.  No lock, no malloc, no libc function, no loader, errno untouched (system calls are made
 * raw).  System calls for a sample: the thread's name, which programs set at any time and by several doors, and with perf
 * events the thread's CPU clock.  Once for each thread some more, see tick.c and due.c; and a futex wake when the
 * keeper is needed.
 */
#include "sampler/handler.h"
#include "sampler/due.h"
#include "sampler/event.h"
#include "sampler/kept.h"
#include "sampler/labels.h"
#include "sampler/live.h"
#include "sampler/store.h"
#include "sampler/syscalls.h"
#include "sampler/thread_table.h"
#include "sampler/tick.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <ucontext.h>

struct live live;

static struct sigaction previous;

void handler_chain(const struct sigaction *before)
{
	previous = *before;
}

const struct sigaction *handler_before(void)
{
	return &previous;
}

void live_want(int what)
{
	if (atomic_fetch_or_explicit(&live.wanted, what, memory_order_relaxed) & what)
		return;
	raw_syscall(SYS_futex, (long)&live.wanted, FUTEX_WAKE_PRIVATE, 1, 0);
}

/* The record of the thread's name and labels; the one of the last sample if nothing has changed. */
static uint32_t current_context(struct thread *t, struct segment *s)
{
	const struct label_set *labels = t->labels ? *t->labels : NULL;
	uint64_t name[SPOOL_NAME_BYTES / 8] = { 0, 0 };
	uint32_t n = SPOOL_NAME_BYTES / 8;

	raw_syscall(SYS_prctl, PR_GET_NAME, (long)name, 0, 0);
	if (t->context_seq == s->seq && t->context_labels == labels &&
	    t->context_name[0] == name[0] && t->context_name[1] == name[1])
		return t->context;
	t->words[0] = name[0];
	t->words[1] = name[1];
	for (uint32_t i = 0; labels && i < labels->n_words; i++)
		t->words[n++] = labels->block[i];
	t->context = store_intern(s, RECORD_CONTEXT, t->words, n);
	t->context_name[0] = name[0];
	t->context_name[1] = name[1];
	t->context_labels = labels;
	t->context_seq = t->context ? s->seq : UINT32_MAX;
	return t->context;
}

static bool count(struct thread *t, struct segment *s, const struct unwind_result *result,
		  uint64_t weight)
{
	uint32_t stack = store_intern(s, RECORD_STACK, t->words, result->n + 1);
	uint32_t context = stack ? current_context(t, s) : 0;

	if (!context || (weight && !store_count(s, stack, context, weight)))
		return false;
	kept_draw(t, s, stack, context, weight);
	return true;
}

/* (Frames of the kernel are in the record already: so many.)  True when it may have taken long. */
static bool sample(struct thread *t, const ucontext_t *uc, uint64_t weight, uint32_t n_kernel)
{
	enum { MANY_FRAMES = 128, MANY_GUESSES = 16, MUCH_SEARCH = 1024 };
	struct spool_header *h = live.header;
	struct segment *s = atomic_load_explicit(&live.segment, memory_order_acquire);
	struct unwind_result result;
	bool stored;

	unwind(atomic_load_explicit(&live.modules, memory_order_acquire), unwind_regs_of(uc),
	       &t->stack, &t->rules, t->words + 1 + n_kernel, SPOOL_MAX_FRAMES - n_kernel, &result);
	result.n += n_kernel;
	t->words[0] = (uint64_t)result.end;
	stored = count(t, s, &result, weight);
	if (!weight)
		return false;
	if (stored) {
		atomic_fetch_add_explicit(&h->samples, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&h->weight, weight, memory_order_relaxed);
	} else {
		atomic_fetch_add_explicit(&h->lost, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&h->lost_weight, weight, memory_order_relaxed);
	}
	atomic_fetch_add_explicit(&h->ends[result.end], 1, memory_order_relaxed);
	if (result.guessed)
		atomic_fetch_add_explicit(&h->guessed, 1, memory_order_relaxed);
	if (result.unknown_module || result.wants_table)
		live_want(WANT_MODULES);
	if (segment_is_half_full(s) &&
	    !atomic_exchange_explicit(&s->want_more, 1, memory_order_relaxed))
		live_want(WANT_SEGMENT);
	return result.n > MANY_FRAMES || result.guessed > MANY_GUESSES ||
	       result.searched > MUCH_SEARCH;
}

/* What the kernel would do if our handler were not there. */
static void end_by_default(int sig)
{
	uint64_t by_default[4] = { 0, 0, 0, 0 }; /* the kernel's struct sigaction: SIG_DFL */

	raw_syscall(SYS_rt_sigaction, sig, (long)by_default, 0, 8);
	raw_syscall(SYS_tgkill, raw_syscall(SYS_getpid, 0, 0, 0, 0),
		    raw_syscall(SYS_gettid, 0, 0, 0, 0), sig, 0);
}

/* A signal that no timer of ours sent, however late: it is meant for the host. */
static void pass_on(int sig, siginfo_t *si, void *context)
{
	if (previous.sa_flags & SA_SIGINFO)
		previous.sa_sigaction(sig, si, context);
	else if (previous.sa_handler == SIG_DFL)
		end_by_default(sig);
	else if (previous.sa_handler != SIG_IGN)
		previous.sa_handler(sig);
}

/* A SIGTRAP that no event of ours sent, while the host has no handler for it.  (A trap that the program ran into ends it
 * even when it ignores the signal.) */
static void trap_of_host(const siginfo_t *si)
{
	if (si->si_code > 0 || !atomic_load(&live.trap_is_ignored))
		end_by_default(SIGTRAP);
}

void handler_trap_of_host(int sig, siginfo_t *si, void *context)
{
	if (!thread_table_contains(event_thread(si)))
		atomic_load (&live.trap_handler)(sig, si, context);
}

void handler_count(struct thread *t, const ucontext_t *uc, uint64_t weight)
{
	atomic_store(&t->busy, 1);
	(void)sample(t, uc, weight, 0);
	atomic_store_explicit(&t->busy, 0, memory_order_release);
}

void handler_run(int sig, siginfo_t *si, void *context)
{
	struct thread *t = event_thread(si);
	bool by_event = t != NULL, is_long = false;
	uint32_t n_kernel;
	uint64_t weight;

	if (sig == SIGTRAP && !by_event) {
		trap_of_host(si);
		return;
	}
	if (!by_event && si->si_code == SI_TIMER)
		t = si->si_value.sival_ptr;
	if (!thread_table_contains(t)) {
		pass_on(sig, si, context);
		return;
	}
	atomic_store(&t->busy, 1);
	if (atomic_load(&live.sampling)) {
		n_kernel = by_event ? event_kernel_frames(t, t->words + 1) : 0;
		weight = by_event ? due_weight(t) : tick_weight(t, si);
		if (weight || !by_event) /* where it was may be worth something when it ends */
			is_long = sample(t, context, weight, n_kernel);
		if (by_event && weight)
			due_handled(t, is_long);
	}
	event_stopped(t);
	atomic_store_explicit(&t->busy, 0, memory_order_release);
}
