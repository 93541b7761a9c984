/* cfi_program.c - run the call frame programs of one function: from instructions to rules.
 *
 * Runs inside the handler too: while a module has no table yet, rules are read one by one.
 *
 * Of the registers only those are followed that lead to the next frame: sp, bp, bx (arch.h) and the return address.
 * What a rule cannot say (exotic expressions) becomes RULE_NONE, and the unwinder guesses there.
 */
#include "sampler/arch.h"
#include "sampler/cfi_run.h"

enum {
	MAX_REMEMBERED = 8,
	ELSEWHERE = 0x80,	    /* a place that no rule can say */
	PLACE_SP_AND_OFFSET = 0x81, /* of sp: the value is its own, and an offset */
};

struct program {
	const struct cie *cie;
	struct cfi_state s, remembered[MAX_REMEMBERED];
	unsigned n_remembered;
	uint64_t pc, end;
	cfi_row_fn *row; /* NULL: stop at the target instead, its state in s */
	void *arg;
	uint64_t target;
	bool is_done, has_changed; /* since the last row */
};

/* ---- from states to rules ---- */

static bool is_sayable(const struct cfi_state *s)
{
	return s->cfa != RULE_NONE && s->cfa_offset == (int32_t)s->cfa_offset &&
	       s->cfa_addend == (int16_t)s->cfa_addend && s->ra.place < ELSEWHERE &&
	       s->ra.offset == (int16_t)s->ra.offset && s->sp.place < ELSEWHERE &&
	       s->sp.place != PLACE_LOST && s->sp.offset == (int16_t)s->sp.offset &&
	       (ARCH_RA_IS_LOADED || s->ra.place != PLACE_SAME);
}

/* The place in the lower byte, the offset in the upper half. */
static uint32_t say(struct saved s)
{
	if (s.place >= ELSEWHERE || s.offset != (int16_t)s.offset)
		return PLACE_LOST;
	return s.place | (uint32_t)s.offset << 16;
}

static bool is_plain_place(struct saved s)
{
	return s.place == PLACE_SAME || (s.place == PLACE_CFA && s.offset == (int16_t)s.offset);
}

static bool is_plain(const struct cfi_state *s, bool is_exact)
{
	return (s->cfa == RULE_SP || s->cfa == RULE_BP) && !is_exact && s->ra.place == PLACE_CFA &&
	       is_plain_place(s->bp) && is_plain_place(s->bx);
}

/* Put together in registers: whoever gets a rule compares it in words, and waits for what was stored by the byte. */
static struct rule make_rule(const struct cfi_state *s, bool is_exact)
{
	uint64_t bp = say(s->bp), bx = say(s->bx), ra = say(s->ra), sp = say(s->sp), w[3];
	struct rule r;

	_Static_assert(offsetof(struct rule, bp) == 4 && offsetof(struct rule, sp) == 7 &&
			       offsetof(struct rule, bp_offset) == 14 &&
			       offsetof(struct rule, sp_offset) == 20,
		       "the order of the fields");
	w[0] = s->cfa | (uint64_t)is_plain(s, is_exact) << 8 | (uint64_t)is_exact << 16 |
	       (uint64_t)s->reg << 24 | (bp & 0xff) << 32 | (bx & 0xff) << 40 | (ra & 0xff) << 48 |
	       (sp & 0xff) << 56;
	w[1] = (uint32_t)s->cfa_offset | (uint64_t)(uint16_t)s->cfa_addend << 32 | bp >> 16 << 48;
	w[2] = bx >> 16 | ra >> 16 << 16 | sp >> 16 << 32;
	memcpy(&r, w, sizeof(r));
	return r;
}

static struct saved from_cfa(struct saved s, int64_t distance)
{
	if (s.place == PLACE_CFA || s.place == PLACE_POINTER)
		s.offset -= (int32_t)distance;
	return s;
}

/* The caller's sp by another name than the CFA, sp and an offset too: the CFA may as well be there. */
static struct cfi_state with_cfa_at_sp(const struct cfi_state *s)
{
	struct cfi_state n = *s;
	int64_t distance = s->sp.offset - s->cfa_offset;

	if (s->cfa != RULE_SP || s->sp.place != PLACE_SP_AND_OFFSET ||
	    distance != (int16_t)distance)
		return n;
	n.cfa_offset = s->sp.offset;
	n.sp = (struct saved){ PLACE_SAME, 0 };
	n.bp = from_cfa(s->bp, distance);
	n.bx = from_cfa(s->bx, distance);
	n.ra = from_cfa(s->ra, distance);
	return n;
}

