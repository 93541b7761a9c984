/* unwind_memory.h - what the unwinder reads of stacks and code.  No read faults, whatever the registers hold.
 *
 * - [sp, high) of the thread's own stack is readable by construction, if sp is where the kernel has just pushed our
 *   own frame, or its page is there.
 * - Another stack that the thread runs on (a coroutine's, an alternate one for signals, that of a thread that came by
 *   clone) is nobody else's to unmap, but where it ends is not known: a page of it is asked for before its first read.
 * - Anything else, to which a wrong frame pointer may lead, another thread may unmap at any moment: the kernel copies
 *   it, or where a filter forbids that, it is asked for like a page of a stack.
 *
 * Async-signal-safe.
 */
#ifndef SONDE_SAMPLER_UNWIND_MEMORY_H
#define SONDE_SAMPLER_UNWIND_MEMORY_H

#include "sampler/unwind.h"

#include <sys/types.h>

struct unwind_memory {
	const struct stack_bounds *own;
	uintptr_t low, high; /* what is known to be readable of the stack that sp is on */
	uintptr_t code_page; /* code that is on the stack: nobody unmaps it */
	bool may_grow;	     /* where that stack ends is not known */
};

void unwind_memory_open(struct unwind_memory *m, const struct stack_bounds *own);

/* A new stack pointer.  is_there: the kernel has pushed a frame below it just now. */
void unwind_memory_enter(struct unwind_memory *m, uintptr_t sp, bool is_there);

/* Copy code; the page of code that is on the stack is copied faster. */
bool unwind_memory_code(const struct unwind_memory *m, uintptr_t at, void *to, size_t n);
void unwind_memory_is_live_code(struct unwind_memory *m, uintptr_t at);

/* A word outside of [low, high). */
bool unwind_memory_reach(struct unwind_memory *m, uintptr_t at, uintptr_t *value);

/* An aligned word; false when it cannot be read. */
static inline bool unwind_memory_word(struct unwind_memory *m, uintptr_t at, uintptr_t *value)
{
	if (at & 7)
		return false;
	if (at < m->low || at >= m->high)
		return unwind_memory_reach(m, at, value);
	*value = *(const uintptr_t *)at;
	return true;
}

/* For tests: read the memory of another process, which is stopped (0 = this one again). */
void unwind_memory_of(pid_t other);

#endif
