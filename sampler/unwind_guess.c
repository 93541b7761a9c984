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

/* Interpreters return by jumps to code that no call precedes.  So may a frame, if its bp leads on, up the stack, to one
 * that a call was made from. */
static bool leads_to_call(struct walk *w, uintptr_t bp)
{
	enum { MOST_LINKS = 64 };
	uintptr_t next, pc;

	if (bp <= w->linked)
		return true;
	for (int i = 0; i < MOST_LINKS; i++) {
		if (!walk_read(w, bp, &next) || !walk_read(w, bp + sizeof(uintptr_t), &pc))
			return false;
		if (walk_is_return_address(w, arch_code_address(pc))) {
			w->linked = bp;
			return true;
		}
		if (next <= bp || next - bp > MAX_FRAME_BYTES)
			return false;
		bp = next;
	}
	return false;
}

static bool is_code(const struct walk *w, uintptr_t pc)
{
	uint8_t byte;

	return unwind_memory_code(&w->memory, pc, &byte, 1);
}

static bool is_on_own_stack(const struct walk *w, uintptr_t at)
{
	return at >= w->memory.own->low && at < w->memory.own->high;
}

/* If bp looks like a frame pointer, it leads to a saved bp and a return address, up this stack or from one that the program
 * made to the thread's own.  Code that is made while a program runs keeps frame pointers more often than not. */
static bool guess_by_frame_pointer(struct walk *w, const struct module *m)
{
	struct unwind_regs *r = &w->regs;
	bool is_same_stack = r->bp >= r->sp && r->bp - r->sp <= MAX_FRAME_BYTES;
	uintptr_t bp, pc;

	if (!is_same_stack && (is_on_own_stack(w, r->sp) || !is_on_own_stack(w, r->bp)))
		return false;
	if (!walk_read(w, r->bp, &bp) || !walk_read(w, r->bp + sizeof(uintptr_t), &pc))
		return false;
	pc = arch_code_address(pc);
	if (!(m && module_find(w->list, pc - 1)) && !walk_is_return_address(w, pc) &&
	    !(is_same_stack && bp > r->bp && is_code(w, pc) && leads_to_call(w, bp)))
		return false;
	if (is_on_own_stack(w, r->sp) && !is_on_own_stack(w, r->bp))
		w->left_at = r->sp;
	*r = (struct unwind_regs){ pc, r->bp + 2 * sizeof(uintptr_t), bp, 0 };
	if (!is_same_stack)
		unwind_memory_enter(&w->memory, r->sp, false);
	return true;
}

/* In code written by hand a frame pointer tells less than its instructions, or what a leaf has on its stack; in code made
 * by a program it is the other way round. */
static bool guess(struct walk *w, const struct module *m, bool may_be_leaf)
{
	if (m && (walk_by_code(w) || (may_be_leaf && guess_leaf(w))))
		return true;
	return guess_by_frame_pointer(w, m) ||
	       (!m && ((may_be_leaf && guess_leaf(w)) || walk_by_code(w)));
}

/* ---- where frames are left out ---- */

/* Do rules alone lead from here to the thread's first function, or to the next code that nobody describes? */
static bool goes_on_by_rules(const struct walk *from)
{
	enum { MOST_STEPS = 128 };
	struct walk w = *from;

	for (int i = 0; i < MOST_STEPS; i++) {
		const struct module *m = module_find(w.list, w.regs.pc - 1);
		const struct rule *rule = walk_rule(&w, m, w.regs.pc - 1);

		if (rule && rule->kind == RULE_END)
			return true;
		if (!walk_is_return_address(&w, w.regs.pc))
			return false;
		if (!m)
			return i > 0;
		if (!rule || rule->kind == RULE_SIGNAL || !walk_by_rule(&w, rule))
			return false;
	}
	return true;
}

/* A place on the stack where a function may have called what a pointer led to. */
struct way_in {
	uintptr_t pc, sp, bp; /* when that returns */
	bool is_certain;      /* rules say so */
};

/* Would a function that jumps away return just there, if the stack pointer were still what it was then, or a word below
 * to be aligned for a call? */
static bool leads_back(const struct walk *w, uintptr_t jump, const struct rule *rule,
		       struct way_in *in)
{
	for (unsigned padding = 0; padding <= sizeof(uintptr_t); padding += sizeof(uintptr_t)) {
		struct walk there = *w;

		there.regs.pc = jump;
		there.regs.sp += padding;
		if (!walk_by_rule(&there, rule) || there.regs.pc != in->pc ||
		    there.regs.sp != in->sp)
			continue;
		in->bp = there.regs.bp;
		in->is_certain = true;
		return true;
	}
	return false;
}

