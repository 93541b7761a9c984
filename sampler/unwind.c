/* unwind.c - walk the frames of one interrupted x86-64 thread by compiled unwind tables.
 *
 * Runs inside the handler: no call but to itself and one system call where the stack is not the thread's own.
 *
 * Each step finds the module of the address, the row of its table (a page index, then a binary search), and applies
 * the row's rule.  Frame 0 is looked up by its own address, callers by return address - 1 so that a call at the very
 * end of a function stays in it; a frame interrupted by a signal is again looked up by its own address.
 *
 * Reads: [sp, high) of the thread's own stack is readable by construction.  Anywhere else (a coroutine's stack, an
 * alternate signal stack, a thread that came by clone) a page is asked for before its first read: rt_sigprocmask
 * with an invalid `how` copies the set from user memory first, so it answers EINVAL where the memory is readable and
 * EFAULT where it is not, and changes nothing either way (kernel/signal.c).
 */
#include "sampler/unwind.h"
#include "sampler/syscalls.h"

#include <errno.h>
#include <stddef.h>
#include <ucontext.h>

enum { PAGE = 4096, MAX_FRAME_BYTES = 64 << 20 };

/* The range that was last found readable. */
struct reader {
	const struct stack_bounds *own;
	uintptr_t low, high;
};

static bool page_is_readable(uintptr_t page)
{
	return raw_syscall(SYS_rt_sigprocmask, -1, (long)page, 0, 8) == -EINVAL;
}

/* A new stack pointer: on the thread's own stack everything above it may be read. */
static void reader_move(struct reader *r, uintptr_t sp)
{
	if (sp >= r->own->low && sp < r->own->high) {
		r->low = sp & ~(uintptr_t)7;
		r->high = r->own->high;
	}
}

static bool read_word(struct reader *r, uintptr_t at, uintptr_t *value)
{
	if (at & 7)
		return false;
	if (at < r->low || at >= r->high || r->high - at < 8) {
		uintptr_t page = at & ~(uintptr_t)(PAGE - 1);

		if (at < PAGE || (intptr_t)at < 0 || !page_is_readable(page))
			return false;
		if (page == r->high) {
			r->high += PAGE;
		} else {
			r->low = page;
			r->high = page + PAGE;
		}
	}
	*value = *(const uintptr_t *)at;
	return true;
}

const struct module *module_find(const struct module_list *list, uintptr_t pc)
{
	uint32_t low = 0, high = list->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (pc < list->modules[mid].start)
			high = mid;
		else if (pc >= list->modules[mid].end)
			low = mid + 1;
		else
			return &list->modules[mid];
	}
	return NULL;
}

