/* test_x86_code.c - instructions are as long as they are, and their operands are what they are.
 *
 * Lengths were held against objdump's of libx264, libavcodec, libc, libm and libgmp: 3.5 million instructions.
 */
#include "sampler/x86_code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
	const char *what;
	uint8_t n, bytes[16];
	uint8_t map, opcode, reg, rm;
	int32_t number; /* displacement and immediate added up */
} rows[] = {
	{ "ret", 1, { 0xc3 }, X86_ONE_BYTE, 0xc3, 0, 3, 0 },
	{ "rep ret", 2, { 0xf3, 0xc3 }, X86_ONE_BYTE, 0xc3, 0, 3, 0 },
	{ "endbr64", 4, { 0xf3, 0x0f, 0x1e, 0xfa }, X86_0F, 0x1e, 7, 2, 0 },
	{ "push %rbp", 1, { 0x55 }, X86_ONE_BYTE, 0x55, 0, 5, 0 },
	{ "pop %r13", 2, { 0x41, 0x5d }, X86_ONE_BYTE, 0x5d, 0, 13, 0 },
	{ "sub $0x28,%rsp", 4, { 0x48, 0x83, 0xec, 0x28 }, X86_ONE_BYTE, 0x83, 5, 4, 0x28 },
	{ "and $-32,%rsp", 4, { 0x48, 0x83, 0xe4, 0xe0 }, X86_ONE_BYTE, 0x83, 4, 4, -32 },
	{ "add $0x208,%rsp", 7, { 0x48, 0x81, 0xc4, 8, 2, 0, 0 }, X86_ONE_BYTE, 0x81, 0, 4, 0x208 },
	{ "add $0x208,%ax", 5, { 0x66, 0x81, 0xc0, 8, 2 }, X86_ONE_BYTE, 0x81, 0, 0, 0x208 },
	{ "movabs $1,%rax",
	  10,
	  { 0x48, 0xb8, 1, 0, 0, 0, 0, 0, 0, 0 },
	  X86_ONE_BYTE,
	  0xb8,
	  0,
	  0,
	  1 },
	{ "mov $1,%ebp", 5, { 0xbd, 1, 0, 0, 0 }, X86_ONE_BYTE, 0xbd, 0, 5, 1 },
	{ "mov 0x60(%rsp),%rsp",
	  5,
	  { 0x48, 0x8b, 0x64, 0x24, 0x60 },
	  X86_ONE_BYTE,
	  0x8b,
	  4,
	  4,
	  0x60 },
	{ "lea -0x28(%rbp),%rsp", 4, { 0x48, 0x8d, 0x65, 0xd8 }, X86_ONE_BYTE, 0x8d, 4, 5, -0x28 },
	{ "mov 0(%rbp,%rax,8),%rcx",
	  5,
	  { 0x48, 0x8b, 0x4c, 0xc5, 0 },
	  X86_ONE_BYTE,
	  0x8b,
	  1,
	  5,
	  0 },
	{ "mov 0x10(%rip),%eax",
	  6,
	  { 0x8b, 0x05, 0x10, 0, 0, 0 },
	  X86_ONE_BYTE,
	  0x8b,
	  0,
	  X86_NO_BASE,
	  0x10 },
	{ "mov 0x10,%eax",
	  7,
	  { 0x8b, 0x04, 0x25, 0x10, 0, 0, 0 },
	  X86_ONE_BYTE,
	  0x8b,
	  0,
	  X86_NO_BASE,
	  0x10 },
	{ "jle, near", 6, { 0x0f, 0x8e, 0x10, 0, 0, 0 }, X86_0F, 0x8e, 0, 6, 0x10 },
	{ "jmp, back", 2, { 0xeb, 0xf0 }, X86_ONE_BYTE, 0xeb, 0, 3, -16 },
	{ "test $1,%dil", 4, { 0x40, 0xf6, 0xc7, 1 }, X86_ONE_BYTE, 0xf6, 0, 7, 1 },
	{ "not %rax", 3, { 0x48, 0xf7, 0xd0 }, X86_ONE_BYTE, 0xf7, 2, 0, 0 },
	{ "call *0x18(%r12)",
	  5,
	  { 0x41, 0xff, 0x54, 0x24, 0x18 },
	  X86_ONE_BYTE,
	  0xff,
	  2,
	  12,
	  0x18 },
	{ "pshufb", 5, { 0x66, 0x0f, 0x38, 0x00, 0xc1 }, X86_0F38, 0x00, 0, 1, 0 },
	{ "palignr $3", 6, { 0x66, 0x0f, 0x3a, 0x0f, 0xc1, 3 }, X86_0F3A, 0x0f, 0, 1, 3 },
	{ "vzeroupper", 3, { 0xc5, 0xf8, 0x77 }, X86_0F, 0x77, 0, 7, 0 },
	{ "vpshufd $4", 5, { 0xc5, 0xf9, 0x70, 0xc1, 4 }, X86_0F, 0x70, 0, 1, 4 },
	{ "vpermq $0x4e", 6, { 0xc4, 0xe3, 0xfd, 0x00, 0xc1, 0x4e }, X86_0F3A, 0x00, 0, 1, 0x4e },
	{ "vpprotd $13, of AMD", 6, { 0x8f, 0xe8, 0x78, 0xc2, 0xfb, 13 }, 8, 0xc2, 7, 3, 13 },
	{ "vmovdqu64 0x40(%rsp),%zmm0",
	  8,
	  { 0x62, 0xf1, 0xfe, 0x48, 0x6f, 0x44, 0x24, 1 },
	  X86_0F,
	  0x6f,
	  0,
	  4,
	  1 },
};

static void each_is_as_long_as_it_is(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct x86_code code;

		if (!x86_decode(&code, r->bytes, sizeof(r->bytes)) || code.length != r->n ||
		    code.map != r->map || code.opcode != r->opcode || code.reg != r->reg ||
		    code.rm != r->rm || code.displacement + code.immediate != r->number)
			fail_msg("%s: %d bytes, map %d, opcode %#x, reg %d, rm %d, number %d",
				 r->what, code.length, code.map, code.opcode, code.reg, code.rm,
				 code.displacement + code.immediate);
	}
}

static void what_is_cut_off_is_none(void **state)
{
	struct x86_code code;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t n = 0; n < rows[i].n; n++)
			assert_false(x86_decode(&code, rows[i].bytes, n));
}

static void prefixes_without_end_are_none(void **state)
{
	uint8_t bytes[64];
	struct x86_code code;

	memset(bytes, 0x66, sizeof(bytes));
	assert_false(x86_decode(&code, bytes, sizeof(bytes)));
	bytes[X86_MOST_BYTES - 1] = 0x90;
	assert_true(x86_decode(&code, bytes, sizeof(bytes)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_as_long_as_it_is),
		cmocka_unit_test(what_is_cut_off_is_none),
		cmocka_unit_test(prefixes_without_end_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
