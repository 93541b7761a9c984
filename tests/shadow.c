/* shadow.c - see shadow.h. */
#include "tests/shadow.h"
#include "sampler/arch.h"

#include <string.h>

enum {
	MAX_STACKS = 4,
	MAX_AHEAD = 1000,     /* stacks that wait for a jump to arrive */
	JUMP_STEPS = 500,     /* how long they may */
	MOST_BEFORE_JUMP = 2, /* frames of the code that jumps */
};

struct frame {
	uintptr_t pc;	/* a return address, or where an interrupted function goes on */
	uintptr_t slot; /* the frame is gone when sp is above */
	bool is_exact;
};

/* The callers, outermost first. */
static struct shadow {
	uintptr_t low, high;
	unsigned n;
	struct frame frames[SHADOW_MAX_FRAMES];
} shadows[MAX_STACKS]; /* the first is the main stack */
static unsigned n_shadows;
static shadow_read_fn *read_memory;
static uintptr_t context_entry;

static struct {
	struct shadow_verdict verdict;
	uintptr_t last_pc, last_sp;
	unsigned n_waiting;
	struct waiting {
		unsigned long since;
		struct shadow_stack stack;
	} waiting[MAX_AHEAD];
} run;

void shadow_open(shadow_read_fn *read, uintptr_t entry)
{
	read_memory = read;
	context_entry = entry;
	n_shadows = 1;
	shadows[0].high = UINTPTR_MAX;
}

void shadow_add_stack(void *start, size_t bytes)
{
	struct shadow *s = &shadows[n_shadows++];

	s->low = (uintptr_t)start;
	s->high = s->low + bytes;
	s->n = 0;
}

void shadow_reset(void)
{
	memset(&run, 0, sizeof(run));
	for (unsigned i = 0; i < n_shadows; i++)
		shadows[i].n = 0;
}

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
	if (s->n < SHADOW_MAX_FRAMES)
		s->frames[s->n++] = (struct frame){ pc, slot, is_exact };
}

static void pop_gone(struct shadow *s, uintptr_t sp)
{
	while (s->n && s->frames[s->n - 1].slot < sp)
		s->n--;
}

void shadow_push(uintptr_t pc, uintptr_t slot, bool is_exact)
{
	push(shadow_of(slot), pc, slot, is_exact);
}

/* Was the last instruction a call?  It left the address behind itself. */
static void note_call(struct shadow *s, uintptr_t pc, uintptr_t sp)
{
	uint8_t code[ARCH_CALL_BYTES];
	uintptr_t word;

	if (sp != run.last_sp - sizeof(word) || !read_memory(sp, &word, sizeof(word)))
		return;
	if (word - run.last_pc >= 2 && word - run.last_pc <= 8 && pc != word &&
	    read_memory(word - sizeof(code), code, sizeof(code)) &&
	    arch_follows_call(code + sizeof(code)))
		push(s, word, sp, false);
}

/* A coroutine that has just begun. */
static void note_coroutine(struct shadow *s, uintptr_t sp)
{
	uintptr_t word;

	if (s != shadows && s->n == 0 && read_memory(sp, &word, sizeof(word)) &&
	    word == context_entry)
		push(s, context_entry, sp, true);
}

static void truth(const struct shadow *s, uintptr_t pc, struct shadow_stack *out)
{
	out->n = 0;
	out->pcs[out->n++] = pc;
	for (unsigned i = s->n; i-- > 0 && out->n < SHADOW_MAX_FRAMES;)
		out->pcs[out->n++] = s->frames[i].pc - (s->frames[i].is_exact ? 0 : 1);
}

void shadow_step(uintptr_t pc, uintptr_t sp, struct shadow_stack *out)
{
	struct shadow *s = shadow_of(sp);

	if (run.verdict.steps) {
		note_call(s, pc, sp);
		note_coroutine(s, sp);
		pop_gone(s, sp);
	}
	run.verdict.steps++;
	run.last_pc = pc;
	run.last_sp = sp;
	truth(s, pc, out);
	if (out->n > run.verdict.most_frames)
		run.verdict.most_frames = out->n;
}

void shadow_enter_handler(uintptr_t handler_sp, uintptr_t pc, uintptr_t sp)
{
	struct shadow *from = shadow_of(sp), *to = shadow_of(handler_sp);

	pop_gone(from, sp);
	if (from != to) {
		*to = (struct shadow){ .low = to->low, .high = to->high, .n = from->n };
		for (unsigned i = 0; i < from->n; i++)
			to->frames[i] = (struct frame){ from->frames[i].pc, to->high,
							from->frames[i].is_exact };
		sp = to->high + sizeof(uintptr_t);
	}
	push(to, pc, sp - sizeof(uintptr_t), true);
	run.last_sp = 0;
}

bool shadow_is_in_trampoline(uintptr_t pc)
{
	uint8_t code[ARCH_SIGRETURN_BYTES];

	return (read_memory(pc, code, sizeof(code)) && arch_is_sigreturn(code)) ||
	       (read_memory(pc - 7, code, sizeof(code)) && arch_is_sigreturn(code));
}

/* ---- judging ---- */

bool shadow_same(const struct shadow_stack *a, const struct shadow_stack *b)
{
	return a->n == b->n && memcmp(a->pcs, b->pcs, a->n * sizeof(a->pcs[0])) == 0;
}

/* Does a stack that told where a jump goes end in what is true where it arrives?  The first of these frames is given
 * as it is or less one. */
static bool is_arrival(const struct shadow_stack *now, const struct shadow_stack *ahead)
{
	unsigned first = ahead->n - now->n;

	return ahead->n > now->n && first <= MOST_BEFORE_JUMP &&
	       (ahead->pcs[first] == now->pcs[0] || ahead->pcs[first] + 1 == now->pcs[0]) &&
	       memcmp(now->pcs + 1, ahead->pcs + first + 1, (now->n - 1) * sizeof(now->pcs[0])) ==
		       0;
}

static void wrong(const struct shadow_stack *said, const struct shadow_stack *true_one)
{
	if (run.verdict.wrong++)
		return;
	run.verdict.first_wrong = *said;
	run.verdict.first_truth = *true_one;
}

static void wait_for_arrival(const struct shadow_stack *said, const struct shadow_stack *true_one)
{
	if (run.n_waiting == MAX_AHEAD || said->n < 2) {
		wrong(said, true_one);
		return;
	}
	run.waiting[run.n_waiting].since = run.verdict.steps;
	run.waiting[run.n_waiting++].stack = *said;
}

static void settle(const struct shadow_stack *now, bool at_end)
{
	for (unsigned i = 0; i < run.n_waiting;) {
		struct waiting *w = &run.waiting[i];

		if (is_arrival(now, &w->stack)) {
			run.verdict.ahead++;
		} else if (at_end || run.verdict.steps - w->since > JUMP_STEPS) {
			wrong(&w->stack, now);
		} else {
			i++;
			continue;
		}
		*w = run.waiting[--run.n_waiting];
	}
}

void shadow_judge(const struct shadow_stack *said, const struct shadow_stack *true_one)
{
	settle(true_one, false);
	if (!shadow_same(said, true_one))
		wait_for_arrival(said, true_one);
}

const struct shadow_verdict *shadow_end(void)
{
	static const struct shadow_stack nowhere;

	settle(&nowhere, true);
	return &run.verdict;
}
