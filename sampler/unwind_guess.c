/* unwind_guess.c - steps from addresses that no rule is known for: code written by hand, and code made at run time.
 *
 * Runs inside the handler: no call but to its own files.
 */
#include "sampler/arch.h"
#include "sampler/unwind_walk.h"

bool walk_is_return_address(struct walk *w, uintptr_t pc)
{
	uint8_t code[ARCH_CALL_BYTES];

	if (!unwind_memory_code(&w->memory, pc - sizeof(code), code, sizeof(code)) ||
	    !arch_follows_call(code + sizeof(code)))
		return false;
	w->after_call = pc;
	unwind_memory_is_live_code(&w->memory, pc - 1);
	return true;
}

/* A leaf that was written by hand may have pushed nothing: then its return address is the first word of the stack, or
 * in its register. */
static bool guess_leaf(struct walk *w)
{
	struct unwind_regs *r = &w->regs;
	uintptr_t pc, sp = r->sp + (ARCH_RA_IS_LOADED ? 0 : sizeof(uintptr_t));

	if (!(ARCH_RA_IS_LOADED ? walk_register(w, ARCH_REG_RA, &pc) : walk_read(w, r->sp, &pc)) ||
	    !walk_is_return_address(w, pc))
		return false;
	*r = (struct unwind_regs){ pc, sp, r->bp, 0 };
	return true;
}

/* If bp looks like a frame pointer, it leads to a saved bp and a return address.  Code that is made while a program runs
 * keeps frame pointers more often than not. */
static bool guess_by_frame_pointer(struct walk *w)
{
	struct unwind_regs *r = &w->regs;
	uintptr_t bp, pc;

	if (r->bp < r->sp || r->bp - r->sp > MAX_FRAME_BYTES || !walk_read(w, r->bp, &bp) ||
	    !walk_read(w, r->bp + sizeof(uintptr_t), &pc))
		return false;
	pc = arch_code_address(pc);
	if (!module_find(w->list, pc - 1) && !walk_is_return_address(w, pc))
		return false;
	*r = (struct unwind_regs){ pc, r->bp + 2 * sizeof(uintptr_t), bp, 0 };
	return true;
}

/* In code written by hand a frame pointer tells less than what a leaf has on its stack; in code made by a program it is
 * the other way round. */
static bool guess(struct walk *w, const struct module *m, bool may_be_leaf)
{
	if (m && may_be_leaf && guess_leaf(w))
		return true;
	return guess_by_frame_pointer(w) || (!m && may_be_leaf && guess_leaf(w));
}

/* A return address that no call made: the address before it belongs to no function, and it is the first of one.
 * makecontext() lets a coroutine return to libc's code like that, and other libraries imitate it. */
static bool is_made_up_return(struct walk *w, const struct module *m, uintptr_t pc)
{
	const struct rule *at = walk_rule(w, m, pc);

	return at && (at->kind == RULE_END || (at->kind == RULE_SP && at->bp == PLACE_SAME &&
					       at->cfa_offset == ARCH_ENTRY_CFA));
}

/* A signal trampoline that nobody describes: only a handler returns to one. */
static bool is_trampoline(struct walk *w, uintptr_t pc)
{
	uint8_t code[ARCH_SIGRETURN_BYTES];

	return pc != w->after_call && unwind_memory_code(&w->memory, pc, code, sizeof(code)) &&
	       arch_is_sigreturn(code);
}

bool walk_without_rule(struct walk *w, const struct module *m, bool *is_return, uint64_t *pcs)
{
	uintptr_t pc = w->regs.pc;
	bool was_return = *is_return;

	*is_return = true;
	if (was_return && m && is_made_up_return(w, m, pc)) {
		walk_put(w, pcs, pc);
		if (!ARCH_RA_IS_LOADED && walk_read(w, w->regs.sp, &pc) &&
		    pc == w->list->context_entry)
			walk_put(w, pcs, pc); /* a coroutine that setcontext() is about to begin */
		return walk_ends(w, END_ENTRY);
	}
	if (was_return && w->regs.sp == w->list->first_sp) { /* the loader's first function */
		walk_put(w, pcs, pc - 1);
		return walk_ends(w, END_ENTRY);
	}
	if (was_return && is_trampoline(w, pc)) {
		*is_return = false;
		return !walk_signal(w) && walk_ends(w, END_BAD_READ);
	}
	if (!m)
		w->out->unknown_module = true;
	walk_put(w, pcs, pc - (was_return ? 1 : 0));
	if (!guess(w, m, !was_return))
		return walk_ends(w, END_NO_RULE);
	w->out->guessed++;
	return false;
}
