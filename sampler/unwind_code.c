/* unwind_code.c - a step from code that nobody describes: follow it to its return.
 *
 * Runs inside the handler: no call but to its own files.
 *
 * Whatever a function does to its stack it undoes before it returns.  So its instructions are looked at from where it is,
 * calls and conditional jumps passed over, for what they do to the stack pointer; at the first return that stands at the
 * return address.  Nothing is known then of where the function began, and nothing needs to be: the multimedia code that
 * is written by hand, which pushes what it likes and takes rbp for a number, is followed like this.  Where the stack
 * pointer is had from another register, that one must still be what it was.  Where the way does not go on, at jumps
 * through a register and in loops, a conditional jump is taken that was passed over.
 */
#include "sampler/arch.h"
#include "sampler/unwind_walk.h"

#ifndef __x86_64__

bool walk_by_code(struct walk *w)
{
	return false;
}

#else

#include "sampler/x86_code.h"

enum {
	MOST_CODES = 2048,
	WINDOW = 128,
	A_WINDOW = 8 /* words: what it costs */,
	MOST_TURNINGS = 4
};

enum effect { GOES_ON, RETURNS, IS_LOST };

struct place_in_code {
	uintptr_t at, sp, bp, bx_at;
	uintptr_t copy; /* of sp, in a register */
	uint8_t copy_reg;
};

struct follow {
	struct walk *w;
	struct place_in_code here;
	struct place_in_code
		turnings[MOST_TURNINGS]; /* where conditional jumps forwards go: the last ones */
	unsigned n_turnings;		 /* of all */
	uintptr_t loop;			 /* where the last jump backwards went */
	uintptr_t first_sp; /* what is below was not there when the thread was interrupted */
	uintptr_t window_at;
	uint8_t window[WINDOW];
};

static bool decode(struct follow *f, struct x86_code *code)
{
	uintptr_t in = f->here.at - f->window_at;

	if (in > WINDOW - X86_MOST_BYTES) {
		if (!unwind_memory_code(&f->w->memory, f->here.at, f->window, WINDOW))
			return false;
		if (f->here.at == f->w->regs.pc)
			unwind_memory_is_live_code(&f->w->memory, f->here.at);
		f->w->out->searched += A_WINDOW;
		f->window_at = f->here.at;
		in = 0;
	}
	return x86_decode(code, f->window + in, WINDOW - in);
}

static bool is_there(const struct follow *f, uintptr_t at)
{
	return at >= f->first_sp;
}

static enum effect set_sp(struct follow *f, uintptr_t sp)
{
	f->here.sp = sp;
	return sp & (sizeof(sp) - 1) ? IS_LOST : GOES_ON;
}

/* What was pushed on the way is popped as it was. */
static enum effect pop(struct follow *f, unsigned reg)
{
	uintptr_t at = f->here.sp;

	f->here.sp += sizeof(at);
	if (reg == X86_SP)
		return IS_LOST;
	if (reg == X86_BX && is_there(f, at))
		f->here.bx_at = at;
	if (reg == X86_BP && is_there(f, at) && !walk_read(f->w, at, &f->here.bp))
		return IS_LOST;
	return GOES_ON;
}

static enum effect leave(struct follow *f)
{
	f->here.sp = f->here.bp;
	return pop(f, X86_BP);
}

/* By its number in instructions, which is not DWARF's.  (Of callers: what they count on over a call, the callee leaves
 * alone.) */
static bool read_register(const struct follow *f, unsigned reg, uintptr_t *value)
{
	static const uint8_t dwarf[] = { 0, 2, 1, 3, 7, 6, 4, 5 };
	uintptr_t at;

	*value = reg == X86_SP ? f->here.sp : reg == X86_BP ? f->here.bp : f->here.copy;
	if (reg == X86_SP || reg == X86_BP || reg == f->here.copy_reg)
		return true;
	at = arch_register_at(f->w->old_context, reg < sizeof(dwarf) ? dwarf[reg] : reg);
	return at && walk_read_saved(f->w, at, value);
}

/* An address from rsp or rbp. */
static bool find_address(const struct follow *f, const struct x86_code *code, uintptr_t *at)
{
	*at = (code->rm == X86_SP ? f->here.sp : f->here.bp) +
	      (uintptr_t)(intptr_t)code->displacement;
	return (code->rm == X86_SP || code->rm == X86_BP) && !code->has_index;
}

/* mov and lea from memory, to rsp or rbp.  Others change registers that nobody needs. */
static enum effect load(struct follow *f, const struct x86_code *code)
{
	bool is_lea = code->opcode == 0x8d;
	uintptr_t value;

	if (code->reg != X86_SP && (code->reg != X86_BP || is_lea))
		return GOES_ON;
	if (!find_address(f, code, &value) ||
	    (!is_lea && (!is_there(f, value) || !walk_read(f->w, value, &value))))
		return code->reg == X86_SP ? IS_LOST : GOES_ON;
	if (code->reg == X86_SP)
		return set_sp(f, value);
	f->here.bp = value;
	return GOES_ON;
}

static enum effect move(struct follow *f, unsigned to, unsigned from)
{
	uintptr_t value;

	if (to == X86_SP)
		return read_register(f, from, &value) ? set_sp(f, value) : IS_LOST;
	if (from != X86_SP)
		return GOES_ON;
	if (to == X86_BP) {
		f->here.bp = f->here.sp;
	} else {
		f->here.copy_reg = (uint8_t)to;
		f->here.copy = f->here.sp;
	}
	return GOES_ON;
}

/* add, and, sub and their like with a number; of rsp only. */
static enum effect add_number(struct follow *f, const struct x86_code *code)
{
	uintptr_t n = (uintptr_t)(intptr_t)code->immediate;