static struct rule rule_of(const struct cfi_state *state, bool is_signal)
{
	const struct cfi_state n = with_cfa_at_sp(state), *s = &n;

	if (is_signal && arch_is_signal_cfa(s->cfa == RULE_DEREF_SP, s->cfa_offset))
		return (struct rule){ .kind = RULE_SIGNAL };
	if (s->ra.place == PLACE_LOST)
		return (struct rule){ .kind = RULE_END };
	if (!is_sayable(s))
		return (struct rule){ .kind = RULE_NONE };
	return make_rule(s, is_signal || s->is_jump || s->sp.place != PLACE_SAME);
}

/* ---- expressions ---- */

enum {
	OP_DEREF = 0x06,
	OP_MUL = 0x1e,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_LIT8 = 0x38,
	OP_BREG = 0x70
};

/* breg* 0, lit8, mul, plus: the register, or -1 and the cursor where it was. */
static int read_index(struct cursor *e)
{
	static const uint8_t rest[] = { 0, OP_LIT8, OP_MUL, OP_PLUS };
	int reg;

	if ((size_t)(e->end - e->p) < 1 + sizeof(rest) || e->p[0] < OP_BREG ||
	    e->p[0] >= OP_BREG + 32 || memcmp(e->p + 1, rest, sizeof(rest)) != 0)
		return -1;
	reg = e->p[0] - OP_BREG;
	e->p += 1 + sizeof(rest);
	return reg;
}

/* What linkers, compilers and hand-written code say of a CFA: the PLT's own; a word at sp or bp + constant, which is
 * the CFA or a constant below it; the same at an index from sp. */
static void set_cfa_expression(struct cfi_state *s, struct cursor e)
{
	uint8_t op;
	int index;

	s->cfa = RULE_NONE;
	s->cfa_addend = 0;
	s->is_jump = false;
	if (arch_is_plt_expression(e.p, (size_t)(e.end - e.p), &s->cfa_offset)) {
		s->cfa = RULE_PLT;
		return;
	}
	op = cursor_u8(&e);
	s->cfa_offset = cursor_sleb(&e);
	index = read_index(&e);
	if ((op != OP_BREG + ARCH_REG_SP && op != OP_BREG + ARCH_REG_BP) ||
	    cursor_u8(&e) != OP_DEREF)
		return;
	if (e.p < e.end && cursor_u8(&e) == OP_PLUS_UCONST)
		s->cfa_addend = (int64_t)cursor_uleb(&e);
	if (e.p < e.end || e.bad || (index >= 0 && op != OP_BREG + ARCH_REG_SP))
		return;
	s->cfa = index >= 0		       ? RULE_DEREF_INDEX
		 : op == OP_BREG + ARCH_REG_SP ? RULE_DEREF_SP
					       : RULE_DEREF_BP;
	s->reg = index >= 0 ? (uint8_t)index : 0;
}

static void set_cfa(struct cfi_state *s, uint64_t reg, int64_t offset)
{
	s->cfa = reg == ARCH_REG_SP ? RULE_SP : reg == ARCH_REG_BP ? RULE_BP : RULE_REG;
	s->reg = s->cfa == RULE_REG ? (uint8_t)reg : 0;
	if (reg > UINT8_MAX)
		s->cfa = RULE_NONE;
	s->cfa_offset = offset;
	s->cfa_addend = 0;
	s->is_jump = reg == ARCH_REG_EH_RETURN && offset == ARCH_ENTRY_CFA;
}

static struct saved *saved_of(struct cfi_state *s, uint64_t reg)
{
	switch (reg) {
	case ARCH_REG_BP:
		return &s->bp;
	case ARCH_REG_SP:
		return &s->sp;
	case ARCH_REG_RA:
		return &s->ra;
	case ARCH_REG_BX:
		return &s->bx;
	default:
		return NULL;
	}
}

static void save_at(struct cfi_state *s, uint64_t reg, uint8_t place, int64_t offset)
{
	struct saved *to = saved_of(s, reg);

	if (!to)
		return;
	if (offset != (int32_t)offset)
		*to = (struct saved){ ELSEWHERE, 0 };
	else
		*to = (struct saved){ place, (int32_t)offset };
}

/* DW_CFA_expression: only "at bp + constant" is representable, which is how a realigned main() saves rbp. */
static void save_at_expression(struct cfi_state *s, uint64_t reg, struct cursor e)
{
	uint8_t op = cursor_u8(&e);
	int64_t offset = cursor_sleb(&e);

	if (op == OP_BREG + ARCH_REG_BP && e.p == e.end && !e.bad)
		save_at(s, reg, PLACE_BP, offset);
	else
		save_at(s, reg, ELSEWHERE, 0);
}

