/* arch_aarch64.h - 64-bit Arm Linux: AAPCS64, DWARF register numbers of "DWARF for the Arm 64-bit Architecture".
 *
 * A call leaves the return address in x30, so that a leaf may never store it.  It may be signed (pointer
 * authentication), which xpaclri takes away and older processors take for a hint.
 */
#ifndef SONDE_SAMPLER_ARCH_AARCH64_H
#define SONDE_SAMPLER_ARCH_AARCH64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	ARCH_REG_EH_RETURN =
		0xfe,	    /* no rule names it: __builtin_eh_return is described by sp alone */
	ARCH_REG_BX = 0xff, /* none beside x29 is followed */
	ARCH_REG_BP = 29,
	ARCH_REG_SP = 31,
	ARCH_REG_RA = 30,
	ARCH_REG_PC = 32, /* in a context */
	ARCH_CONTEXT_BYTES = 8 + 33 * 8,
	ARCH_RA_IS_LOADED = 1, /* a call leaves the return address in a register */
	ARCH_ENTRY_CFA = 0,    /* the CFA at a function's first instruction, from sp */
};

/* Where the registers of an interrupted thread lie, in the handler's argument or in a signal frame on a stack: the
 * kernel's struct sigcontext (arch/arm64/include/uapi/asm/sigcontext.h), aligned to 16 bytes. */
static inline uintptr_t arch_context(uintptr_t ucontext)
{
	return ucontext + 176;
}

/* sp points to struct rt_sigframe: 128 bytes of siginfo, then the ucontext (arch/arm64/kernel/signal.c). */
static inline uintptr_t arch_signal_context(uintptr_t sp)
{
	return arch_context(sp + 128);
}

/* The address of a register of DWARF's number in a context; 0 = not there.  x0 to x30, sp and pc follow the address of
 * a fault. */
static inline uintptr_t arch_register_at(uintptr_t context, uint64_t reg)
{
	return context && reg <= ARCH_REG_PC ? context + 8 + reg * 8 : 0;
}

/* A return address as the processor will take it. */
static inline uintptr_t arch_code_address(uintptr_t pc)
{
#ifdef __aarch64__
	register uintptr_t x30 __asm__("x30") = pc;

	__asm__("hint #7" : "+r"(x30)); /* xpaclri */
	return x30;
#else
	return pc;
#endif
}

enum { ARCH_CALL_BYTES = 4, ARCH_SIGRETURN_BYTES = 8 };

static inline uint32_t arch_instruction(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* What calls leave alone, but for sp, by DWARF's numbers. */
#define ARCH_PRESERVED_REGS 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29

/* Does a call end here?  bl, blr, and blr with authentication.  The ARCH_CALL_BYTES before are readable. */
static inline bool arch_follows_call(const uint8_t *after)
{
	uint32_t word = arch_instruction(after - 4);

	return (word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000 ||
	       (word & 0xfefff800) == 0xd63f0800;
}

/* A call by what is in a register. */
static inline bool arch_follows_call_by_pointer(const uint8_t *after)
{
	return arch_follows_call(after) && (arch_instruction(after - 4) & 0xfc000000) != 0x94000000;
}

/* Of a call of a function by its name: where that is. */
static inline bool arch_call_target(const uint8_t *after, uintptr_t pc, uintptr_t *target)
{
	uint32_t word = arch_instruction(after - 4);

	*target = pc - 4 + (uintptr_t)((intptr_t)(int32_t)(word << 6) >> 4);
	return (word & 0xfc000000) == 0x94000000;
}

/* br. */
static inline bool arch_is_jump_by_register(const uint8_t *code)
{
	return (arch_instruction(code) & 0xfffffc1f) == 0xd61f0000;
}

/* mov x8, #139; svc #0: a signal trampoline, whose description is missing or of no use. */
static inline bool arch_is_sigreturn(const uint8_t *code)
{
	return arch_instruction(code) == 0xd2801168 && arch_instruction(code + 4) == 0xd4000001;
}

/* The linker's stubs need no expression here: they leave sp alone, or have none at all. */
static inline bool arch_is_plt_expression(const uint8_t *e, size_t n, int64_t *literal)
{
	return false;
}

/* Whatever the kernel's trampoline says of its CFA, the registers are in its frame. */
static inline bool arch_is_signal_cfa(bool is_deref_sp, int64_t offset)
{
	return true;
}

/* Nothing is known to be wrong in libgcc's functions that enter the handler of an exception. */
enum { ARCH_INSTALL_REGS = 0, ARCH_INSTALL_CFA = 0, ARCH_INSTALL_RA = 0 };
static inline bool arch_find_install(const uint8_t *code, size_t n, size_t *call, int32_t *context)
{
	return false;
}

/* Nor in swapcontext(). */
enum { ARCH_SWITCH_REG = 0 };
static inline bool arch_find_context_switch(const uint8_t *code, size_t n, size_t *from, size_t *to)
{
	return false;
}

#ifdef __aarch64__
/* Leaves errno alone. */
static inline long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0; /* negative errno on failure */
}
#endif

#endif
