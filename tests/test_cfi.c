/* test_cfi.c - what the instructions of call frame information make of a function's first rule, one table row each.
 *
 * The rule that they are run on is that of a function just entered: CFA = rsp + 8, return address at CFA - 8.
 */
#include "sampler/cfi_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define AT_ENTRY .kind = RULE_SP, .cfa_offset = 8, .ra = PLACE_CFA, .ra_offset = -8
#define IN_FRAME .kind = RULE_BP, .cfa_offset = 16, .ra = PLACE_CFA, .ra_offset = -8

enum { START = 0x1000, END = 0x1100, MOST_BYTES = 24 };

static const struct row {
	const char *what;
	uint8_t n, program[MOST_BYTES];
	struct rule want;
} rows[] = {
	{ "nothing", 0, { 0 }, { AT_ENTRY, .is_plain = true } },
	{ "nop", 2, { 0, 0 }, { AT_ENTRY, .is_plain = true } },
	{ "args_size says nothing of frames",
	  3,
	  { 0x2e, 0x80, 0x01 },
	  { AT_ENTRY, .is_plain = true } },
	{ "a push",
	  6,
	  { 0x41, 0x0e, 0x10, 0x86, 0x02, 0 },
	  { .kind = RULE_SP,
	    .is_plain = true,
	    .cfa_offset = 16,
	    .ra = PLACE_CFA,
	    .ra_offset = -8,
	    .bp = PLACE_CFA,
	    .bp_offset = -16 } },
	{ "a frame pointer",
	  8,
	  { 0x41, 0x0e, 0x10, 0x86, 0x02, 0x43, 0x0d, 0x06 },
	  { IN_FRAME, .is_plain = true, .bp = PLACE_CFA, .bp_offset = -16 } },
	{ "def_cfa by rbp", 3, { 0x0c, 0x06, 0x10 }, { IN_FRAME, .is_plain = true } },
	{ "def_cfa_sf", 3, { 0x12, 0x06, 0x7e }, { IN_FRAME, .is_plain = true } },
	{ "def_cfa_offset_sf",
	  2,
	  { 0x13, 0x7d },
	  { .kind = RULE_SP,
	    .is_plain = true,
	    .cfa_offset = 24,
	    .ra = PLACE_CFA,
	    .ra_offset = -8 } },
	{ "rbx is followed, r12 is not",
	  4,
	  { 0x83, 0x03, 0x8c, 0x04 },
	  { AT_ENTRY, .is_plain = true, .bx = PLACE_CFA, .bx_offset = -24 } },
	{ "offset_extended",
	  3,
	  { 0x05, 0x06, 0x02 },
	  { AT_ENTRY, .is_plain = true, .bp = PLACE_CFA, .bp_offset = -16 } },
	{ "offset_extended_sf",
	  3,
	  { 0x11, 0x06, 0x02 },
	  { AT_ENTRY, .is_plain = true, .bp = PLACE_CFA, .bp_offset = -16 } },
	{ "restore", 3, { 0x86, 0x02, 0xc6 }, { AT_ENTRY, .is_plain = true } },
	{ "restore_extended", 4, { 0x86, 0x02, 0x06, 0x06 }, { AT_ENTRY, .is_plain = true } },
	{ "same_value", 4, { 0x86, 0x02, 0x08, 0x06 }, { AT_ENTRY, .is_plain = true } },
	{ "an undefined register", 2, { 0x07, 0x06 }, { AT_ENTRY, .bp = PLACE_LOST } },
	{ "an undefined return address", 2, { 0x07, 0x10 }, { .kind = RULE_END } },
	{ "a register in another",
	  3,
	  { 0x09, 0x06, 0x02 },
	  { AT_ENTRY, .bp = PLACE_REG, .bp_offset = 2 } },
	{ "val_offset, which no rule can say",
	  3,
	  { 0x14, 0x06, 0x02 },
	  { AT_ENTRY, .bp = PLACE_LOST } },
	{ "val_offset of the return address", 3, { 0x14, 0x10, 0x02 }, { .kind = RULE_NONE } },
	{ "remember and restore",
	  9,
	  { 0x0a, 0x0e, 0x20, 0x86, 0x02, 0x0b, 0x41, 0x0e, 0x10 },
	  { .kind = RULE_SP,
	    .is_plain = true,
	    .cfa_offset = 16,
	    .ra = PLACE_CFA,
	    .ra_offset = -8 } },
	{ "restore without remember ends what can be read",
	  3,
	  { 0x0b, 0x0e, 0x20 },
	  { AT_ENTRY, .is_plain = true } },
	{ "an unknown instruction ends what can be read",
	  3,
	  { 0x3f, 0x0e, 0x20 },
	  { AT_ENTRY, .is_plain = true } },
	{ "an offset that is cut off",
	  2,
	  { 0x0e, 0x80 },
	  { .kind = RULE_SP, .is_plain = true, .ra = PLACE_CFA, .ra_offset = -8 } },
	{ "the CFA by r10",
	  3,
	  { 0x0c, 0x0a, 0x00 },
	  { .kind = RULE_REG, .reg = 10, .ra = PLACE_CFA, .ra_offset = -8 } },
	{ "the CFA by a register that there is not",
	  4,
	  { 0x0c, 0x80, 0x02, 0x00 },
	  { .kind = RULE_NONE } },
	{ "an offset of the CFA beyond 32 bits",
	  6,
	  { 0x0e, 0x80, 0x80, 0x80, 0x80, 0x10 },
	  { .kind = RULE_NONE } },
	{ "one that is mended",
	  8,
	  { 0x0e, 0x80, 0x80, 0x80, 0x80, 0x10, 0x0e, 0x08 },
	  { AT_ENTRY, .is_plain = true } },
	{ "one that a register does not mend",
	  8,
	  { 0x0e, 0x80, 0x80, 0x80, 0x80, 0x10, 0x0d, 0x06 },
	  { .kind = RULE_NONE } },
	{ "rbp beyond 16 bits", 4, { 0x86, 0x80, 0x80, 0x01 }, { AT_ENTRY, .bp = PLACE_LOST } },
	{ "the return address beyond 16 bits",
	  4,
	  { 0x90, 0x80, 0x80, 0x01 },
	  { .kind = RULE_NONE } },
	{ "eh_return: rcx holds rsp, then rsp does, and what follows is a jump",
	  5,
	  { 0x0c, 0x02, 0x08, 0x0d, 0x07 },
	  { AT_ENTRY, .is_exact = true } },
	{ "*(rsp + 16)",
	  5,
	  { 0x0f, 0x03, 0x77, 0x10, 0x06 },
	  { .kind = RULE_DEREF_SP, .cfa_offset = 16, .ra = PLACE_CFA, .ra_offset = -8 } },
	{ "*(rbp - 8) + 16 by plus_uconst",
	  7,
	  { 0x0f, 0x05, 0x76, 0x78, 0x06, 0x23, 0x10 },
	  { .kind = RULE_DEREF_BP,
	    .cfa_offset = -8,
	    .cfa_addend = 16,
	    .ra = PLACE_CFA,
	    .ra_offset = -8 } },
	{ "*rbp + 16 by a literal",
	  7,
	  { 0x0f, 0x05, 0x76, 0x00, 0x06, 0x40, 0x22 },
	  { .kind = RULE_DEREF_BP, .cfa_addend = 16, .ra = PLACE_CFA, .ra_offset = -8 } },
	{ "a literal that is not added",
	  6,
	  { 0x0f, 0x04, 0x76, 0x00, 0x06, 0x40 },
	  { .kind = RULE_NONE } },
	{ "a literal that is subtracted",
	  7,
	  { 0x0f, 0x05, 0x76, 0x00, 0x06, 0x40, 0x1c },
	  { .kind = RULE_NONE } },
	{ "*(rsp + 8 + 8 * rbp) + 8",
	  12,
	  { 0x0f, 0x0a, 0x77, 0x08, 0x76, 0x00, 0x38, 0x1e, 0x22, 0x06, 0x23, 0x08 },
	  { .kind = RULE_DEREF_INDEX,
	    .reg = 6,
	    .cfa_offset = 8,
	    .cfa_addend = 8,
	    .ra = PLACE_CFA,
	    .ra_offset = -8 } },
	{ "an addend beyond 16 bits",
	  9,
	  { 0x0f, 0x07, 0x77, 0x10, 0x06, 0x23, 0x80, 0x80, 0x02 },
	  { .kind = RULE_NONE } },
	{ "the CFA in rax", 4, { 0x0f, 0x02, 0x70, 0x00 }, { .kind = RULE_NONE } },
	{ "an expression that is cut off", 3, { 0x0f, 0x09, 0x77 }, { .kind = RULE_NONE } },
	{ "the linker's PLT",
	  13,
	  { 0x0f, 0x0b, 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22 },
	  { .kind = RULE_PLT, .cfa_offset = 11, .ra = PLACE_CFA, .ra_offset = -8 } },
	{ "rbp at rbp - 16",
	  5,
	  { 0x10, 0x06, 0x02, 0x76, 0x70 },
	  { AT_ENTRY, .bp = PLACE_BP, .bp_offset = -16 } },
	{ "rbp and rbx at rsp + 16 and 24",
	  10,
	  { 0x10, 0x06, 0x02, 0x77, 0x10, 0x10, 0x03, 0x02, 0x77, 0x18 },
	  { AT_ENTRY, .bp = PLACE_SP, .bp_offset = 16, .bx = PLACE_SP, .bx_offset = 24 } },
	{ "rbp at rax", 5, { 0x10, 0x06, 0x02, 0x70, 0x00 }, { AT_ENTRY, .bp = PLACE_LOST } },
	{ "r12 anywhere", 5, { 0x10, 0x0c, 0x02, 0x70, 0x00 }, { AT_ENTRY, .is_plain = true } },
	{ "rsp is rsp + 32, wherever the CFA is: the CFA may as well be there",
	  6,
	  { 0x16, 0x07, 0x02, 0x77, 0x20, 0 },
	  { .kind = RULE_SP,
	    .is_plain = true,
	    .cfa_offset = 32,
	    .ra = PLACE_CFA,
	    .ra_offset = -32 } },
	{ "rsp is rbp + 32", 5, { 0x16, 0x07, 0x02, 0x76, 0x20 }, { .kind = RULE_NONE } },
	{ "rsp in memory: another stack",
	  2,
	  { 0x87, 0x02 },
	  { AT_ENTRY, .is_exact = true, .sp = PLACE_CFA, .sp_offset = -16 } },
};

