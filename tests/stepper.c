/* stepper.c - see stepper.h. */
#define UNW_LOCAL_ONLY
#include "tests/stepper.h"
#include "tests/own_modules.h"
#include "tests/shadow.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

enum { MAX_FRAMES = SHADOW_MAX_FRAMES, TRAP_FLAG = 0x100, VDSO_BYTES = 4 * 4096 };

static const struct module_list *list;
static struct unwind_cache cache;
static struct stack_bounds unknown;
static uintptr_t vdso;

static struct {
	volatile bool is_on;
	bool has_begun;
	unsigned long guessed, libunwind_wrong, wrong_in_vdso;
} run;
static struct {
	unsigned long steps, wrong, libunwind_wrong;
	unsigned tests;
} total;

/* ---- judging ---- */

static bool read_own(uintptr_t at, void *to, size_t n)
{
	memcpy(to, (const void *)at, n);
	return true;
}

struct found {
	uintptr_t pc, slot;
};

static void ask_libunwind(ucontext_t *uc, const struct shadow_stack *true_one, bool learn)
{
	unw_cursor_t cursor;
	unw_word_t pc, sp;
	struct found found[MAX_FRAMES];
	unsigned n = 0;
	bool differs;

	if (unw_init_local2(&cursor, uc, UNW_INIT_SIGNAL_FRAME))
		return;
	while (n < MAX_FRAMES && unw_step(&cursor) > 0) {
		unw_get_reg(&cursor, UNW_REG_IP, &pc);
		unw_get_reg(&cursor, UNW_REG_SP, &sp);
		if (pc == 0)
			break;
		found[n++] = (struct found){ pc, sp - sizeof(uintptr_t) };
	}
	if (learn)
		for (unsigned i = n; i-- > 0;)
			shadow_push(found[i].pc, found[i].slot, false);
	differs = n + 1 != true_one->n;
	for (unsigned i = 0; !differs && i < n; i++)
		differs = found[i].pc != true_one->pcs[i + 1] &&
			  found[i].pc != true_one->pcs[i + 1] + 1;
	run.libunwind_wrong += !learn && differs;
}

static void judge(ucontext_t *uc)
{
	struct unwind_regs regs = unwind_regs_of(uc);
	struct unwind_result result;
	static struct shadow_stack ours, true_one;

	if (!run.has_begun)
		ask_libunwind(uc, &true_one, true);
	run.has_begun = true;
	shadow_step(regs.pc, regs.sp, &true_one);
	unwind(list, regs, &unknown, &cache, ours.pcs, MAX_FRAMES, &result);
	ours.n = result.end == END_ENTRY ? result.n : 0;
	ours.end = (int)result.end;
	run.guessed += result.guessed;
	if (shadow_is_in_trampoline(regs.pc))
		return; /* its frame is the kernel's */
	ask_libunwind(uc, &true_one, false);
	if (regs.pc - vdso < VDSO_BYTES && !shadow_same(&ours, &true_one))
		run.wrong_in_vdso++; /* what the kernel says of its code is its own affair */
	else
		shadow_judge(&ours, &true_one);
}

static void on_trap(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	if (run.is_on)
		judge(uc);
	else
		uc->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

/* ---- running ---- */

#define SET_TRAP_FLAG() __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq" ::: "memory", "cc")

__attribute__((noinline, optimize("no-omit-frame-pointer"))) static void
step_through(void (*fn)(void))
{
	volatile char *room = __builtin_alloca(16); /* so that pushes by hand do no harm */

	room[0] = 0;
	run.is_on = true;
	SET_TRAP_FLAG();
	fn();
	run.is_on = false; /* the next trap is the last */
}

static void nothing(void)
{
}

int stepper_open(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	list = own_modules_list(NULL);
	shadow_open(read_own, list->context_entry);
	vdso = getauxval(AT_SYSINFO_EHDR);
	if (sigaction(SIGTRAP, &action, NULL))
		return -1;
	step_through(nothing);
	return run.has_begun ? 0 : -1;
}

void stepper_add_stack(void *start, size_t bytes)
{
	shadow_add_stack(start, bytes);
}

bool stepper_is_outside(void)
{
	return false;
}

static void print_stack(const char *name, const struct shadow_stack *s)
{
	printf("#   %s: end %d\n", name, s->end);
	for (unsigned i = 0; i < s->n; i++) {
		Dl_info info = { 0 };

		dladdr((void *)(uintptr_t)s->pcs[i], &info);
		printf("#   %s %2u %#llx %s %s+%#lx\n", name, i, (unsigned long long)s->pcs[i],
		       info.dli_fname ? info.dli_fname : "?", info.dli_sname ? info.dli_sname : "?",
		       (unsigned long)(s->pcs[i] - (info.dli_saddr ? (uintptr_t)info.dli_saddr
								   : (uintptr_t)info.dli_fbase)));
	}
}

unsigned long stepper_run(const char *what, void (*fn)(void))
{
	const struct shadow_verdict *v;

	memset(&run, 0, sizeof(run));
	shadow_reset();
	step_through(fn);
	v = shadow_end();
	printf("%s %u - %s: every stack is right\n", v->wrong || v->steps < 50 ? "not ok" : "ok",
	       ++total.tests, what);
	printf("# %lu instructions, %lu wrong, %lu told where a jump goes, %lu guessed frames, up "
	       "to %u frames; libunwind: %lu wrong\n",
	       v->steps, v->wrong, v->ahead, run.guessed, v->most_frames, run.libunwind_wrong);
	if (run.wrong_in_vdso)
		printf("# and %lu wrong in the vdso\n", run.wrong_in_vdso);
	if (v->wrong) {
		print_stack("ours", &v->first_wrong);
		print_stack("true", &v->first_truth);
	}
	fflush(stdout);
	total.steps += v->steps;
	total.wrong += v->wrong;
	total.libunwind_wrong += run.libunwind_wrong;
	return v->wrong;
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) void
stepper_enter_handler(void *context)
{
	volatile char *room = __builtin_alloca(16);
	ucontext_t *uc = context;

	room[0] = 0;
	shadow_enter_handler((uintptr_t)room, (uintptr_t)uc->uc_mcontext.gregs[REG_RIP],
			     (uintptr_t)uc->uc_mcontext.gregs[REG_RSP]);
	/* The handler's own frame calls this one. */
	shadow_push((uintptr_t)__builtin_return_address(0),
		    (uintptr_t)__builtin_frame_address(0) + sizeof(uintptr_t), false);
	SET_TRAP_FLAG();
}

void stepper_close(void)
{
	printf("1..%u\n# %lu instructions, %lu wrong; libunwind: %lu wrong\n", total.tests,
	       total.steps, total.wrong, total.libunwind_wrong);
}
