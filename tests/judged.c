/* judged.c - stepper.h for code that a debugger steps through: a process beside it judges the unwinder, and gdb.
 *
 * gdb steps by ptrace (gdb_steps.py) and sends, for every instruction, the registers and what it thinks the stack is.
 * The judge is a fork of the program, so it has its modules at the same addresses, and reads the stack out of the
 * program's memory.  Both opinions are held against the truth of shadow.h.
 *
 * STEP_ASK and STEP_SAY are FIFOs.  A question is 64-bit words: what it is, and
 *	RESET   the length of the run's name, the name; n, then n pairs of return address and where it is on the stack, outermost first
 *	STEP    pid, 17 registers in DWARF's order, n, then n addresses: gdb's stack, leaf first (n = 0: it was not asked)
 *	END     the number of the instructions that were left out
 * The answer is one word, so that the program stands still while it is read.
 */
#include "sampler/arch.h"
#include "sampler/unwind_memory.h"
#include "tests/own_modules.h"
#include "tests/shadow.h"
#include "tests/stepper.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RESET, STEP, END };
enum { REGISTERS = 17, MAX_PLACES = 200, PLACES_SHOWN = 12 };

void stepper_begins(const char *what);
void stepper_ends(void);

static const struct module_list *list;
static struct unwind_cache cache;
static FILE *asked, *said;
static pid_t stepped;
static uintptr_t handler_slot;
static unsigned n_tests;
static char name[128];

static struct doubt { /* in which function gdb was wrong */
	const char *function;
	unsigned times;
} places[MAX_PLACES];
static unsigned n_places;
static unsigned long gdb_asked, gdb_wrong, guessed;
static struct {
	unsigned long steps, wrong, asked, gdb_wrong;
} total;

/* ---- the judge ---- */

static bool read_other(uintptr_t at, void *to, size_t n)
{
	struct iovec local = { to, n }, remote = { (void *)at, n };

	return process_vm_readv(stepped, &local, 1, &remote, 1, 0) == (ssize_t)n;
}

static uint64_t next_word(void)
{
	uint64_t word = 0;

	if (fread(&word, sizeof(word), 1, asked) != 1)
		exit(0); /* gdb has gone */
	return word;
}

static void reset(void)
{
	size_t bytes = next_word();

	if (bytes >= sizeof(name) || fread(name, 1, bytes, asked) != bytes)
		exit(1);
	name[bytes] = 0;
	shadow_reset();
	for (uint64_t n = next_word(); n; n--) {
		uintptr_t pc = next_word(), slot = next_word();

		shadow_push(pc, slot, false);
	}
	memset(places, 0, sizeof(places));
	handler_slot = n_places = 0;
	gdb_asked = gdb_wrong = guessed = 0;
}

/* The first instruction of a handler: it will return to a trampoline, above which the kernel's frame is. */
static void note_handler(uintptr_t sp)
{
	uintptr_t word, context, pc, interrupted_sp;

	if (sp == handler_slot || !read_other(sp, &word, sizeof(word)) ||
	    !shadow_is_in_trampoline(word))
		return;
	context = arch_signal_context(sp + sizeof(word));
	if (!read_other(arch_register_at(context, ARCH_REG_PC), &pc, sizeof(pc)) ||
	    !read_other(arch_register_at(context, ARCH_REG_SP), &interrupted_sp,
			sizeof(interrupted_sp)))
		return;
	shadow_enter_handler(sp, pc, interrupted_sp);
	handler_slot = sp;
}

static void note_place(uint64_t pc)
{
	Dl_info info = { 0 };
	unsigned i = 0;

	dladdr((void *)(uintptr_t)pc, &info);
	if (!info.dli_sname)
		info.dli_sname = "a function without a name";
	while (i < n_places && strcmp(places[i].function, info.dli_sname) != 0)
		i++;
	if (i == MAX_PLACES)
		return;
	n_places += i == n_places;
	places[i].function = info.dli_sname;
	places[i].times++;
}

static bool agree(const struct shadow_stack *gdb, const struct shadow_stack *s)
{
	bool differs = gdb->n != s->n;

	for (unsigned i = 0; !differs && i < s->n; i++)
		differs = gdb->pcs[i] != s->pcs[i] && gdb->pcs[i] != s->pcs[i] + 1;
	return !differs;
}

/* (Where a jump is under way ours may be ahead of the truth: so may gdb's.) */
static void judge_gdb(const struct shadow_stack *gdb, const struct shadow_stack *ours,
		      const struct shadow_stack *truth)
{
	if (!gdb->n || shadow_is_in_trampoline(truth->pcs[0]))
		return;
	gdb_asked++;
	if (agree(gdb, truth) || agree(gdb, ours))
		return;
	gdb_wrong++;
	note_place(truth->pcs[0]);
}