static struct rule last;

static void keep_last(void *arg, uint64_t address, const struct rule *rule)
{
	assert_in_range(address, START, END - 1);
	last = *rule;
}

static struct cursor cursor_of(const uint8_t *p, size_t n)
{
	return (struct cursor){ p, p + n, false };
}

static struct cie first_cie(bool is_signal)
{
	static const uint8_t initial[] = { 0x0c, 0x07, 0x08, 0x90, 0x01 };
	struct cie cie = { .code_align = 1, .data_align = -8, .is_signal = is_signal };

	cfi_run_initial(&cie, cursor_of(initial, sizeof(initial)));
	return cie;
}

static void each_instruction_makes_its_rule(void **state)
{
	struct cfi_source src = { .data = NULL };
	struct cie cie = first_cie(false);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct fde fde = { START, END, cursor_of(r->program, r->n) };
		struct rule alone;

		cfi_run(&src, &cie, &fde, keep_last, NULL);
		alone = cfi_rule_at(&src, &cie, &fde, END - 1);
		if (memcmp(&last, &r->want, sizeof(last)) != 0 ||
		    memcmp(&alone, &r->want, sizeof(alone)) != 0)
			fail_msg("%s: kind %d plain %d exact %d reg %d CFA %d + %d, bp %d %d, bx "
				 "%d %d, ra %d %d, sp %d %d",
				 r->what, last.kind, last.is_plain, last.is_exact, last.reg,
				 last.cfa_offset, last.cfa_addend, last.bp, last.bp_offset, last.bx,
				 last.bx_offset, last.ra, last.ra_offset, last.sp, last.sp_offset);
	}
}

