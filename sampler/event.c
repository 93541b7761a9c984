/* event.c - one perf event for each thread: it counts the thread's CPU time and sends a signal after each period.
 *
 * Runs inside the handler too: raw system calls, no libc.
 *
 * The event is PERF_COUNT_SW_TASK_CLOCK.  Its high-resolution timer runs while the thread does, so that its rate is not
 * bounded by the kernel's tick, and kernel time is sampled as well.  Its signal is SIGTRAP by attr.sigtrap, which
 * carries a word of ours and which the kernel sends when the thread is on its way back to user mode (task work, since
 * Linux 6.11).  So a system call that the timer interrupts ends as it would have: none sees EINTR.  (A signal by
 * fcntl(F_SETSIG) is sent at once: poll, nanosleep and others that were about to sleep then give up, whatever
 * SA_RESTART says.)
 *
 * What keeps an event alive is a mapping of its first page, not a descriptor: the host may close or reuse any
 * descriptor.  A child of a fork does not inherit the mapping (the kernel sets VM_DONTCOPY), and exec ends the event.
 * Without a descriptor nothing of an event can be changed later, so another period takes another event.
 *
 * Kernel frames, where they are wanted, come in a second page: a ring in which the kernel leaves a record of each expiry,
 * before it sends the signal.  The handler reads what is new there; no system call.
 */
#include "sampler/event.h"
#include "sampler/syscalls.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum {
	PAGE = 4096,
	CODE_TRAP_PERF = 6
}; /* TRAP_PERF of asm-generic/siginfo.h, which glibc's <signal.h> lacks */

static bool exclude_kernel, has_kernel_frames;

static long open_event(pid_t tid, uint64_t period_ns, const struct thread *t)
{
	struct perf_event_attr attr;

	/* A filter that the host installed may end the process for a system call that it does not know. */
	if (raw_syscall(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0) != 0)
		return -EPERM;
	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.sample_period = period_ns;
	attr.exclude_kernel = exclude_kernel;
	attr.exclude_hv = 1;
	attr.sigtrap = 1;
	attr.remove_on_exec = 1;
	attr.disabled = 1;
	attr.sig_data = (uintptr_t)t;
	if (has_kernel_frames) {
		attr.sample_type = PERF_SAMPLE_CALLCHAIN;
		attr.exclude_callchain_user = 1;
	}
	return raw_syscall6(SYS_perf_event_open, (long)&attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC, 0);
}

long event_try(bool user_only, bool want_kernel_frames)
{
	long fd;

	exclude_kernel = false;
	has_kernel_frames = want_kernel_frames;
	fd = open_event(0, 1000000, NULL);
	if ((fd == -EACCES || fd == -EPERM) && user_only) {
		exclude_kernel = true;
		has_kernel_frames = false;
		fd = open_event(0, 1000000, NULL);
	}
	if (fd < 0)
		return fd;
	raw_syscall(SYS_close, fd, 0, 0, 0);
	return 0;
}

bool event_excludes_kernel(void)
{
	return exclude_kernel;
}

static bool is_error(long page)
{
	return page < 0 && page >= -4095;
}

static long mapped_bytes(void)
{
	return has_kernel_frames ? 2 * PAGE : PAGE;
}

static void drop(void *page)
{
	if (page)
		raw_syscall(SYS_munmap, (long)page, mapped_bytes(), 0, 0);
}

/* A new event in the place of old.  It begins when the record knows it: no signal comes before that. */
static long replace(struct thread *t, pid_t tid, uint64_t period_ns, void *old)
{
	long fd = open_event(tid, period_ns, t), page;

	if (fd < 0)
		return fd;
	page = raw_syscall6(SYS_mmap, 0, mapped_bytes(),
			    has_kernel_frames ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd,
			    0);
	if (is_error(page)) {
		raw_syscall(SYS_close, fd, 0, 0, 0);
		return page;
	}
	t->event_period_ns = period_ns;
	if (atomic_compare_exchange_strong(&t->event, &old, (void *)page))
		raw_syscall(SYS_ioctl, fd, PERF_EVENT_IOC_ENABLE, 0, 0);
	else /* somebody stopped it meanwhile */
		old = (void *)page;
	raw_syscall(SYS_close, fd, 0, 0, 0);
	drop(old);
	return 0;
}

long event_start(struct thread *t, uint64_t period_ns)
{
	return replace(t, t->tid, period_ns, NULL);
}

long event_change(struct thread *t, uint64_t period_ns)
{
	void *old = atomic_load(&t->event);

	return old ? replace(t, 0, period_ns, old) : 0; /* what was stopped stays so */
}

/* The thread's handler may be reading the ring: then the event is the handler's to end.  (Where another one waits for that
 * already it goes on, and its signals stand for nothing.) */
void event_stop(struct thread *t)
{
	void *page = atomic_exchange(&t->event, NULL), *none = NULL;

	if (has_kernel_frames && atomic_load(&t->busy))
		atomic_compare_exchange_strong(&t->stopped_event, &none, page);
	else
		drop(page);
}

void event_stopped(struct thread *t)
{
	if (atomic_load_explicit(&t->stopped_event, memory_order_relaxed))
		drop(atomic_exchange(&t->stopped_event, NULL));
}

/* The words of a record, from where it begins in the ring of one page: its frames if it is one of an expiry. */
static uint32_t frames_of(const uint64_t *ring, uint64_t at, uint64_t *pcs)
{
	enum { WORDS = PAGE / 8 };
	uint64_t word = at / 8, n = ring[(word + 1) % WORDS];
	uint32_t kept = 0;

	if ((uint32_t)ring[word % WORDS] != PERF_RECORD_SAMPLE || n > WORDS)
		return 0;
	for (uint64_t i = 0; i < n && kept < EVENT_KERNEL_FRAMES; i++) {
		uint64_t pc = ring[(word + 2 + i) % WORDS];

		if (pc < PERF_CONTEXT_MAX) /* else it says whose frames follow */
			pcs[kept] = pc - (kept != 0), kept++;
	}
	return kept;
}

uint32_t event_kernel_frames(struct thread *t, uint64_t *pcs)
{
	struct perf_event_mmap_page *page = atomic_load(&t->event);
	const uint64_t *ring = (const uint64_t *)((const char *)page + PAGE);
	uint64_t head, at;
	uint32_t n = 0;

	if (!page || !has_kernel_frames)
		return 0;
	head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	for (at = page->data_tail; at < head;) {
		uint64_t bytes = ring[at % PAGE / 8] >> 48; /* of struct perf_event_header */

		n = frames_of(ring, at, pcs);
		if (bytes < sizeof(struct perf_event_header))
			break;
		at += bytes;
	}
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
	return n;
}

struct thread *event_thread(const siginfo_t *si)
{
	/* _sigfault._perf._data of the kernel's siginfo, behind the address. */
	const char *at = (const char *)&si->si_addr + sizeof(si->si_addr);

	return si->si_signo == SIGTRAP && si->si_code == CODE_TRAP_PERF
		       ? *(struct thread *const *)at
		       : NULL;
}
