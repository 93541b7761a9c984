/* stepper.c - see stepper.h. */
#define UNW_LOCAL_ONLY
#include "tests/stepper.h"
#include "sampler/arch.h"
#include "tests/own_modules.h"

#include <dlfcn.h>
#include <libunwind.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

enum {
	MAX_FRAMES = 200,
	MAX_STACKS = 4,
	MAX_AHEAD = 1000,     /* stacks that wait for a jump to arrive */
	JUMP_STEPS = 500,     /* how long they may */
	MOST_BEFORE_JUMP = 2, /* frames of the code that jumps */
	TRAP_FLAG = 0x100,
	VDSO_BYTES = 4 * 4096,
};

static const struct module_list *list;
static struct unwind_cache cache;
static struct stack_bounds unknown;

struct frame {
	uintptr_t pc;	/* a return address, or where an interrupted function goes on */
	uintptr_t slot; /* the frame is gone when sp is above */
	bool is_exact;
};

/* The callers, outermost first. */
static struct shadow {
	uintptr_t low, high;
	unsigned n;
	struct frame frames[MAX_FRAMES];
} shadows[MAX_STACKS]; /* the first is the main stack */
static unsigned n_shadows;
static uintptr_t vdso;

struct stack {
	unsigned n;
	uint64_t pcs[MAX_FRAMES];
	int end;
};

static struct {
	volatile bool is_on;
	bool has_begun;
	unsigned long steps, wrong, ahead, guessed, libunwind_wrong, most_frames, wrong_in_vdso;
	uintptr_t last_pc, last_sp;
	unsigned n_waiting;
	struct waiting {
		unsigned long since;
		struct stack stack;
	} waiting[MAX_AHEAD];
	struct stack first_wrong, first_truth;
} run;
static struct {
	unsigned long steps, wrong, libunwind_wrong;
	unsigned tests;
} total;

/* ---- the truth ---- */

static struct shadow *shadow_of(uintptr_t sp)
{
	for (unsigned i = 1; i < n_shadows; i++)
		if (sp > shadows[i].low && sp <= shadows[i].high)
			return &shadows[i];
	return &shadows[0];
}

static void push(struct shadow *s, uintptr_t pc, uintptr_t slot, bool is_exact)
{
	if (s->n < MAX_FRAMES)
		s->frames[s->n++] = (struct frame){ pc, slot, is_exact };
}

static void pop_gone(struct shadow *s, uintptr_t sp)
{
	while (s->n && s->frames[s->n - 1].slot < sp)
		s->n--;
}

/* Was the last instruction a call?  It left the address behind itself. */
static void note_call(struct shadow *s, uintptr_t pc, uintptr_t sp)
{
	uintptr_t word;

	if (sp != run.last_sp - sizeof(word))
		return;
	word = *(uintptr_t *)sp;
	if (word - run.last_pc >= 2 && word - run.last_pc <= 8 && pc != word &&
	    arch_follows_call((const uint8_t *)word))
		push(s, word, sp, false);
}

/* A coroutine that has just begun. */
static void note_coroutine(struct shadow *s, uintptr_t sp)
{
	if (s != shadows && s->n == 0 && *(uintptr_t *)sp == list->context_entry)
		push(s, list->context_entry, sp, true);
}

static void truth(const struct shadow *s, uintptr_t pc, struct stack *out)
{
	out->n = 0;
	out->pcs[out->n++] = pc;
	for (unsigned i = s->n; i-- > 0 && out->n < MAX_FRAMES;)
		out->pcs[out->n++] = s->frames[i].pc - (s->frames[i].is_exact ? 0 : 1);
}

/* ---- judging ---- */

static bool same(const struct stack *a, const struct stack *b)
{
	return a->n == b->n && memcmp(a->pcs, b->pcs, a->n * sizeof(a->pcs[0])) == 0;
}

/* Does a stack that told where a jump goes end in what is true where it arrives?  The first of these frames is given
 * as it is or less one. */
static bool is_arrival(const struct stack *now, const struct stack *ahead)
{
	unsigned first = ahead->n - now->n;

	return ahead->n > now->n && first <= MOST_BEFORE_JUMP &&
	       (ahead->pcs[first] == now->pcs[0] || ahead->pcs[first] + 1 == now->pcs[0]) &&
	       memcmp(now->pcs + 1, ahead->pcs + first + 1, (now->n - 1) * sizeof(now->pcs[0])) ==
		       0;
}

static void wrong(const struct stack *ours, const struct stack *true_one)
{
	if (run.wrong++)
		return;
	run.first_wrong = *ours;
	run.first_truth = *true_one;
}

static void wait_for_arrival(const struct stack *ours, const struct stack *true_one)
{
	if (run.n_waiting == MAX_AHEAD || ours->n < 2) {
		wrong(ours, true_one);
		return;
	}
	run.waiting[run.n_waiting].since = run.steps;
	run.waiting[run.n_waiting++].stack = *ours;
}

static void settle(const struct stack *now, bool at_end)
{
	for (unsigned i = 0; i < run.n_waiting;) {
		struct waiting *w = &run.waiting[i];

		if (is_arrival(now, &w->stack)) {
			run.ahead++;
		} else if (at_end || run.steps - w->since > JUMP_STEPS) {
			wrong(&w->stack, now);
		} else {
			i++;
			continue;
		}
		*w = run.waiting[--run.n_waiting];
	}
}

