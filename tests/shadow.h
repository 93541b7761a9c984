/* shadow.h - the true stack of code that is run one instruction at a time.
 *
 * The truth is not another unwinder's opinion: every call is seen to leave its return address on the stack, and a return
 * address is gone when the stack pointer has passed it.
 *
 * Code that jumps to another stack (longjmp, setcontext, the catching of exceptions) is described as being where it goes
 * before it is there.  So a stack that is not the true one is held against the true one at the instruction where the
 * jump arrives.
 */
#ifndef SONDE_TESTS_SHADOW_H
#define SONDE_TESTS_SHADOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHADOW_MAX_FRAMES = 200 };

struct shadow_stack { /* leaf first; callers as return address - 1 */
	unsigned n;
	uint64_t pcs[SHADOW_MAX_FRAMES];
	int end;
};

/* Copy memory of the code that is stepped through. */
typedef bool shadow_read_fn(uintptr_t at, void *to, size_t n);

/* context_entry: what coroutines of makecontext() return to. */
void shadow_open(shadow_read_fn *read, uintptr_t context_entry);

/* Another stack that the code will run on. */
void shadow_add_stack(void *start, size_t bytes);

/* Before each run: nothing is known.  Then, outermost first, the callers that are there at its beginning. */
void shadow_reset(void);
void shadow_push(uintptr_t pc, uintptr_t slot, bool is_exact);

/* One instruction on: the stack pointer now, and the truth. */
void shadow_step(uintptr_t pc, uintptr_t sp, struct shadow_stack *out);

/* A signal handler that begins with this stack pointer has interrupted the code. */
void shadow_enter_handler(uintptr_t handler_sp, uintptr_t pc, uintptr_t sp);

bool shadow_same(const struct shadow_stack *a, const struct shadow_stack *b);

/* Is it so?  True at once, or when a jump has arrived (see above); shadow_wrong() tells how many were not. */
void shadow_judge(const struct shadow_stack *said, const struct shadow_stack *truth);

struct shadow_verdict {
	unsigned long steps, wrong, ahead; /* ahead: that told where a jump goes */
	unsigned most_frames;
	struct shadow_stack first_wrong, first_truth;
};

/* The run is over: what still waits is wrong. */
const struct shadow_verdict *shadow_end(void);

/* mov $15, %rax; syscall: a signal trampoline, at its first instruction or its second. */
bool shadow_is_in_trampoline(uintptr_t pc);

#endif