/* DW_CFA_val_expression: only "sp + constant", for sp, is representable. */
static void save_value(struct cfi_state *s, uint64_t reg, struct cursor e)
{
	uint8_t op = cursor_u8(&e);
	int64_t offset = cursor_sleb(&e);

	if (reg == ARCH_REG_SP && op == OP_BREG + ARCH_REG_SP && e.p == e.end && !e.bad)
		save_at(s, reg, PLACE_SP_AND_OFFSET, offset);
	else
		save_at(s, reg, ELSEWHERE, 0);
}

static void restore(struct cfi_state *s, const struct cfi_state *initial, uint64_t reg)
{
	struct saved *to = saved_of(s, reg);

	if (to)
		*to = *saved_of((struct cfi_state *)initial, reg);
}

/* ---- instructions ---- */

static void emit(struct program *p)
{
	struct rule r;

	if (!p->has_changed)
		return; /* only registers that are not followed were saved */
	r = rule_of(&p->s, p->cie->is_signal);
	p->row(p->arg, p->pc, &r);
	p->has_changed = false;
}

static void advance(struct program *p, uint64_t delta)
{
	uint64_t next = p->pc + delta * p->cie->code_align;

	if (p->row && next != p->pc)
		emit(p);
	if (!p->row && next > p->target)
		p->is_done = true;
	p->pc = next;
}

/* A factored offset; hostile ones wrap around. */
static int64_t scaled(const struct program *p, uint64_t n)
{
	return (int64_t)(n * (uint64_t)p->cie->data_align);
}

/* The opcodes that carry their operand in the low six bits, and those that only move. */
static void run_primary(struct program *p, struct cursor *i, uint8_t op)
{
	switch (op & 0xc0) {
	case 0x40: /* DW_CFA_advance_loc */
		advance(p, op & 0x3f);
		break;
	case 0x80: /* DW_CFA_offset */
		save_at(&p->s, op & 0x3f, PLACE_CFA, scaled(p, cursor_uleb(i)));
		p->has_changed |= saved_of(&p->s, op & 0x3f) != NULL;
		break;
	default: /* DW_CFA_restore */
		restore(&p->s, &p->cie->initial, op & 0x3f);
		p->has_changed |= saved_of(&p->s, op & 0x3f) != NULL;
	}
}

/* Where the CFA is.  False: the opcode is not about that. */
static bool run_cfa(struct program *p, struct cursor *i, uint8_t op)
{
	struct cfi_state *s = &p->s;
	bool is_jump = s->is_jump;
	uint64_t reg;

	switch (op) {
	case 0x0c: /* def_cfa */
		reg = cursor_uleb(i);
		set_cfa(s, reg, (int64_t)cursor_uleb(i));
		return true;
	case 0x0d: /* def_cfa_register */
		reg = cursor_uleb(i);
		set_cfa(s, reg, s->cfa_offset);
		s->is_jump |= is_jump && reg == ARCH_REG_SP;
		return true;
	case 0x0e: /* def_cfa_offset */
		s->cfa_offset = (int64_t)cursor_uleb(i);
		return true;
	case 0x0f: /* def_cfa_expression */
		set_cfa_expression(s, cursor_block(i, cursor_uleb(i)));
		return true;
	case 0x12: /* def_cfa_sf */
		reg = cursor_uleb(i);
		set_cfa(s, reg, scaled(p, (uint64_t)cursor_sleb(i)));
		return true;
	case 0x13: /* def_cfa_offset_sf */
		s->cfa_offset = scaled(p, (uint64_t)cursor_sleb(i));
		return true;
	default:
		return false;
	}
}

