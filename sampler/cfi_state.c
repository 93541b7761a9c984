/* cfi_state.c - what is odd in call frame information: expressions, and states that are not rules as they are.
 *
 * Runs inside the handler too: while a module has no table yet, rules are read one by one.
 *
 * What a rule cannot say (exotic expressions) becomes RULE_NONE, and the unwinder guesses there.
 */
#include "sampler/cfi_state.h"

/* ---- from states to rules ---- */

static bool is_sayable(const struct rule *s)
{
	return s->kind != RULE_NONE && !(s->is_plain & ~STATE_PLAIN) && s->ra < PLACE_ELSEWHERE &&
	       s->sp < PLACE_ELSEWHERE && s->sp != PLACE_LOST &&
	       (ARCH_RA_IS_LOADED || s->ra != PLACE_SAME);
}

static void move_with_cfa(struct rule *s, unsigned reg, uint8_t place, int16_t offset,
			  int64_t distance)
{
	if (place == PLACE_CFA || place == PLACE_POINTER)
		state_save(s, reg, place, offset - distance);
}

/* The caller's sp by another name than the CFA, sp and an offset too: the CFA may as well be there. */
static void put_cfa_at_sp(struct rule *s)
{
	struct rule was = *s;
	int64_t distance = (int64_t)was.sp_offset - was.cfa_offset;

	if (was.kind != RULE_SP || (was.is_plain & ~STATE_PLAIN) || was.sp != PLACE_SP_AND_OFFSET)
		return;
	state_set_offset(s, was.sp_offset);
	state_save(s, STATE_SP, PLACE_SAME, 0);
	move_with_cfa(s, STATE_BP, was.bp, was.bp_offset, distance);
	move_with_cfa(s, STATE_BX, was.bx, was.bx_offset, distance);
	move_with_cfa(s, STATE_RA, was.ra, was.ra_offset, distance);
}

struct rule state_odd_rule(const struct rule *state)
{
	struct rule s = *state;
	const struct rule *r = &s;

	put_cfa_at_sp(&s);
	if ((r->is_exact & STATE_SIGNAL) &&
	    arch_is_signal_cfa(r->kind == RULE_DEREF_SP, r->cfa_offset))
		return (struct rule){ .kind = RULE_SIGNAL };
	if (r->ra == PLACE_LOST)
		return (struct rule){ .kind = RULE_END };
	if (!is_sayable(r))
		return (struct rule){ .kind = RULE_NONE };
	if (r->bp >= PLACE_ELSEWHERE)
		state_save(&s, STATE_BP, PLACE_LOST, 0);
	if (r->bx >= PLACE_ELSEWHERE)
		state_save(&s, STATE_BX, PLACE_LOST, 0);
	s.is_plain = state_is_plain(&s);
	s.is_exact = r->is_exact || r->sp != PLACE_SAME;
	return s;
}

/* ---- expressions ---- */

enum {
	OP_DEREF = 0x06,
	OP_MUL = 0x1e,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST = 0x23,
	OP_LIT0 = 0x30,
	OP_LIT8 = 0x38,
	OP_LIT31 = 0x4f,
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

/* plus_uconst, or a literal and plus. */
static int64_t read_addend(struct cursor *e)
{
	uint8_t op = cursor_u8(e);

	if (op == OP_PLUS_UCONST)
		return (int64_t)cursor_uleb(e);
	e->bad |= op < OP_LIT0 || op > OP_LIT31 || cursor_u8(e) != OP_PLUS;
	return op - OP_LIT0;
}

/* What linkers, compilers and hand-written code say of a CFA: the PLT's own; a word at sp or bp + constant, which is
 * the CFA or a constant below it; the same at an index from sp. */
void state_set_cfa_expression(struct rule *s, struct cursor e)
{
	int64_t offset;
	uint8_t op;
	int index;

	state_set_kind(s, RULE_NONE, 0);
	state_set_addend(s, 0);
	state_put(&s->word[0], 16, STATE_JUMP, false);
	if (arch_is_plt_expression(e.p, (size_t)(e.end - e.p), &offset)) {
		state_set_kind(s, RULE_PLT, 0);
		state_set_offset(s, offset);
		return;
	}
	op = cursor_u8(&e);
	state_set_offset(s, cursor_sleb(&e));
	index = read_index(&e);
	if ((op != OP_BREG + ARCH_REG_SP && op != OP_BREG + ARCH_REG_BP) ||
	    cursor_u8(&e) != OP_DEREF)
		return;
	if (e.p < e.end)
		state_set_addend(s, read_addend(&e));
	if (e.p < e.end || e.bad || (index >= 0 && op != OP_BREG + ARCH_REG_SP))
		return;
	if (index >= 0)
		state_set_kind(s, RULE_DEREF_INDEX, (uint64_t)index);
	else
		state_set_kind(s, op == OP_BREG + ARCH_REG_SP ? RULE_DEREF_SP : RULE_DEREF_BP, 0);
}

/* At bp + constant, which is how a realigned main() saves rbp, or at sp + constant: hand-written code that did.  (The code
 * of Intel's vector functions has more to say, of rbx, which nothing needs.) */
void state_save_at_expression(struct rule *s, unsigned reg, struct cursor e)
{
	uint8_t op = cursor_u8(&e);
	int64_t offset = cursor_sleb(&e);

	if ((op == OP_BREG + ARCH_REG_BP || op == OP_BREG + ARCH_REG_SP) && e.p == e.end && !e.bad)
		state_save(s, reg, op == OP_BREG + ARCH_REG_BP ? PLACE_BP : PLACE_SP, offset);
	else
		state_save(s, reg, PLACE_ELSEWHERE, 0);
}

/* Only "sp + constant", for sp, is representable. */
void state_save_value(struct rule *s, unsigned reg, struct cursor e)
{
	uint8_t op = cursor_u8(&e);
	int64_t offset = cursor_sleb(&e);

	if (reg == STATE_SP && op == OP_BREG + ARCH_REG_SP && e.p == e.end && !e.bad)
		state_save(s, reg, PLACE_SP_AND_OFFSET, offset);
	else
		state_save(s, reg, PLACE_ELSEWHERE, 0);
}
