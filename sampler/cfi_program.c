/* cfi_program.c - run the call frame programs of one function: from instructions to rules.
 *
 * Runs inside the handler too: while a module has no table yet, rules are read one by one.
 *
 * Of the registers only those are followed that lead to the next frame: sp, bp, bx (arch.h) and the return address.
 */
#include "sampler/cfi_run.h"
#include "sampler/cfi_state.h"

enum { MAX_REMEMBERED = 8 };

struct program {
	const struct cie *cie;
	struct rule s, remembered[MAX_REMEMBERED];
	unsigned n_remembered;
	uint64_t pc, limit; /* the entry's end, or an address that is asked for */
	cfi_row_fn *row;    /* NULL: nothing is wanted but the state there */
	void *arg;
	bool is_done;
	bool has_changed; /* since the last row: registers are saved that are not followed, too */
};

/* ---- instructions ---- */

static void emit(struct program *p)
{
	struct rule room;

	p->row(p->arg, p->pc, state_rule(&p->s, &room));
	p->has_changed = false;
}

static void advance(struct program *p, uint64_t delta)
{
	uint64_t next = p->pc + delta * p->cie->code_align;

	if (p->row && p->has_changed && next != p->pc)
		emit(p);
	p->is_done = next > p->limit;
	p->pc = next;
}

/* A factored offset; hostile ones wrap around. */
static int64_t scaled(const struct program *p, uint64_t n)
{
	return (int64_t)(n * (uint64_t)p->cie->data_align);
}

static void save(struct program *p, uint64_t reg, uint8_t place, int64_t offset)
{
	unsigned which = state_reg(reg);

	if (which == STATE_REGS)
		return;
	state_save(&p->s, which, place, offset);
	p->has_changed = true;
}

static void restore(struct program *p, uint64_t reg)
{
	unsigned which = state_reg(reg);

	if (which == STATE_REGS)
		return;
	state_restore(&p->s, which, &p->cie->initial);
	p->has_changed = true;
}

static void set_offset(struct program *p, int64_t offset)
{
	state_set_offset(&p->s, offset);
	p->has_changed = true;
}

static void set_cfa_register(struct program *p, uint64_t reg)
{
	state_set_cfa_register(&p->s, reg);
	p->has_changed = true;
}

static void save_by_expression(struct program *p, struct cursor *i, bool is_value)
{
	unsigned which = state_reg(cursor_uleb(i));
	struct cursor e = cursor_block(i, cursor_uleb(i));

	if (which == STATE_REGS)
		return;
	if (is_value)
		state_save_value(&p->s, which, e);
	else
		state_save_at_expression(&p->s, which, e);
	p->has_changed = true;
}

/* Where a register was saved, whose number comes first.  False: the opcode is not known. */
static bool run_saved(struct program *p, struct cursor *i, uint8_t op)
{
	uint64_t reg = cursor_uleb(i);

	switch (op) {
	case 0x05: /* offset_extended */
		save(p, reg, PLACE_CFA, scaled(p, cursor_uleb(i)));
		return true;
	case 0x06: /* restore_extended */
		restore(p, reg);
		return true;
	case 0x07: /* undefined */
		save(p, reg, PLACE_LOST, 0);
		return true;
	case 0x08: /* same_value */
		save(p, reg, PLACE_SAME, 0);
		return true;
	case 0x09: /* register */
		save(p, reg, PLACE_REG, (int64_t)cursor_uleb(i));
		return true;
	case 0x11: /* offset_extended_sf */
		save(p, reg, PLACE_CFA, scaled(p, (uint64_t)cursor_sleb(i)));
		return true;
	case 0x14: /* val_offset, val_offset_sf */
	case 0x15:
		cursor_uleb(i);
		save(p, reg, PLACE_ELSEWHERE, 0);
		return true;
	default:
		return false;
	}
}

/* What is rare.  False on an opcode that is not known: the rest of the program cannot be read. */
static bool run_rare(struct program *p, struct cursor *i, uint8_t op)
{
	uint64_t reg;

	switch (op) {
	case 0x0c: /* def_cfa */
		reg = cursor_uleb(i);
		set_offset(p, (int64_t)cursor_uleb(i));
		set_cfa_register(p, reg);
		return true;
	case 0x0f: /* def_cfa_expression */
		state_set_cfa_expression(&p->s, cursor_block(i, cursor_uleb(i)));
		p->has_changed = true;
		return true;
	case 0x10: /* expression */
	case 0x16: /* val_expression */
		save_by_expression(p, i, op == 0x16);
		return true;
	case 0x12: /* def_cfa_sf */
		reg = cursor_uleb(i);
		set_offset(p, scaled(p, (uint64_t)cursor_sleb(i)));
		set_cfa_register(p, reg);
		return true;
	case 0x13: /* def_cfa_offset_sf */
		set_offset(p, scaled(p, (uint64_t)cursor_sleb(i)));
		return true;
	case 0x2d: /* AARCH64_negate_ra_state: the address is signed; arch_code_address() takes that away */
		return true;
	case 0x2e: /* GNU_args_size */
		cursor_uleb(i);
		return true;
	default:
		return run_saved(p, i, op);
	}
}

/* The opcodes that have all their eight bits to themselves. */
static bool run_extended(struct program *p, struct cursor *i, uint8_t op)
{
	switch (op) {
	case 0x00: /* nop */
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
		p->has_changed = true;
		return true;
	case 0x0d: /* def_cfa_register */
		set_cfa_register(p, cursor_uleb(i));
		return true;
	case 0x0e: /* def_cfa_offset */
		set_offset(p, (int64_t)cursor_uleb(i));
		return true;
	default:
		return run_rare(p, i, op);
	}
}

static void run(struct program *p, struct cursor i)
{
	bool is_known = true;

	while (i.p < i.end && !p->is_done && is_known) {
		uint8_t op = cursor_u8(&i);

		switch (op & 0xc0) {
		case 0x40: /* DW_CFA_advance_loc */
			advance(p, op & 0x3f);
			break;
		case 0x80: /* DW_CFA_offset */
			save(p, op & 0x3f, PLACE_CFA, scaled(p, cursor_uleb(&i)));
			break;
		case 0xc0: /* DW_CFA_restore */
			restore(p, op & 0x3f);
			break;
		default:
			is_known = run_extended(p, &i, op);
		}
	}
	if (p->row && p->has_changed && p->pc < p->limit)
		emit(p);
}

void cfi_run_initial(struct cie *cie, struct cursor program)
{
	struct program p = { .cie = cie, .limit = UINT64_MAX };

	if (cie->is_signal)
		p.s.word[0] = (uint64_t)STATE_SIGNAL << 16;
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
	p->limit = fde->end;
	p->row = NULL;
	p->arg = NULL;
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
	p.limit = address;
	run(&p, fde->program);
	return *state_rule(&p.s, &p.s);
}

void cfi_run(const struct cfi_source *src, const struct cie *cie, const struct fde *fde,
	     cfi_row_fn *row, void *arg)
{
	const struct cfi_quirk *quirk = src->n_quirks ? quirk_in(src, fde) : NULL;
	struct program p;

	if (quirk) { /* such functions have one rule of their own */
		struct rule own = cie->initial;

		if (quirk->start > fde->start)
			row(arg, fde->start, state_rule(&own, &own));
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