static void step(void)
{
	static const struct stack_bounds unknown;
	static struct shadow_stack ours, truth, gdb;
	static ucontext_t there;
	struct unwind_result result;
	struct unwind_regs regs;

	stepped = (pid_t)next_word();
	for (unsigned i = 0; i < REGISTERS; i++)
		*(uintptr_t *)arch_register_at(arch_context((uintptr_t)&there), i) = next_word();
	gdb.n = 0;
	for (uint64_t n = next_word(); n; n--)
		gdb.pcs[gdb.n++ % SHADOW_MAX_FRAMES] = next_word();
	regs = unwind_regs_of(&there);
	note_handler(regs.sp);
	shadow_step(regs.pc, regs.sp, &truth);
	unwind_memory_of(stepped);
	unwind(list, regs, &unknown, &cache, ours.pcs, SHADOW_MAX_FRAMES, &result);
	unwind_memory_of(0);
	ours.n = result.end == END_ENTRY ? result.n : 0;
	ours.end = (int)result.end;
	guessed += result.guessed;
	judge_gdb(&gdb, &ours, &truth);
	if (shadow_is_in_trampoline(regs.pc))
		handler_slot = 0;
	else
		shadow_judge(&ours, &truth);
}

static void print_address(const char *what, uint64_t pc)
{
	Dl_info info = { 0 };

	dladdr((void *)(uintptr_t)pc, &info);
	printf("#   %s %#llx %s %s+%#lx\n", what, (unsigned long long)pc,
	       info.dli_fname ? info.dli_fname : "?", info.dli_sname ? info.dli_sname : "?",
	       (unsigned long)(pc - (info.dli_saddr ? (uintptr_t)info.dli_saddr
						    : (uintptr_t)info.dli_fbase)));
}

static void end(void)
{
	unsigned long left_out = next_word();
	const struct shadow_verdict *v = shadow_end();

	printf("%s %u - %s, stepped by gdb: every stack is right\n",
	       v->wrong || v->steps < 5 ? "not ok" : "ok", ++n_tests, name);
	printf("# %lu instructions%s, %lu wrong, %lu told where a jump goes, %lu guessed frames; "
	       "gdb was "
	       "asked %lu times: %lu wrong in %u functions\n",
	       v->steps, left_out ? " (the rest was left out)" : "", v->wrong, v->ahead, guessed,
	       gdb_asked, gdb_wrong, n_places);
	for (unsigned i = 0; i < n_places && i < PLACES_SHOWN; i++)
		printf("#   gdb was wrong in %s, %u times\n", places[i].function, places[i].times);
	for (unsigned i = 0; v->wrong && i < v->first_wrong.n; i++)
		print_address("ours", v->first_wrong.pcs[i]);
	for (unsigned i = 0; v->wrong && i < v->first_truth.n; i++)
		print_address("true", v->first_truth.pcs[i]);
	total.steps += v->steps;
	total.wrong += v->wrong;
	total.asked += gdb_asked;
	total.gdb_wrong += gdb_wrong;
	printf("# so far: %lu instructions, %lu wrong; gdb was asked %lu times: %lu wrong\n",
	       total.steps, total.wrong, total.asked, total.gdb_wrong);
	fflush(stdout);
}

/* (Its tracer may, and a filter may have forbidden this door to it.) */
static void end_if_blind(void)
{
	const void *own = &n_tests;
	unsigned there;

	stepped = getppid();
	if (read_other((uintptr_t)own, &there, sizeof(there)))
		return;
	printf("ok 1 - stepped by gdb # SKIP the memory of another process may not be read here\n");
	fflush(stdout);
	_exit(0);
}

static void serve(void)
{
	const uint64_t answer = 1;

	end_if_blind();
	asked = fopen(getenv("STEP_ASK"), "r");
	said = fopen(getenv("STEP_SAY"), "w");
	if (!asked || !said)
		exit(1);
	setvbuf(said, NULL, _IONBF, 0);
	for (;;) {
		switch (next_word()) {
		case RESET:
			reset();
			break;
		case STEP:
			step();
			break;
		default:
			end();
		}
		fwrite(&answer, sizeof(answer), 1, said);
	}
}

/* ---- the program ---- */

int stepper_open(void)
{
	list = own_modules_list(NULL);
	shadow_open(read_other, list->context_entry);
	return getenv("STEP_ASK") && getenv("STEP_SAY") ? 0 : -1;
}

void stepper_add_stack(void *start, size_t bytes)
{
	shadow_add_stack(start, bytes);
}

bool stepper_is_outside(void)
{
	return true;
}

__attribute__((noinline, noclone)) void stepper_begins(const char *what)
{
	__asm__ volatile("" ::"r"(what) : "memory");
}

__attribute__((noinline, noclone)) void stepper_ends(void)
{
	__asm__ volatile("" ::: "memory");
}

unsigned long stepper_run(const char *what, void (*fn)(void))
{
	static bool has_judge;

	if (!has_judge) {
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
		fflush(stdout);
		if (fork() == 0)
			serve();
		has_judge = true;
	}
	stepper_begins(what);
	fn();
	stepper_ends();
	return 0;
}

void stepper_enter_handler(void *context)
{
}

void stepper_close(void)
{
}
