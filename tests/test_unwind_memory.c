/* test_unwind_memory.c - the unwinder reads stacks of every kind, and no word that may not be there.
 *
 * A read that faults ends this program.
 */
#include "sampler/unwind_memory.h"
#include "tests/own_modules.h"

#include <alloca.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_FRAMES = 64, PAGE = 4096, STACK_BYTES = 256 * 1024, LARGE_FRAME = 100 * 1024 };

static const struct module_list *list;
static const struct stack_bounds unknown;

static int set_up(void **state)
{
	list = own_modules_list(NULL);
	return list->n > 2 ? 0 : -1;
}

static char *map(size_t bytes, int protection)
{
	void *p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

/* ---- stacks that are not the thread's ---- */

static struct {
	struct unwind_result result;
	uint64_t pcs[MAX_FRAMES];
} seen;

static void look(const struct stack_bounds *bounds)
{
	ucontext_t here;

	getcontext(&here);
	unwind(list, unwind_regs_of(&here), bounds, NULL, seen.pcs, MAX_FRAMES, &seen.result);
}

static bool has_frame_of(void (*fn)(void), size_t bytes)
{
	for (uint32_t i = 0; i < seen.result.n; i++)
		if (seen.pcs[i] - (uintptr_t)fn < bytes)
			return true;
	return false;
}

static ucontext_t home, away;
static void (*volatile work)(void);

__attribute__((noinline)) static void coroutine(void)
{
	work();
	swapcontext(&away, &home);
}

static void look_here(void)
{
	look(&unknown);
}

/* More than is looked ahead, with nothing written between. */
static void look_from_far_below(void)
{
	volatile char *room = alloca(LARGE_FRAME);

	room[0] = 1;
	look(&unknown);
	room[1] = 1;
}

static void on_signal(int sig)
{
	look(&unknown);
}

static void look_from_a_handler(void)
{
	raise(SIGUSR1);
}

static void run_on(char *stack, size_t bytes, void (*what)(void))
{
	memset(&seen, 0, sizeof(seen));
	work = what;
	getcontext(&away);
	away.uc_stack.ss_sp = stack;
	away.uc_stack.ss_size = bytes;
	away.uc_link = &home;
	makecontext(&away, coroutine, 0);
	swapcontext(&home, &away);
	assert_int_equal(seen.result.end, END_ENTRY);
	assert_int_equal(seen.result.guessed, 0);
	assert_true(has_frame_of(coroutine, 200));
}

static void (*const kinds[])(void) = { look_here, look_from_far_below, look_from_a_handler };

static void coroutines_on_mapped_stacks_with_guards_are_whole(void **state)
{
	char *reserved = map(STACK_BYTES + 2 * PAGE, PROT_NONE);

	assert_int_equal(mprotect(reserved + PAGE, STACK_BYTES, PROT_READ | PROT_WRITE), 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		run_on(reserved + PAGE, STACK_BYTES, kinds[i]);
	munmap(reserved, STACK_BYTES + 2 * PAGE);
}

static void coroutines_on_stacks_out_of_malloc_are_whole(void **state)
{
	char *stack = malloc(STACK_BYTES + 24);

	assert_non_null(stack);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		run_on(stack + 24, STACK_BYTES, kinds[i]);
	free(stack);
}

static void *run_threads_coroutine(void *stack)
{
	run_on(stack, STACK_BYTES, look_from_far_below);
	return NULL;
}

static void coroutines_of_threads_are_whole(void **state)
{
	char *stack = map(STACK_BYTES, PROT_READ | PROT_WRITE);
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, run_threads_coroutine, stack), 0);
	pthread_join(t, NULL);
	munmap(stack, STACK_BYTES);
}

static void handlers_on_another_stack_are_followed_to_a_coroutine(void **state)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK }, before;
	stack_t alternate = { .ss_sp = map(STACK_BYTES, PROT_READ | PROT_WRITE),
			      .ss_size = STACK_BYTES },
		old;
	char *stack = map(STACK_BYTES, PROT_READ | PROT_WRITE);

	assert_int_equal(sigaltstack(&alternate, &old), 0);
	sigaction(SIGUSR1, &action, &before);
	run_on(stack, STACK_BYTES, look_from_a_handler);
	sigaction(SIGUSR1, &before, NULL);
	sigaltstack(&old, NULL);
	munmap(stack, STACK_BYTES);
	munmap(alternate.ss_sp, STACK_BYTES);
}

/* ---- registers that lead nowhere ---- */

static struct stack_bounds half_there;

static void on_signal_with_bounds(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	greg_t sp = uc->uc_mcontext.gregs[REG_RSP];

	uc->uc_mcontext.gregs[REG_RSP] = (greg_t)half_there.low + 8 * PAGE;
	look(&half_there);
	uc->uc_mcontext.gregs[REG_RSP] = sp;
}

/* What is below the part of a main stack that has been used is not there, though it belongs to it. */
static void a_stack_pointer_of_an_interrupted_frame_is_not_believed(void **state)
{
	struct sigaction action = { .sa_sigaction = on_signal_with_bounds, .sa_flags = SA_SIGINFO },
			 before;
	char *p = map(64 * PAGE, PROT_NONE);

	assert_int_equal(mprotect(p + 32 * PAGE, 32 * PAGE, PROT_READ | PROT_WRITE), 0);
	half_there = (struct stack_bounds){ (uintptr_t)p, (uintptr_t)p + 64 * PAGE };
	sigaction(SIGUSR1, &action, &before);
	raise(SIGUSR1);
	sigaction(SIGUSR1, &before, NULL);
	assert_int_equal(seen.result.end, END_BAD_READ);
	munmap(p, 64 * PAGE);
}