/* Is what was called a function that goes on by a jump to where a pointer leads, its own frame gone or left as it is? */
static bool calls_a_jump(struct walk *w, struct way_in *in, const uint8_t *after)
{
	enum { LOOKED_AT = 128 };
	uint8_t body[LOOKED_AT];
	const struct rule *rule;
	uintptr_t target;

	if (!arch_call_target(after, in->pc, &target) ||
	    !unwind_memory_code(&w->memory, target, body, sizeof(body)))
		return false;
	for (unsigned i = 0; i + 4 <= sizeof(body); i++) {
		if (!arch_is_jump_by_register(body + i))
			continue;
		rule = walk_rule(w, module_find(w->list, target + i), target + i);
		if (rule && (leads_back(w, target + i, rule, in) ||
			     (rule->kind == RULE_SP && rule->cfa_offset == ARCH_ENTRY_CFA)))
			return true;
	}
	return false;
}

/* Go there, if a function that has rules called what a pointer led to.  (Code is copied by a system call.) */
enum { A_LOOK_AT_CODE = 16 };

static bool take_way_in(struct walk *w, const struct module *m, struct way_in *in)
{
	uint8_t code[ARCH_CALL_BYTES], *after = code + sizeof(code);
	struct unwind_regs before = w->regs;
	bool is_in;

	if (!module_find(w->list, in->pc - 1))
		return false;
	w->out->searched += A_LOOK_AT_CODE;
	if (!unwind_memory_code(&w->memory, in->pc - sizeof(code), code, sizeof(code)) ||
	    (!arch_follows_call_by_pointer(after) && !calls_a_jump(w, in, after)) ||
	    (m && !in->is_certain))
		return false;
	w->regs = (struct unwind_regs){ in->pc, in->sp, in->bp, 0 };
	w->bx_at = 0;
	is_in = goes_on_by_rules(w);
	if (!is_in)
		w->regs = before;
	return is_in;
}

/* From where up to look: what has a stack of its own for its code keeps in a register what it left on the thread's. */
static uintptr_t lowest_known(struct walk *w)
{
	static const uint8_t preserved[] = { ARCH_PRESERVED_REGS };
	uintptr_t value = w->left_at, at;

	if (is_on_own_stack(w, w->regs.sp))
		return w->regs.sp;
	for (unsigned i = 0; !is_on_own_stack(w, value) && i < sizeof(preserved); i++) {
		at = arch_register_at(w->old_context, preserved[i]);
		if (!at || !walk_read_saved(w, at, &value))
			value = 0;
	}
	if (!is_on_own_stack(w, value))
		return w->regs.sp;
	unwind_memory_enter(&w->memory, value, false);
	return value;
}

/* Code that is made at run time is entered by calls through pointers, from functions that have rules.  Where its own
 * frames tell nothing, the first word up the stack that such a call returns to, and from which rules lead on, is where
 * the unknown part ends.  A frame of its own says that some are missing. */
static bool leave_out(struct walk *w, const struct module *m, uint64_t *pcs)
{
	enum { MOST_WORDS = 4096, MOST_ELSEWHERE = 64 };
	uintptr_t at = lowest_known(w) & ~(uintptr_t)7, below = 0, word = 0;
	struct way_in in;
	uintptr_t end = is_on_own_stack(w, at) ? w->memory.own->high & ~(uintptr_t)7
					       : at + MOST_ELSEWHERE * sizeof(word);

	for (; !ARCH_RA_IS_LOADED && at < end && w->out->searched < MOST_WORDS;
	     at += sizeof(word)) {
		w->out->searched++;
		below = word; /* bp, if it was pushed first of all */
		if (!walk_read(w, at, &word))
			return false;
		in = (struct way_in){ word, at + sizeof(word), below, false };
		if (word > 4096 && take_way_in(w, m, &in)) {
			walk_put(w, pcs, PC_GAP);
			return true;
		}
	}
	return false;
}

/* ---- any of it ---- */

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

/* A function that calls another with its sp where the kernel began the thread, or a word and alignment below, is the first
 * one: the loader's, or the program's. */
enum { MOST_BELOW_FIRST = 16 };

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
	if (was_return && w->list->first_sp - w->regs.sp <= MOST_BELOW_FIRST) {
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
	if (!guess(w, m, !was_return) && !leave_out(w, m, pcs))
		return walk_ends(w, END_NO_RULE);
	w->out->guessed++;
	return false;
}
