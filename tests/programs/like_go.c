/* like_go.c - what the Go runtime does with signals and stacks, without Go.
 *
 * Built with -DLIBRARY it is a library with Go's note in it; else the program that calls it, or with -DPROGRAM both in
 * one.  Its work is done on a stack too small for a signal, which is what its alternate stack is for.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

void work_like_go(void);

#if defined(LIBRARY) || defined(PROGRAM)
enum { PAGE = 4096, SMALL = 1024, ALTERNATE = 32768 };

__attribute__((section(".note.go.buildid"), used, aligned(4))) static const struct {
	uint32_t name_bytes, bytes, type;
	char name[4];
	char id[4];
} note = { 4, 4, 4, "Go", "abc" };

static ucontext_t back;

static void on_small_stack(void)
{
	for (volatile long i = 0; i < 1000000000; i++)
		;
	setcontext(&back);
}

/* Every handler that is found is made to run on the alternate stack, which is set by a bare system call. */
static void take_signals(void)
{
	stack_t alternate = { .ss_sp = malloc(ALTERNATE), .ss_size = ALTERNATE };
	struct sigaction action;

	syscall(SYS_sigaltstack, &alternate, NULL);
	for (int sig = 1; sig < NSIG; sig++) {
		if (sigaction(sig, NULL, &action) || action.sa_handler == SIG_DFL ||
		    action.sa_handler == SIG_IGN)
			continue;
		action.sa_flags |= SA_ONSTACK;
		sigaction(sig, &action, NULL);
	}
}

void work_like_go(void)
{
	char *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static ucontext_t small;

	mprotect(pages, PAGE, PROT_NONE);
	take_signals();
	getcontext(&small);
	small.uc_stack.ss_sp = pages + PAGE;
	small.uc_stack.ss_size = SMALL;
	makecontext(&small, on_small_stack, 0);
	swapcontext(&back, &small);
}
#endif

#if !defined(LIBRARY)
int main(void)
{
	work_like_go();
	puts("worked");
	return 3;
}
#endif