static void frames_of_signals_are_where_they_were_interrupted(void **state)
{
	static const uint8_t interrupted_sp[] = { 0x0f, 0x04, 0x77, 0xa0, 0x01, 0x06 };
	struct cfi_source src = { .data = NULL };
	struct cie cie = first_cie(true);
	struct fde fde = { START, END, cursor_of(interrupted_sp, 0) };

	assert_true(cfi_rule_at(&src, &cie, &fde, START).is_exact);
	assert_false(cfi_rule_at(&src, &cie, &fde, START).is_plain);
	fde.program = cursor_of(interrupted_sp, sizeof(interrupted_sp));
	assert_int_equal(cfi_rule_at(&src, &cie, &fde, START).kind, RULE_SIGNAL);
}

/* Rows of one address, and what only other registers do, make none. */
static unsigned n_rows;

static void count(void *arg, uint64_t address, const struct rule *rule)
{
	n_rows++;
}

static void rows_are_where_something_followed_changes(void **state)
{
	static const uint8_t program[] = { 0x0e, 0x10, 0x41, 0x8c, 0x02, 0x02, 0x05, 0x0e,
					   0x18, 0x03, 0x01, 0x00, 0x86, 0x04, 0x40, 0x83,
					   0x05, 0x04, 0x00, 0x01, 0x00, 0x00, 0x0e, 0x20 };
	struct cfi_source src = { .data = NULL };
	struct cie cie = first_cie(false);
	struct fde fde = { START, END, cursor_of(program, sizeof(program)) };

	n_rows = 0;
	cfi_run(&src, &cie, &fde, count, NULL);
	assert_int_equal(n_rows,
			 3); /* at 0, 6 and 7; the last one begins behind the function's end */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_instruction_makes_its_rule),
		cmocka_unit_test(frames_of_signals_are_where_they_were_interrupted),
		cmocka_unit_test(rows_are_where_something_followed_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
