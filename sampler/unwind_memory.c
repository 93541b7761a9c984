/* unwind_memory.c - see unwind_memory.h.  Runs inside the handler.
 *
 * Whether a page is there: rt_sigprocmask with an invalid `how` copies the set from user memory first, so it answers
 * EINVAL where the memory is readable and EFAULT where it is not, and changes nothing either way (kernel/signal.c).
 * That is an eighth of what process_vm_readv costs, and takes no lock.
 */
#include "sampler/unwind_memory.h"
#include "sampler/syscalls.h"

#include <errno.h>
#include <sys/uio.h>

enum { PAGE = 4096, MOST_AHEAD = 16 * PAGE };

static pid_t other_process;

void unwind_memory_of(pid_t other)
{
	other_process = other;
}

static uintptr_t page_of(uintptr_t at)
{
	return at & ~(uintptr_t)(PAGE - 1);
}

static bool is_readable(uintptr_t page)
{
	return page >= PAGE && (intptr_t)page > 0 &&
	       raw_syscall(SYS_rt_sigprocmask, -1, (long)page, 0, 8) == -EINVAL;
}

static void copy_direct(uintptr_t from, void *to, size_t n)
{
	uint8_t *bytes = to;

	for (size_t i = 0; i < n; i++)
		bytes[i] = ((const volatile uint8_t *)from)[i];
}

/* At most a page. */
static bool copy(uintptr_t from, void *to, size_t n)
{
	static _Atomic bool is_forbidden;
	struct iovec local = { to, n }, remote = { (void *)from, n };
	pid_t pid = other_process;
	long got;

	if (from < PAGE || from > INTPTR_MAX - n)
		return false;
	if (!atomic_load_explicit(&is_forbidden, memory_order_relaxed)) {
		if (!pid)
			pid = (pid_t)raw_syscall(SYS_gettid, 0, 0, 0, 0);
		got = raw_syscall6(SYS_process_vm_readv, pid, (long)&local, 1, (long)&remote, 1, 0);
		if (got >= 0 || got == -EFAULT)
			return got == (long)n;
		atomic_store_explicit(&is_forbidden, true, memory_order_relaxed);
	}
	if (other_process || !is_readable(page_of(from)) || !is_readable(page_of(from + n - 1)))
		return false;
	copy_direct(from, to, n);
	return true;
}

void unwind_memory_open(struct unwind_memory *m, const struct stack_bounds *own)
{
	m->own = own;
	m->low = m->high = m->code_page = 0;
	m->may_grow = false;
}

void unwind_memory_enter(struct unwind_memory *m, uintptr_t sp, bool is_there)
{
	if (other_process)
		return;
	m->low = m->high = page_of(sp);
	m->may_grow = sp < m->own->low || sp >= m->own->high;
	if (!m->may_grow && (is_there || is_readable(m->low))) {
		m->low = sp & ~(uintptr_t)7;
		m->high = m->own->high & ~(uintptr_t)7;
	}
}

/* A stack whose end is not known is found to go on page by page. */
bool unwind_memory_reach(struct unwind_memory *m, uintptr_t at, uintptr_t *value)
{
	if (!m->may_grow || at < m->low || at - m->high >= MOST_AHEAD)
		return copy(at, value, sizeof(*value));
	while (at >= m->high) {
		if (!is_readable(page_of(m->high)))
			return copy(at, value, sizeof(*value));
		m->high = page_of(m->high) + PAGE;
	}
	*value = *(const uintptr_t *)at;
	return true;
}

bool unwind_memory_code(const struct unwind_memory *m, uintptr_t at, void *to, size_t n)
{
	if (!m->code_page || at - m->code_page > PAGE - n) /* (at + n may be past all addresses) */
		return copy(at, to, n);
	copy_direct(at, to, n);
	return true;
}

void unwind_memory_is_live_code(struct unwind_memory *m, uintptr_t at)
{
	if (!other_process)
		m->code_page = page_of(at);
}
