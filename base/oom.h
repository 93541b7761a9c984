/* oom.h - what happens when memory runs out.
 *
 * In the tool: one sentence on stderr and exit 1.  Inside a target the library must never end the process, so code
 * that builds things there runs between oom_catch() and oom_release(): running out of memory then jumps back.
 *
 *	jmp_buf env;
 *	if (setjmp(env)) { ... out of memory, what was built is leaked ... }
 *	else { oom_catch(&env); ...; }
 *	oom_release();
 *
 * A file that was being written (base/outfile.h) is given up first.
 * The jump target is per process, used under the library's own lock.
 */
#ifndef SONDE_BASE_OOM_H
#define SONDE_BASE_OOM_H

#include <setjmp.h>

void oom_catch(jmp_buf *env);
void oom_release(void);

/* What the tool says, with its newline; it must stay where it is. */
void oom_set_sentence(const char *text);
void oom(void) __attribute__((noreturn));

#endif