/* Every register may hold anything: by rules, by frame pointers, and by words that look like return addresses. */
static void garbage_registers_end_the_walk(void **state)
{
	char *code = map(PAGE, PROT_READ), *stack = map(4 * PAGE, PROT_READ | PROT_WRITE);
	uintptr_t own = (uintptr_t)&own, random = 1,
		  values[70] = { own, own + 8, (uintptr_t)stack };
	uintptr_t pcs[] = { (uintptr_t)qsort + 40, (uintptr_t)printf + 1, (uintptr_t)code, 0, 1 };
	uint64_t room[MAX_FRAMES];
	struct unwind_result result;

	for (unsigned i = 3; i < 67; i++)
		values[i] = ((uintptr_t)1 << (i - 3)) + (i & 1) * 8;
	values[67] = (uintptr_t)stack + 4 * PAGE - 8;
	values[68] = (uintptr_t)code;
	values[69] = (uintptr_t)qsort;
	for (unsigned i = 0; i < 4 * PAGE / sizeof(random); i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		((uintptr_t *)stack)[i] = i % 3 ? values[(random >> 33) % 70] : random;
	}
	for (unsigned pc = 0; pc < sizeof(pcs) / sizeof(pcs[0]); pc++) {
		for (unsigned i = 0; i < 70 * 70; i++) {
			struct unwind_regs regs = { pcs[pc], values[i / 70], values[i % 70], 0 };

			unwind(list, regs, &unknown, NULL, room, MAX_FRAMES, &result);
			assert_true(result.n <= MAX_FRAMES);
		}
	}
	munmap(code, PAGE);
	munmap(stack, 4 * PAGE);
}

/* Code that no module holds, a call in it, and above that frame an address at the very end of all: what comes before it
 * lies at the other end. */
static void addresses_wrap_around_without_a_fault(void **state)
{
	uint8_t *code = (uint8_t *)map(PAGE, PROT_READ | PROT_WRITE);
	uintptr_t *stack = (uintptr_t *)map(PAGE, PROT_READ | PROT_WRITE);
	struct unwind_regs regs = { (uintptr_t)code + 8, (uintptr_t)stack, (uintptr_t)(stack + 2),
				    0 };
	struct unwind_result result;
	uint64_t pcs[MAX_FRAMES];

	memcpy(code + 32, "\xe8\0\0\0\0", 5);
	stack[2] = (uintptr_t)(stack + 6);
	stack[3] = (uintptr_t)code + 37;
	for (uintptr_t pc = 0; pc < 32; pc++) {
		stack[7] = pc < 16 ? pc : pc - 32;
		unwind(list, regs, &unknown, NULL, pcs, MAX_FRAMES, &result);
		assert_int_equal(result.n, 2);
		assert_int_equal(result.guessed, 1);
	}
	munmap(code, PAGE);
	munmap(stack, PAGE);
}

static _Atomic bool is_done;

static void *come_and_go(void *page)
{
	while (!atomic_load(&is_done)) {
		mprotect(page, PAGE, PROT_NONE);
		mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	}
	return NULL;
}

/* A frame pointer to memory that another thread gives back at this very moment. */
static void what_another_thread_unmaps_is_read_without_a_fault(void **state)
{
	enum { TIMES = 30000 };
	char *stack = map(1 << 20, PROT_READ | PROT_WRITE);
	uintptr_t comes_and_goes = (uintptr_t)stack + (1 << 19);
	struct unwind_regs regs = { (uintptr_t)stack, (uintptr_t)stack + PAGE, comes_and_goes, 0 };
	struct unwind_result result;
	uint64_t pcs[MAX_FRAMES];
	pthread_t t;

	is_done = false;
	assert_int_equal(pthread_create(&t, NULL, come_and_go, (void *)comes_and_goes), 0);
	for (int i = 0; i < TIMES; i++) {
		unwind(list, regs, &unknown, NULL, pcs, MAX_FRAMES, &result);
		assert_int_equal(result.end, END_NO_RULE);
	}
	is_done = true;
	pthread_join(t, NULL);
	munmap(stack, 1 << 20);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(coroutines_on_mapped_stacks_with_guards_are_whole),
		cmocka_unit_test(coroutines_on_stacks_out_of_malloc_are_whole),
		cmocka_unit_test(coroutines_of_threads_are_whole),
		cmocka_unit_test(handlers_on_another_stack_are_followed_to_a_coroutine),
		cmocka_unit_test(a_stack_pointer_of_an_interrupted_frame_is_not_believed),
		cmocka_unit_test(garbage_registers_end_the_walk),
		cmocka_unit_test(addresses_wrap_around_without_a_fault),
		cmocka_unit_test(what_another_thread_unmaps_is_read_without_a_fault),
	};

	sigaction(SIGUSR1, &action, NULL);
	return cmocka_run_group_tests(tests, set_up, NULL);
}