	if (code->is_memory || code->rm != X86_SP || code->reg == 7)
		return GOES_ON;
	return code->reg == 0	? set_sp(f, f->here.sp + n)
	       : code->reg == 5 ? set_sp(f, f->here.sp - n)
				: IS_LOST;
}

/* Opcodes below 0x40: eight operations in eight forms each, of which the second and fourth change what may be rsp. */
static enum effect add_register(const struct x86_code *code)
{
	unsigned form = code->opcode & 7, reg = form == 1 ? code->rm : code->reg;
	bool is_compare = (code->opcode & 0x38) == 0x38;

	if ((form != 1 && form != 3) || is_compare || (form == 1 && code->is_memory))
		return GOES_ON;
	return reg == X86_SP ? IS_LOST : GOES_ON;
}

static enum effect call_or_push(struct follow *f, const struct x86_code *code)
{
	switch (code->reg & 7) {
	case 4: /* jmp */
	case 5:
		return IS_LOST;
	case 6: /* push */
		f->here.sp -= sizeof(f->here.sp);
		return GOES_ON;
	default:
		return !code->is_memory && code->rm == X86_SP && (code->reg & 7) < 2 ? IS_LOST
										     : GOES_ON;
	}
}

/* The second time that it goes back to the same place is a loop. */
static enum effect jump(struct follow *f, int32_t distance)
{
	f->here.at += (uintptr_t)(intptr_t)distance;
	if (distance >= 0)
		return GOES_ON;
	if (f->here.at == f->loop)
		return IS_LOST;
	f->loop = f->here.at;
	return GOES_ON;
}

static void note_turning(struct follow *f, int32_t distance)
{
	struct place_in_code *there = &f->turnings[f->n_turnings % MOST_TURNINGS];

	if (distance < 0)
		return;
	*there = f->here;
	there->at += (uintptr_t)distance;
	f->n_turnings++;
}

static bool is_conditional(const struct x86_code *code)
{
	return (code->map == X86_ONE_BYTE &&
		((code->opcode & 0xf0) == 0x70 || (code->opcode & 0xfc) == 0xe0)) ||
	       (code->map == X86_0F && (code->opcode & 0xf0) == 0x80);
}

static enum effect run_one_byte(struct follow *f, const struct x86_code *code)
{
	if (code->opcode < 0x40)
		return add_register(code);
	switch (code->opcode & 0xf8) {
	case 0x50: /* push */
		f->here.sp -= sizeof(f->here.sp);
		return GOES_ON;
	case 0x58:
		return pop(f, code->rm);
	}
	switch (code->opcode) {
	case 0x68: /* push; pushf */
	case 0x6a:
	case 0x9c:
		f->here.sp -= sizeof(f->here.sp);
		return GOES_ON;
	case 0x81:
	case 0x83:
		return add_number(f, code);
	case 0x89:
		return code->is_memory ? GOES_ON : move(f, code->rm, code->reg);
	case 0x8b:
		return code->is_memory ? load(f, code) : move(f, code->reg, code->rm);
	case 0x8d:
		return load(f, code);
	case 0x8f: /* pop to memory; popf */
	case 0x9d:
		f->here.sp += sizeof(f->here.sp);
		return GOES_ON;
	case 0xc2:
	case 0xc3:
		return RETURNS;
	case 0xc8: /* enter; returns of kernels */
	case 0xca:
	case 0xcb:
	case 0xcf:
		return IS_LOST;
	case 0xc9:
		return leave(f);
	case 0xe9:
	case 0xeb:
		return jump(f, code->immediate);
	case 0xff:
		return call_or_push(f, code);
	}
	return GOES_ON;
}

/* Is the word where the stack pointer stands one that a call left there? */
static bool take_return(struct follow *f)
{
	struct walk *w = f->w;
	uintptr_t pc;

	if (!is_there(f, f->here.sp) || f->here.sp - f->first_sp > MAX_FRAME_BYTES ||
	    !walk_read(w, f->here.sp, &pc) || !walk_is_return_address(w, pc))
		return false;
	w->regs = (struct unwind_regs){ pc, f->here.sp + sizeof(pc), f->here.bp, 0 };
	w->bx_at = f->here.bx_at;
	return true;
}

static enum effect run(struct follow *f)
{
	struct x86_code code;

	if (!decode(f, &code))
		return IS_LOST;
	f->here.at += code.length;
	if (code.is_vector)
		return GOES_ON;
	if (is_conditional(&code))
		note_turning(f, code.immediate);
	return code.map == X86_ONE_BYTE ? run_one_byte(f, &code) : GOES_ON;
}

/* Each turning is taken once; those that were overwritten by later ones are gone. */
static bool turn(struct follow *f, unsigned *n_left)
{
	if (f->n_turnings == 0 || *n_left == 0)
		return false;
	f->here = f->turnings[--f->n_turnings % MOST_TURNINGS];
	--*n_left;
	return true;
}

bool walk_by_code(struct walk *w)
{
	struct follow f = {
		.w = w,
		.here = { w->regs.pc, w->regs.sp, w->regs.bp, w->bx_at, 0, X86_NO_BASE },
		.first_sp = w->regs.sp,
		.window_at = w->regs.pc - WINDOW,
	};
	enum effect effect = GOES_ON;
	unsigned n_left = MOST_TURNINGS;

	for (unsigned n = 0; n < MOST_CODES && effect != RETURNS; n++) {
		effect = run(&f);
		if (effect == IS_LOST && !turn(&f, &n_left))
			return false;
	}
	return effect == RETURNS && take_return(&f);
}

#endif
