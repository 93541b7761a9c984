/* test_unwind.c - our unwinder against libunwind, at moments that a timer chooses.
 *
 * The handler unwinds the interrupted stack twice, by our tables and by unw_step, and the two must agree address by
 * address.  Programs under test: this one (-O2 without frame pointers, deep recursion, callbacks through libc's qsort,
 * printf and strtod inside libc, a signal handler that is itself interrupted, a thread's stack, a coroutine's).
 */
#define UNW_LOCAL_ONLY
#include "tests/own_modules.h"

#include <libunwind.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include <cmocka.h>

enum { MAX_FRAMES = 256 };

static const struct module_list *list;
static struct unwind_cache cache;

/* By what is said of the code alone: one_rule_read_alone_is_what_the_table_says. */
static const struct cfi_table *compile(const struct cfi_source *src, const char *name)
{
	struct cfi_source plain = *src;

	plain.read_code = NULL;
	return own_modules_compile(&plain, name);
}

static int set_up(void **state)
{
	list = own_modules_list(compile);
	return list->n > 2 ? 0 : -1;
}

/* ---- the handler ---- */

static struct {
	unsigned checked, differed, whole, oracle_failed;
	unsigned n_ours, n_theirs;
	uint64_t ours[MAX_FRAMES], theirs[MAX_FRAMES];
} seen;

static bool is_trampoline(unw_word_t pc)
{
	static const uint8_t code[] = {
		0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05
	}; /* rt_sigreturn */

	return memcmp((const void *)pc, code, sizeof(code)) == 0;
}

/* Addresses as they are, trampolines left out. */
static unsigned by_libunwind(ucontext_t *uc, uint64_t *pcs)
{
	unw_cursor_t cursor;
	unsigned n = 0;

	if (unw_init_local2(&cursor, uc, UNW_INIT_SIGNAL_FRAME))
		return 0;
	do {
		unw_word_t pc;

		if (unw_get_reg(&cursor, UNW_REG_IP, &pc) || pc == 0)
			break;
		if (!is_trampoline(pc))
			pcs[n++] = pc;
	} while (n < MAX_FRAMES && unw_step(&cursor) > 0);
	return n;
}

/* Ours are one less where they are return addresses. */
static bool agree(const uint64_t *ours, const uint64_t *theirs, unsigned n)
{
	if (n && ours[0] != theirs[0])
		return false;
	for (unsigned i = 1; i < n; i++)
		if (ours[i] != theirs[i] && ours[i] + 1 != theirs[i])
			return false;
	return true;
}

static void compare(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	struct stack_bounds unknown = { 0, 0 };
	uint64_t ours[MAX_FRAMES], theirs[MAX_FRAMES];
	struct unwind_result result;
	unsigned n = by_libunwind(uc, theirs);

	unwind(list, unwind_regs_of(uc), &unknown, &cache, ours, MAX_FRAMES, &result);
	seen.checked++;
	seen.whole += result.end == END_ENTRY;
	if (result.n == n && agree(ours, theirs, n))
		return;
	if (n < result.n && result.end == END_ENTRY && agree(ours, theirs, n)) {
		seen.oracle_failed++; /* it stopped early where we reached the entry */
		return;
	}
	if (seen.differed++)
		return;
	seen.n_ours = result.n;
	seen.n_theirs = n;
	memcpy(seen.ours, ours, sizeof(ours));
	memcpy(seen.theirs, theirs, sizeof(theirs));
}

static void start_timer(long us)
{
	struct itimerval t = { { 0, us }, { 0, us } };
	struct sigaction action = { .sa_sigaction = compare, .sa_flags = SA_SIGINFO | SA_RESTART };

	memset(&seen, 0, sizeof(seen));
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &t, NULL);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SIGNALS_ARE_HELD_BACK 1 /* until a moment of the sanitizer's choice */
#endif
#endif

/* Work until so many stacks were compared, then judge. */
static void check(void (*work)(void), unsigned wanted, double most_differing)
{
#ifdef SIGNALS_ARE_HELD_BACK
	work();
	return;
#endif
	start_timer(1000);
	while (seen.checked < wanted)
		work();
	setitimer(ITIMER_PROF, &(struct itimerval){ { 0, 0 }, { 0, 0 } }, NULL);
	print_message("# %u stacks: %u whole, %u differ, libunwind stopped early in %u\n",
		      seen.checked, seen.whole, seen.differed, seen.oracle_failed);
	for (unsigned i = 0; seen.differed && i < MAX_FRAMES; i++)
		if (seen.ours[i] != seen.theirs[i] && i < seen.n_ours + 2)
			print_message("#   frame %u: ours %#llx theirs %#llx\n", i,
				      (unsigned long long)seen.ours[i],
				      (unsigned long long)seen.theirs[i]);
	assert_true(seen.differed <= most_differing * wanted);
	assert_true(seen.whole >= 0.99 * wanted);
}

