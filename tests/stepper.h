/* stepper.h - run code one instruction at a time, in this very process, and judge the unwinder at each.
 *
 * The trap flag makes the processor raise SIGTRAP after every instruction.  The truth is not another unwinder's opinion:
 * the handler watches every call leave its return address on the stack, and a return address is gone when the stack
 * pointer has passed it.  libunwind is asked too, and what it gets wrong is printed.
 *
 * Code that jumps to another stack (longjmp, setcontext, the catching of exceptions) is described as being where it goes
 * before it is there.  So a stack that is not the true one is held against the true one at the instruction where the
 * jump arrives.
 */
#ifndef SONDE_TESTS_STEPPER_H
#define SONDE_TESTS_STEPPER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Make tables of all modules; -1 when this machine does not step. */
int stepper_open(void);

/* Another stack that the code will run on. */
void stepper_add_stack(void *start, size_t bytes);

/* Step through fn and print one line of TAP.  Returns the number of wrong stacks. */
unsigned long stepper_run(const char *what, void (*fn)(void));

/* First call of a signal handler that interrupted stepped code: the kernel stops stepping for it. */
void stepper_enter_handler(void *ucontext);

/* Print the plan and the sums of all runs. */
void stepper_close(void);

#ifdef __cplusplus
}
#endif

#endif
