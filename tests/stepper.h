/* stepper.h - run code one instruction at a time, in this very process, and judge the unwinder at each.
 *
 * The trap flag makes the processor raise SIGTRAP after every instruction.  The truth is in shadow.h.  libunwind is asked
 * too, and what it gets wrong is printed.
 */
#ifndef SONDE_TESTS_STEPPER_H
#define SONDE_TESTS_STEPPER_H

#include <stdbool.h>
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

/* Is it another process that steps?  Then children may be made too. */
bool stepper_is_outside(void);

/* First call of a signal handler that interrupted stepped code: the kernel stops stepping for it. */
void stepper_enter_handler(void *ucontext);

/* Print the plan and the sums of all runs. */
void stepper_close(void);

#ifdef __cplusplus
}
#endif

#endif