/* ---- what is interrupted ---- */

static volatile unsigned sink;

__attribute__((noinline)) static unsigned recurse(unsigned depth, unsigned salt)
{
	volatile char room[64];

	room[depth % sizeof(room)] = (char)salt;
	if (depth == 0) {
		for (unsigned i = 0; i < 2000; i++)
			sink += i * salt;
		return (unsigned)room[0];
	}
	return recurse(depth - 1, salt + 1) + (unsigned)room[depth % sizeof(room)];
}

static void deep_recursion(void)
{
	sink += recurse(60, 1);
}

static int by_value(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	sink += *x;
	return *x < *y ? -1 : *x > *y;
}

static void libc_callbacks(void)
{
	static unsigned numbers[5000];

	for (unsigned i = 0; i < 5000; i++)
		numbers[i] = (i * 2654435761u) ^ sink;
	qsort(numbers, 5000, sizeof(numbers[0]), by_value);
}

static void inside_libc(void)
{
	char text[256];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "%.17g %s %d", (double)i / 7, "text", i);
		sink += (unsigned)strtod(text, NULL);
		free(malloc((size_t)i * 10));
		sink += (unsigned)strlen(text);
	}
}

/* A stack that is realigned: gcc addresses it through rbp and another register. */
__attribute__((noinline)) static void realigned_stack(void)
{
	volatile unsigned char block[256] __attribute__((aligned(64)));

	for (int k = 0; k < 100; k++)
		for (unsigned i = 0; i < sizeof(block); i++)
			block[i] = (unsigned char)(sink += i);
}

__attribute__((noinline)) static void variable_stack(void)
{
	for (unsigned n = 16; n < 600; n += 16) {
		volatile char room[n];

		for (unsigned i = 0; i < n; i++)
			room[i] = (char)i;
		sink += (unsigned)room[n / 2];
	}
}

static void on_usr1(int sig)
{
	deep_recursion();
}

static void a_signal_handler(void)
{
	raise(SIGUSR1);
}

static void recursion_is_followed(void **state)
{
	check(deep_recursion, 300, 0);
}

static void callbacks_through_libc_are_followed(void **state)
{
	check(libc_callbacks, 300, 0.01);
}

static void every_instruction_of_libc_may_be_interrupted(void **state)
{
	check(inside_libc, 500, 0.01);
}

static void realigned_and_variable_stacks_are_followed(void **state)
{
	check(realigned_stack, 200, 0.01);
	check(variable_stack, 200, 0.01);
}

static void interrupted_handlers_are_followed_to_what_they_interrupted(void **state)
{
	struct sigaction action = { .sa_handler = on_usr1 };

	sigaction(SIGUSR1, &action, NULL);
	check(a_signal_handler, 300, 0.01);
}

static void *in_thread(void *arg)
{
	check(deep_recursion, 200, 0);
	return NULL;
}

static void threads_are_followed_to_their_start(void **state)
{
	sigset_t set;
	pthread_t t;

	assert_int_equal(pthread_create(&t, NULL, in_thread, NULL), 0);
	sigemptyset(&set);
	sigaddset(&set, SIGPROF);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* the signals are for the thread */
	pthread_join(t, NULL);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static ucontext_t home, away;

static void coroutine(void)
{
	check(deep_recursion, 200, 0);
	swapcontext(&away, &home);
}

static void coroutines_are_followed_to_their_entry(void **state)
{
	static char stack[256 * 1024];

	getcontext(&away);
	away.uc_stack.ss_sp = stack;
	away.uc_stack.ss_size = sizeof(stack);
	away.uc_link = &home;
	makecontext(&away, coroutine, 0);
	swapcontext(&home, &away);
}

/* ---- code that no module holds ---- */

static struct unwind_result made_up;

static void look_from_below(void)
{
	struct stack_bounds unknown = { 0, 0 };
	uint64_t pcs[MAX_FRAMES];
	ucontext_t here;

	getcontext(&here);
	unwind(list, unwind_regs_of(&here), &unknown, &cache, pcs, MAX_FRAMES, &made_up);
}

static void code_made_at_run_time_is_followed_by_its_frame_pointer(void **state)
{
	/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret: twice, the first calls the second */
	static const uint8_t code[] = { 0x55, 0x48, 0x89, 0xe5, 0xe8, 0x02, 0,	  0,	0,   0x5d,
					0xc3, 0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3 };
	void (*run)(void (*)(void));
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(page, MAP_FAILED);
	memcpy(page, code, sizeof(code));
	if (mprotect(page, 4096, PROT_READ | PROT_EXEC))
		skip();
	*(void **)&run = page;
	run(look_from_below);
	munmap(page, 4096);
	assert_int_equal(made_up.end, END_ENTRY);
	assert_int_equal(made_up.guessed, 2);
	assert_true(made_up.unknown_module);
}

/* ---- tables ---- */

static const struct cfi_table *table_of(const struct module *m)
{
	return atomic_load(&m->rules->table);
}

static void every_module_has_a_compact_table(void **state)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct cfi_table *t = table_of(&list->modules[i]);

		assert_non_null(t);
		assert_int_equal(t->page[0], 0);
		assert_int_equal(t->page[t->n_pages], t->n_rows);
		for (uint32_t p = 0; p < t->n_pages; p++) {
			assert_true(t->page[p] <= t->page[p + 1]);
			for (uint32_t r = t->page[p]; r < t->page[p + 1]; r++)
				assert_int_equal((uint16_t)(p * CFI_PAGE) / CFI_PAGE,
						 t->at[r] / CFI_PAGE);
		}
		assert_true(t->n_rows < 5000 || cfi_table_bytes(t) <= 8 * (size_t)t->n_rows);
	}
}

