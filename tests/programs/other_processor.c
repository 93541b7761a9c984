/* other_processor.c - the unwinder on a processor other than the machine's, run by an emulator: its own stack at known
 * depths, out of signal handlers, in a coroutine and at moments that a timer chooses.  Prints TAP.
 */
#include "sampler/arch.h"
#include "tests/own_modules.h"

#include <alloca.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline, noclone))

enum { MAX_FRAMES = 100, TICKS = 60 };

static const struct module_list *list;
static struct unwind_cache cache;
static unsigned tests;

static void check(bool good, const char *what)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++tests, what);
}

/* ---- a chain of calls that knows its return addresses ---- */

static uintptr_t chain[MAX_FRAMES];
static unsigned n_chain;
static volatile unsigned sink;
static const char *what;

static void note_return(void *address)
{
	chain[n_chain++] = arch_code_address((uintptr_t)address);
}

/* Does the stack hold the chain, innermost first, and end at the entry? */
static bool is_whole(const void *context)
{
	static const struct stack_bounds unknown;
	struct unwind_result result;
	uint64_t pcs[MAX_FRAMES];
	unsigned next = n_chain;

	unwind(list, unwind_regs_of(context), &unknown, &cache, pcs, MAX_FRAMES, &result);
	for (unsigned i = 0; i < result.n; i++)
		if (next && pcs[i] + 1 == chain[next - 1])
			next--;
	if (result.end == END_ENTRY && next == 0)
		return true;
	printf("# end %d, %u frames, %u of the chain not found\n", (int)result.end, result.n, next);
	return false;
}

NOINLINE static unsigned leaf(void (*work)(void))
{
	note_return(__builtin_return_address(0));
	work();
	n_chain--;
	return sink;
}

NOINLINE static unsigned variable(void (*work)(void), unsigned n)
{
	volatile char *room = alloca(n);

	note_return(__builtin_return_address(0));
	room[0] = (char)n;
	sink += leaf(work) + (unsigned)room[0];
	n_chain--;
	return sink;
}

NOINLINE static unsigned large(void (*work)(void))
{
	volatile char room[9000];

	note_return(__builtin_return_address(0));
	room[sink % 100] = 1;
	sink += variable(work, 100 + sink % 3) + (unsigned)room[0];
	n_chain--;
	return sink;
}

NOINLINE static unsigned deep(void (*work)(void), unsigned depth)
{
	note_return(__builtin_return_address(0));
	sink += depth ? deep(work, depth - 1) : large(work);
	n_chain--;
	return sink;
}

static void look(void)
{
	ucontext_t here;

	getcontext(&here);
	check(is_whole(&here), what);
}

static bool handler_is_whole;

static void on_usr1(int sig, siginfo_t *si, void *context)
{
	ucontext_t here;

	getcontext(&here);
	handler_is_whole = is_whole(context) && is_whole(&here);
}

static void raise_it(void)
{
	raise(SIGUSR1);
	check(handler_is_whole, what);
}

static volatile unsigned ticks, whole;

static void on_tick(int sig, siginfo_t *si, void *context)
{
	ticks++;
	whole += is_whole(context);
}

static int by_value(const void *a, const void *b)
{
	return (int)(*(const unsigned *)a % 97) - (int)(*(const unsigned *)b % 97);
}

static void busy(void)
{
	unsigned numbers[300];
	char text[100];

	for (unsigned i = 0; i < 300; i++)
		numbers[i] = (i + sink) * 2654435761u;
	qsort(numbers, 300, sizeof(numbers[0]), by_value);
	snprintf(text, sizeof(text), "%.17g %s", (double)numbers[0] / 7, "text");
	sink += (unsigned)strtod(text, NULL);
}

static void until_ticks(void)
{
	while (ticks < TICKS)
		busy();
}

static void timed(void)
{
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };

	ticks = whole = 0;
	setitimer(ITIMER_PROF, &every, NULL);
	deep(until_ticks, 5);
	setitimer(ITIMER_PROF, &never, NULL);
	check(whole * 20 >= ticks * 19, "stacks at moments that a timer chooses");
}

static ucontext_t home, away;

static void coroutine(void)
{
	unsigned before = n_chain;

	n_chain = 0;
	deep(look, 3);
	n_chain = before;
	swapcontext(&away, &home);
}

static void in_coroutine(void)
{
	static char stack[256 * 1024];

	getcontext(&away);
	away.uc_stack.ss_sp = stack;
	away.uc_stack.ss_size = sizeof(stack);
	away.uc_link = &home;
	makecontext(&away, coroutine, 0);
	swapcontext(&home, &away);
}

/* One rule read alone against the table, at every instruction. */
static void compare_tables(void)
{
	unsigned long seen = 0, differ = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct module *m = &list->modules[i];
		const struct cfi_table *t = atomic_load(&m->rules->table);

		for (uintptr_t at = m->start; t && at < m->end; at += 4) {
			const struct rule *r = cfi_find(t, at - m->base);
			struct rule alone;
			bool none = !cfi_interpret(atomic_load(&m->rules->source), at - m->base,
						   &alone) ||
				    alone.kind == RULE_NONE;

			seen += !none;
			differ += none != (!r || r->kind == RULE_NONE) ||
				  (!none && memcmp(r, &alone, sizeof(alone)));
		}
	}
	printf("# %lu addresses with rules\n", seen);
	check(seen > 10000 && differ == 0, "one rule read alone is what the table says");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_usr1, .sa_flags = SA_SIGINFO };

	list = own_modules_list(NULL);
	sigaction(SIGUSR1, &action, NULL);
	action.sa_sigaction = on_tick;
	action.sa_flags |= SA_RESTART;
	sigaction(SIGPROF, &action, NULL);
	compare_tables();
	what = "a chain of calls, with frames of fixed, variable and large size";
	deep(look, 8);
	what = "the same out of a signal handler, and what that interrupted";
	deep(raise_it, 4);
	what = "a coroutine to its entry";
	in_coroutine();
	timed();
	printf("1..%u\n", tests);
	return 0;
}