/* Where a register was saved, whose number comes first.  False: the opcode is not about that. */
static bool run_saved(struct program *p, struct cursor *i, uint8_t op)
{
	struct cfi_state *s = &p->s;
	struct cursor before = *i;
	uint64_t reg = cursor_uleb(i);

	switch (op) {
	case 0x05: /* offset_extended */
		save_at(s, reg, PLACE_CFA, scaled(p, cursor_uleb(i)));
		return true;
	case 0x06: /* restore_extended */
		restore(s, &p->cie->initial, reg);
		return true;
	case 0x07: /* undefined */
		save_at(s, reg, PLACE_LOST, 0);
		return true;
	case 0x08: /* same_value */
		save_at(s, reg, PLACE_SAME, 0);
		return true;
	case 0x09: /* register */
		save_at(s, reg, PLACE_REG, (int64_t)cursor_uleb(i));
		return true;
	case 0x10: /* expression */
		save_at_expression(s, reg, cursor_block(i, cursor_uleb(i)));
		return true;
	case 0x11: /* offset_extended_sf */
		save_at(s, reg, PLACE_CFA, scaled(p, (uint64_t)cursor_sleb(i)));
		return true;
	case 0x14: /* val_offset, val_offset_sf */
	case 0x15:
		cursor_uleb(i);
		save_at(s, reg, ELSEWHERE, 0);
		return true;
	case 0x16: /* val_expression */
		save_value(s, reg, cursor_block(i, cursor_uleb(i)));
		return true;
	default:
		*i = before;
		return false;
	}
}

/* False on an opcode that is not known: the rest of the program cannot be read. */
static bool run_extended(struct program *p, struct cursor *i, uint8_t op)
{
	switch (op) {
	case 0x00: /* nop */
	case 0x2d: /* AARCH64_negate_ra_state: the address is signed; arch_code_address() takes that away */
		return true;
	case 0x02: /* advance_loc1, 2, 4 */
	case 0x03:
	case 0x04:
		advance(p, cursor_fixed(i, (size_t)1 << (op - 2)));
		return true;
	case 0x0a: /* remember_state */
		if (p->n_remembered == MAX_REMEMBERED)
			return false;
		p->remembered[p->n_remembered++] = p->s;
		return true;
	case 0x0b: /* restore_state */
		if (p->n_remembered == 0)
			return false;
		p->s = p->remembered[--p->n_remembered];
		return true;
	case 0x2e: /* GNU_args_size */
		cursor_uleb(i);
		return true;
	default:
		return run_cfa(p, i, op) || run_saved(p, i, op);
	}
}

static void run(struct program *p, struct cursor i)
{
	while (i.p < i.end && !i.bad && !p->is_done && p->pc <= p->end) {
		uint8_t op = cursor_u8(&i);

		if (op & 0xc0) {
			run_primary(p, &i, op);
			continue;
		}
		if (!run_extended(p, &i, op))
			break;
		p->has_changed |= op > 0x04; /* neither nop nor an advance */
	}
	if (p->row && p->pc < p->end)
		emit(p);
}

void cfi_run_initial(struct cie *cie, struct cursor program)
{
	struct program p = { .cie = cie, .end = UINT64_MAX, .target = UINT64_MAX };

	run(&p, program);
	cie->initial = p.s;
}

/* ---- entries ---- */

static const struct cfi_quirk *quirk_in(const struct cfi_source *src, const struct fde *fde)
{
	for (unsigned i = 0; i < src->n_quirks; i++)
		if (src->quirks[i].start >= fde->start && src->quirks[i].start < fde->end)
			return &src->quirks[i];
	return NULL;
}

/* (All but what is remembered: that is large, and written before it is read.) */
static void begin(struct program *p, const struct cie *cie, const struct fde *fde)
{
	p->cie = cie;
	p->s = cie->initial;
	p->n_remembered = 0;
	p->pc = fde->start;
	p->end = fde->end;
	p->row = NULL;
	p->arg = NULL;
	p->target = UINT64_MAX;
	p->is_done = false;
	p->has_changed = true;
}

struct rule cfi_rule_at(const struct cfi_source *src, const struct cie *cie, const struct fde *fde,
			uint64_t address)
{
	const struct cfi_quirk *quirk = src->n_quirks ? quirk_in(src, fde) : NULL;
	struct program p;

	if (quirk && address >= quirk->start)
		return address < quirk->end ? quirk->rule : quirk->after;
	begin(&p, cie, fde);
	p.target = address;
	run(&p, fde->program);
	return rule_of(&p.s, cie->is_signal);
}

void cfi_run(const struct cfi_source *src, const struct cie *cie, const struct fde *fde,
	     cfi_row_fn *row, void *arg)
{
	const struct cfi_quirk *quirk = src->n_quirks ? quirk_in(src, fde) : NULL;
	struct program p;

	if (quirk) { /* such functions have one rule of their own */
		struct rule own = rule_of(&cie->initial, false);

		if (quirk->start > fde->start)
			row(arg, fde->start, &own);
		row(arg, quirk->start, &quirk->rule);
		if (quirk->end < fde->end)
			row(arg, quirk->end, &quirk->after);
		return;
	}
	begin(&p, cie, fde);
	p.row = row;
	p.arg = arg;
	run(&p, fde->program);
}