static bool is_no_rule(const struct rule *r)
{
	return !r || r->kind == RULE_NONE;
}

/* Every address of every module: nearly three million in libc, ld.so and this program. */
static void one_rule_read_alone_is_what_the_table_says(void **state)
{
	unsigned long differ = 0, rules_seen = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct module *m = &list->modules[i];

		for (uintptr_t at = m->start; at < m->end; at += 1 + at % 3) {
			const struct rule *r = cfi_find(table_of(m), at - m->base);
			struct rule alone;
			bool none = !cfi_interpret(atomic_load(&m->rules->source), at - m->base,
						   &alone) ||
				    alone.kind == RULE_NONE;

			rules_seen += !none;
			differ += none != is_no_rule(r) ||
				  (!none && memcmp(r, &alone, sizeof(alone)));
		}
	}
	assert_true(rules_seen > 100000);
	assert_int_equal(differ, 0);
}

static void addresses_outside_have_no_rule(void **state)
{
	const struct module *m = &list->modules[0];
	const struct cfi_table *t = table_of(m);

	assert_true(is_no_rule(cfi_find(t, 0)));
	assert_null(cfi_find(t, t->text_at + (uintptr_t)t->text_bytes));
	assert_null(module_find(list, 1));
}

static void a_garbage_stack_pointer_ends_the_walk(void **state)
{
	struct stack_bounds unknown = { 0, 0 };
	struct unwind_result result;
	uint64_t pcs[16];

	for (uintptr_t sp = 0; sp < 64; sp++) {
		struct unwind_regs regs = { (uintptr_t)qsort + 40, sp ? (uintptr_t)1 << sp : 0,
					    12345, 0 };

		unwind(list, regs, &unknown, NULL, pcs, 16, &result);
		assert_true(result.n >= 1 && result.n <= 16);
	}
}

static void damaged_frame_information_compiles_without_harm(void **state)
{
	const struct module *m = module_find(list, (uintptr_t)qsort);
	struct cfi_source src = *atomic_load(&m->rules->source);
	const struct cfi_source *const all[] = { &src };
	const uint8_t *whole = src.data;
	unsigned random = 7;
	uint8_t *copy;

	whole += src.hdr_at - src.data_at;
	src.data_at = src.hdr_at;
	src.bytes = 100000;
	copy = malloc(src.bytes);
	src.data = copy;
	for (int round = 0; round < 30; round++) {
		memcpy(copy, whole, src.bytes);
		for (int k = 0; k < 200; k++) {
			random = random * 1103515245 + 12345;
			copy[(random >> 8) % src.bytes] = (uint8_t)(random >> 4);
		}
		cfi_table_free(cfi_compile(all, 1, NULL));
	}
	free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_module_has_a_compact_table),
		cmocka_unit_test(one_rule_read_alone_is_what_the_table_says),
		cmocka_unit_test(addresses_outside_have_no_rule),
		cmocka_unit_test(recursion_is_followed),
		cmocka_unit_test(callbacks_through_libc_are_followed),
		cmocka_unit_test(every_instruction_of_libc_may_be_interrupted),
		cmocka_unit_test(realigned_and_variable_stacks_are_followed),
		cmocka_unit_test(interrupted_handlers_are_followed_to_what_they_interrupted),
		cmocka_unit_test(threads_are_followed_to_their_start),
		cmocka_unit_test(coroutines_are_followed_to_their_entry),
		cmocka_unit_test(code_made_at_run_time_is_followed_by_its_frame_pointer),
		cmocka_unit_test(a_garbage_stack_pointer_ends_the_walk),
		cmocka_unit_test(damaged_frame_information_compiles_without_harm),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