const struct rule *cfi_find(const struct cfi_table *t, uintptr_t relative)
{
	uint32_t at = (uint32_t)(relative - t->text_at), low, high;

	if (relative < t->text_at || relative - t->text_at >= t->text_bytes)
		return NULL;
	low = t->page[at / PAGE];
	high = t->page[at / PAGE + 1];
	if (low > 0)
		low--; /* the row before the page's first covers the page's start */
	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (t->at[mid] <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? &t->rules[t->rule[low - 1]] : NULL;
}

/* Registers at the time of the signal, from the frame that the kernel pushed: after the handler's return address
 * has been popped rsp points to the ucontext (arch/x86/include/asm/sigframe.h: struct rt_sigframe). */
static bool step_signal(struct reader *r, struct unwind_regs *regs)
{
	uintptr_t gregs = regs->sp + offsetof(ucontext_t, uc_mcontext.gregs);
	uintptr_t pc, sp, bp;

	if (!read_word(r, gregs + REG_RIP * 8, &pc) || !read_word(r, gregs + REG_RSP * 8, &sp) ||
	    !read_word(r, gregs + REG_RBP * 8, &bp))
		return false;
	*regs = (struct unwind_regs){ pc, sp, bp };
	reader_move(r, sp);
	return true;
}

static bool step_rule(struct reader *r, const struct rule *rule, struct unwind_regs *regs)
{
	uintptr_t cfa, pc, bp = regs->bp;

	switch ((enum rule_kind)rule->kind) {
	case RULE_SP:
		cfa = regs->sp + (uintptr_t)(intptr_t)rule->cfa_offset;
		break;
	case RULE_BP:
		cfa = regs->bp + (uintptr_t)(intptr_t)rule->cfa_offset;
		break;
	case RULE_PLT:
		cfa = regs->sp + 8 + ((intptr_t)(regs->pc & 15) >= rule->cfa_offset ? 8 : 0);
		break;
	case RULE_DEREF_BP:
		if (!read_word(r, regs->bp + (uintptr_t)(intptr_t)rule->cfa_offset, &cfa))
			return false;
		break;
	case RULE_DEREF_SP:
		if (!read_word(r, regs->sp + (uintptr_t)(intptr_t)rule->cfa_offset, &cfa))
			return false;
		break;
	case RULE_SIGNAL:
		return step_signal(r, regs);
	case RULE_NONE:
	case RULE_END:
	default:
		return false;
	}
	if (cfa <= regs->sp || cfa - regs->sp > MAX_FRAME_BYTES || !read_word(r, cfa - 8, &pc))
		return false;
	if (rule->bp_offset == BP_LOST)
		bp = 0;
	else if (rule->bp_offset != BP_SAME &&
		 !read_word(r,
			    (rule->bp_at_bp ? regs->bp : cfa) +
				    (uintptr_t)(intptr_t)rule->bp_offset,
			    &bp))
		return false;
	*regs = (struct unwind_regs){ pc, cfa, bp };
	return true;
}

/* No rule: if rbp looks like a frame pointer, it leads to a saved rbp and a return address into known code. */
static bool step_guess(struct reader *r, const struct module_list *list, struct unwind_regs *regs)
{
	uintptr_t bp, pc;

	if (regs->bp < regs->sp || regs->bp - regs->sp > MAX_FRAME_BYTES)
		return false;
	if (!read_word(r, regs->bp, &bp) || !read_word(r, regs->bp + 8, &pc) ||
	    !module_find(list, pc - 1))
		return false;
	*regs = (struct unwind_regs){ pc, regs->bp + 16, bp };
	return true;
}

/* A return address that no call made: the address before it belongs to no function, and it is the first of one.
 * makecontext() lets a coroutine return to __start_context like that. */
static bool is_made_up_return(const struct module *m, const struct rule *before, uintptr_t pc)
{
	const struct rule *at;

	if (!m || !m->cfi || (before && before->kind != RULE_NONE))
		return false;
	at = cfi_find(m->cfi, pc - m->base);
	return at && (at->kind == RULE_END || (at->kind == RULE_SP && at->cfa_offset == 8));
}

void unwind(const struct module_list *list, struct unwind_regs regs,
	    const struct stack_bounds *bounds, uintptr_t skip_low, uintptr_t skip_high,
	    uint64_t *pcs, uint32_t max, struct unwind_result *out)
{
	struct reader r = { bounds, 0, 0 };
	bool is_return = false;

	*out = (struct unwind_result){ 0, 0, END_DEPTH, false };
	reader_move(&r, regs.sp);
	for (uint32_t steps = 0; out->n < max && steps < 2 * SPOOL_MAX_FRAMES; steps++) {
		uintptr_t pc = regs.pc - (is_return ? 1 : 0);
		const struct module *m = module_find(list, pc);
		const struct rule *rule = m && m->cfi ? cfi_find(m->cfi, pc - m->base) : NULL;

		if (is_return && is_made_up_return(m, rule, regs.pc)) {
			pcs[out->n++] = regs.pc;
			out->end = END_ENTRY;
			return;
		}
		if (is_return && regs.pc == 0) {
			out->end = END_ENTRY;
			return;
		}
		if (!m)
			out->unknown_module = true;
		if ((pc < skip_low || pc >= skip_high) && !(rule && rule->kind == RULE_SIGNAL))
			pcs[out->n++] = pc;
		if (rule && rule->kind == RULE_END) {
			out->end = END_ENTRY;
			return;
		}
		if (rule && rule->kind != RULE_NONE) {
			if (!step_rule(&r, rule, &regs)) {
				out->end = END_BAD_READ;
				return;
			}
		} else if (step_guess(&r, list, &regs)) {
			out->guessed++;
		} else {
			out->end = END_NO_RULE;
			return;
		}
		is_return = !(rule && rule->kind == RULE_SIGNAL);
	}
}
