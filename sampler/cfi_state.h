/* cfi_state.h - the registers at one row of call frame information, as its instructions leave them.
 *
 * A state has the shape of a rule, and most are one: a single comparison tells.  It is changed in whole words, for rules
 * are compared in words, and who reads a word of what was just stored by the byte waits for it.
 *
 *	word 0	kind, what does not fit, exact, reg, and the places of bp, bx, ra, sp		8 bits each
 *	word 1	cfa_offset (32 bits), cfa_addend (16)
 *	word 2	the offsets of bp, bx, ra, sp							16 bits each
 *
 * Async-signal-safe.
 */
#ifndef SONDE_SAMPLER_CFI_STATE_H
#define SONDE_SAMPLER_CFI_STATE_H

#include "sampler/arch.h"
#include "sampler/cfi_program.h"

/* Places that only a state knows: no rule can say where; of sp: the value is its own, and an offset. */
enum { PLACE_ELSEWHERE = 0x80, PLACE_SP_AND_OFFSET = 0x81 };

/* In is_plain: what was found of the rows before; the number is not the one that was meant, which does not fit. */
enum { STATE_PLAIN = 1, STATE_WIDE_OFFSET = 2, STATE_WIDE_ADDEND = 4 };
enum { STATE_JUMP = 1, STATE_SIGNAL = 2 }; /* in is_exact */

enum { STATE_BP, STATE_BX, STATE_RA, STATE_SP, STATE_REGS };

_Static_assert(offsetof(struct rule, is_plain) == 1 && offsetof(struct rule, is_exact) == 2 &&
		       offsetof(struct rule, reg) == 3 && offsetof(struct rule, bp) == 4 &&
		       offsetof(struct rule, sp) == 7 && offsetof(struct rule, cfa_offset) == 8 &&
		       offsetof(struct rule, cfa_addend) == 12 &&
		       offsetof(struct rule, bp_offset) == 16 &&
		       offsetof(struct rule, sp_offset) == 22,
	       "the words of a state");

static inline void state_put(uint64_t *word, unsigned at, uint64_t mask, uint64_t value)
{
	*word = (*word & ~(mask << at)) | (value & mask) << at;
}

/* Which of the registers that are followed; STATE_REGS = none. */
static inline unsigned state_reg(uint64_t reg)
{
	return reg == ARCH_REG_BP   ? STATE_BP
	       : reg == ARCH_REG_BX ? STATE_BX
	       : reg == ARCH_REG_RA ? STATE_RA
	       : reg == ARCH_REG_SP ? STATE_SP
				    : STATE_REGS;
}

static inline void state_save(struct rule *s, unsigned reg, uint8_t place, int64_t offset)
{
	if (offset != (int16_t)offset) {
		place = PLACE_ELSEWHERE;
		offset = 0;
	}
	state_put(&s->word[0], 32 + 8 * reg, 0xff, place);
	state_put(&s->word[2], 16 * reg, 0xffff, (uint64_t)offset);
}

static inline void state_restore(struct rule *s, unsigned reg, const struct rule *from)
{
	state_put(&s->word[0], 32 + 8 * reg, 0xff, from->word[0] >> (32 + 8 * reg));
	state_put(&s->word[2], 16 * reg, 0xffff, from->word[2] >> 16 * reg);
}

static inline void state_set_offset(struct rule *s, int64_t offset)
{
	state_put(&s->word[0], 8, STATE_WIDE_OFFSET,
		  offset == (int32_t)offset ? 0 : STATE_WIDE_OFFSET);
	state_put(&s->word[1], 0, UINT32_MAX, (uint64_t)offset);
}

static inline void state_set_addend(struct rule *s, int64_t addend)
{
	state_put(&s->word[0], 8, STATE_WIDE_ADDEND,
		  addend == (int16_t)addend ? 0 : STATE_WIDE_ADDEND);
	state_put(&s->word[1], 32, 0xffff, (uint64_t)addend);
}

static inline void state_set_kind(struct rule *s, enum rule_kind kind, uint64_t reg)
{
	state_put(&s->word[0], 0, 0xff, kind);
	state_put(&s->word[0], 24, 0xff, reg);
}

/* The CFA by a register, at the offset that is set already.  __builtin_eh_return ends by one that holds where an exception
 * is caught: from there on what follows is a jump. */
static inline void state_set_cfa_register(struct rule *s, uint64_t reg)
{
	bool was_jump = s->is_exact & STATE_JUMP;

	if (reg == ARCH_REG_SP || reg == ARCH_REG_BP)
		state_set_kind(s, reg == ARCH_REG_SP ? RULE_SP : RULE_BP, 0);
	else
		state_set_kind(s, reg > UINT8_MAX ? RULE_NONE : RULE_REG, reg);
	state_set_addend(s, 0);
	state_put(&s->word[0], 16, STATE_JUMP,
		  (reg == ARCH_REG_EH_RETURN && s->cfa_offset == ARCH_ENTRY_CFA) ||
			  (was_jump && reg == ARCH_REG_SP));
}

void state_set_cfa_expression(struct rule *s, struct cursor e);

/* DW_CFA_expression and DW_CFA_val_expression. */
void state_save_at_expression(struct rule *s, unsigned reg, struct cursor e);
void state_save_value(struct rule *s, unsigned reg, struct cursor e);

/* kind is RULE_SP or RULE_BP, ra at the CFA, bp and bx there or where they were, sp the CFA: what a rule calls plain. */
static inline bool state_is_plain(const struct rule *s)
{
	_Static_assert((RULE_SP & 1) == 0 && RULE_BP == RULE_SP + 1 && PLACE_SAME == 0 &&
			       PLACE_CFA == 1,
		       "their last bit tells them apart");

	return (s->word[0] & 0xfffffefefffffefeULL) ==
	       ((uint64_t)PLACE_CFA << 48 | (uint64_t)RULE_SP);
}

struct rule state_odd_rule(const struct rule *state); /* of one that is not plain */

/* The state itself, or room. */
static inline const struct rule *state_rule(struct rule *s, struct rule *room)
{
	if (state_is_plain(s)) {
		s->word[0] |= STATE_PLAIN << 8;
		return s;
	}
	*room = state_odd_rule(s);
	return room;
}

#endif