static void ask_libunwind(ucontext_t *uc, struct shadow *s, const struct stack *true_one,
			  bool learn)
{
	unw_cursor_t cursor;
	unw_word_t pc, sp;
	struct frame found[MAX_FRAMES];
	unsigned n = 0;
	bool differs;

	if (unw_init_local2(&cursor, uc, UNW_INIT_SIGNAL_FRAME))
		return;
	while (n < MAX_FRAMES && unw_step(&cursor) > 0) {
		unw_get_reg(&cursor, UNW_REG_IP, &pc);
		unw_get_reg(&cursor, UNW_REG_SP, &sp);
		if (pc == 0)
			break;
		found[n++] = (struct frame){ pc, sp - sizeof(uintptr_t), false };
	}
	if (learn)
		for (unsigned i = n; i-- > 0;)
			push(s, found[i].pc, found[i].slot, false);
	differs = n + 1 != true_one->n;
	for (unsigned i = 0; !differs && i < n; i++)
		differs = found[i].pc != true_one->pcs[i + 1] &&
			  found[i].pc != true_one->pcs[i + 1] + 1;
	run.libunwind_wrong += !learn && differs;
}

static bool is_trampoline(uintptr_t pc)
{
	static const uint8_t code[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };

	return memcmp((const void *)pc, code, sizeof(code)) == 0;
}

static void judge(ucontext_t *uc)
{
	struct unwind_regs regs = unwind_regs_of(uc);
	struct shadow *s = shadow_of(regs.sp);
	struct unwind_result result;
	static struct stack ours, true_one;

	if (run.has_begun) {
		note_call(s, regs.pc, regs.sp);
		note_coroutine(s, regs.sp);
		pop_gone(s, regs.sp);
	} else {
		ask_libunwind(uc, s, &true_one, true);
		run.has_begun = true;
	}
	run.steps++;
	run.last_pc = regs.pc;
	run.last_sp = regs.sp;
	unwind(list, regs, &unknown, &cache, ours.pcs, MAX_FRAMES, &result);
	ours.n = result.n;
	ours.end = (int)result.end;
	run.guessed += result.guessed;
	truth(s, regs.pc, &true_one);
	run.most_frames = true_one.n > run.most_frames ? true_one.n : run.most_frames;
	if (is_trampoline(regs.pc) || is_trampoline(regs.pc - 7))
		return; /* its frame is the kernel's */
	ask_libunwind(uc, s, &true_one, false);
	settle(&true_one, false);
	if (result.end == END_ENTRY && same(&ours, &true_one))
		return;
	if (regs.pc - vdso < VDSO_BYTES)
		run.wrong_in_vdso++; /* what the kernel says of its code is its own affair */
	else
		wait_for_arrival(&ours, &true_one);
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
	n_shadows = 1;
	shadows[0].high = UINTPTR_MAX;
	vdso = getauxval(AT_SYSINFO_EHDR);
	if (sigaction(SIGTRAP, &action, NULL))
		return -1;
	step_through(nothing);
	return run.steps > 0 ? 0 : -1;
}

void stepper_add_stack(void *start, size_t bytes)
{
	struct shadow *s = &shadows[n_shadows++];

	s->low = (uintptr_t)start;
	s->high = s->low + bytes;
	s->n = 0;
}

static void print_stack(const char *name, const struct stack *s)
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
	static const struct stack nowhere;

	memset(&run, 0, sizeof(run));
	for (unsigned i = 0; i < n_shadows; i++)
		shadows[i].n = 0;
	step_through(fn);
	settle(&nowhere, true);
	printf("%s %u - %s: every stack is right\n", run.wrong || run.steps < 50 ? "not ok" : "ok",
	       ++total.tests, what);
	printf("# %lu instructions, %lu wrong, %lu told where a jump goes, %lu guessed frames, up "
	       "to %lu frames; libunwind: %lu wrong\n",
	       run.steps, run.wrong, run.ahead, run.guessed, run.most_frames, run.libunwind_wrong);
	if (run.wrong_in_vdso)
		printf("# and %lu wrong in the vdso\n", run.wrong_in_vdso);
	if (run.wrong) {
		print_stack("ours", &run.first_wrong);
		print_stack("true", &run.first_truth);
	}
	fflush(stdout);
	total.steps += run.steps;
	total.wrong += run.wrong;
	total.libunwind_wrong += run.libunwind_wrong;
	return run.wrong;
}

__attribute__((noinline, optimize("no-omit-frame-pointer"))) void
stepper_enter_handler(void *context)
{
	volatile char *room = __builtin_alloca(16);
	ucontext_t *uc = context;
	struct shadow *from = shadow_of((uintptr_t)uc->uc_mcontext.gregs[REG_RSP]);
	struct shadow *to = shadow_of((uintptr_t)room);
	uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	uintptr_t sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];

	room[0] = 0;
	pop_gone(from, sp);
	if (from != to) {
		*to = (struct shadow){ .low = to->low, .high = to->high, .n = from->n };
		for (unsigned i = 0; i < from->n; i++)
			to->frames[i] = (struct frame){ from->frames[i].pc, to->high,
							from->frames[i].is_exact };
		sp = to->high + sizeof(uintptr_t);
	}
	push(to, pc, sp - sizeof(uintptr_t), true);
	/* The handler's own frame calls this one. */
	push(to, (uintptr_t)__builtin_return_address(0),
	     (uintptr_t)__builtin_frame_address(0) + sizeof(uintptr_t), false);
	run.last_sp = 0;
	SET_TRAP_FLAG();
}

void stepper_close(void)
{
	printf("1..%u\n# %lu instructions, %lu wrong; libunwind: %lu wrong\n", total.tests,
	       total.steps, total.wrong, total.libunwind_wrong);
}
