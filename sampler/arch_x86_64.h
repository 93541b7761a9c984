/* arch_x86_64.h - x86-64 Linux: System V ABI, DWARF register numbers of its figure 3.36.
 *
 * rsp, rbp and the return address are all that most frames need.  rbx is followed too: the lazy binder of ld.so,
 * under which a good part of a short program's life is spent, addresses its frame by it.
 */
#ifndef SONDE_SAMPLER_ARCH_X86_64_H
#define SONDE_SAMPLER_ARCH_X86_64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

enum {
	ARCH_REG_EH_RETURN =
		2, /* rcx: gcc's __builtin_eh_return takes the new stack pointer there */
	ARCH_REG_BX = 3,
	ARCH_REG_BP = 6,
	ARCH_REG_SP = 7,
	ARCH_REG_RA = 16,
	ARCH_REG_PC = 16, /* in a context */
	ARCH_CONTEXT_BYTES = sizeof(gregset_t),
	ARCH_RA_IS_LOADED = 0, /* a call leaves the return address on the stack */
	ARCH_ENTRY_CFA = 8,    /* the CFA at a function's first instruction, from sp */
};

/* Where the registers of an interrupted thread lie, in the handler's argument or in a signal frame on a stack. */
static inline uintptr_t arch_context(uintptr_t ucontext)
{
	return ucontext + offsetof(ucontext_t, uc_mcontext);
}

/* After the handler's return address has been popped rsp points to the ucontext (arch/x86/include/asm/sigframe.h:
 * struct rt_sigframe). */
static inline uintptr_t arch_signal_context(uintptr_t sp)
{
	return arch_context(sp);
}

/* The address of a register of DWARF's number in a context; 0 = not there. */
static inline uintptr_t arch_register_at(uintptr_t context, uint64_t reg)
{
	static const uint8_t at[] = { 13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16 };

	return context && reg < sizeof(at) ? context + at[reg] * sizeof(greg_t) : 0;
}

#ifdef __x86_64__
/* As if the caller were interrupted here: what the unwinder follows, for there is no getcontext() in every libc. */
static inline __attribute__((always_inline)) void arch_capture(ucontext_t *here)
{
	uintptr_t context = arch_context((uintptr_t)here);

	memset(here, 0, sizeof(*here));
	__asm__ volatile("movq	%%rbx, (%0)\n\t"
			 "movq	%%rbp, (%1)\n\t"
			 "movq	%%rsp, (%2)\n\t"
			 "leaq	0(%%rip), %%rax\n\t"
			 "movq	%%rax, (%3)"
			 :
			 : "r"(arch_register_at(context, ARCH_REG_BX)),
			   "r"(arch_register_at(context, ARCH_REG_BP)),
			   "r"(arch_register_at(context, ARCH_REG_SP)),
			   "r"(arch_register_at(context, ARCH_REG_PC))
			 : "rax", "memory");
}
#endif

/* A return address as the processor will take it. */
static inline uintptr_t arch_code_address(uintptr_t pc)
{
	return pc;
}

/* What calls leave alone, but for sp, by DWARF's numbers: rbx, rbp, r12 to r15. */
#define ARCH_PRESERVED_REGS 3, 6, 12, 13, 14, 15

enum { ARCH_CALL_BYTES = 7, ARCH_SIGRETURN_BYTES = 9 };

/* Does a call end here?  Shapes: e8 and four bytes; ff /2, whose operand takes none to five bytes more.  The
 * ARCH_CALL_BYTES before are readable. */
static inline bool arch_follows_call(const uint8_t *after)
{
	if (after[-5] == 0xe8)
		return true;
	for (int n = 2; n <= ARCH_CALL_BYTES; n++)
		if (n != 5 && after[-n] == 0xff && (after[-n + 1] & 0x38) == 0x10)
			return true;
	return false;
}

/* A call by what is in a register or in memory, and surely none of a function by its name: neither e8 nor, of libraries
 * that are linked without a PLT, ff 15. */
static inline bool arch_follows_call_by_pointer(const uint8_t *after)
{
	return arch_follows_call(after) && after[-5] != 0xe8 &&
	       !(after[-6] == 0xff && after[-5] == 0x15);
}

/* Of a call of a function by its name: where that is. */
static inline bool arch_call_target(const uint8_t *after, uintptr_t pc, uintptr_t *target)
{
	int32_t distance;

	memcpy(&distance, after - 4, sizeof(distance));
	*target = pc + (uintptr_t)(intptr_t)distance;
	return after[-5] == 0xe8;
}

static inline bool arch_is_jump_by_register(const uint8_t *code)
{
	return code[0] == 0xff && (code[1] & 0xf8) == 0xe0;
}

/* mov $15, %rax; syscall: a signal trampoline, which libraries other than glibc do not describe. */
static inline bool arch_is_sigreturn(const uint8_t *code)
{
	return memcmp(code, "\x48\xc7\xc0\x0f\0\0\0\x0f\x05", ARCH_SIGRETURN_BYTES) == 0;
}

/* rsp + 8 + ((rip & 15) >= literal) << 3: how linkers describe the lazy stubs of the PLT. */
static inline bool arch_is_plt_expression(const uint8_t *e, size_t n, int64_t *literal)
{
	static const uint8_t shape[] = { 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a,
					 0x00, 0x2a, 0x33, 0x24, 0x22 };

	if (n != sizeof(shape) || e[6] < 0x30 || e[6] > 0x4f)
		return false;
	for (size_t i = 0; i < n; i++)
		if (i != 6 && e[i] != shape[i])
			return false;
	*literal = e[6] - 0x30;
	return true;
}

/* The CFA that libc's description of its signal trampoline gives: the interrupted rsp, in the ucontext at rsp. */
static inline bool arch_is_signal_cfa(bool is_deref_sp, int64_t offset)
{
	return is_deref_sp && offset == offsetof(ucontext_t, uc_mcontext.gregs[REG_RSP]);
}

/* libgcc's functions that enter the handler of an exception have, in a struct _Unwind_Context of their frame, where they
 * go: call uw_install_context_1; mov ra(%rbp),%rsi; mov cfa(%rbp),%rdi.  The fields of that struct: */
enum { ARCH_INSTALL_REGS = 0, ARCH_INSTALL_CFA = 0x90, ARCH_INSTALL_RA = 0x98 };

/* The call, and the struct's distance from rbp. */
static inline bool arch_find_install(const uint8_t *code, size_t n, size_t *call, int32_t *context)
{
	for (size_t i = 0; i + 19 <= n; i++) {
		int32_t ra, cfa;

		if (code[i] != 0xe8 || memcmp(code + i + 5, "\x48\x8b\xb5", 3) != 0 ||
		    memcmp(code + i + 12, "\x48\x8b\xbd", 3) != 0)
			continue;
		memcpy(&ra, code + i + 8, sizeof(ra));
		memcpy(&cfa, code + i + 15, sizeof(cfa));
		if (ra - cfa != ARCH_INSTALL_RA - ARCH_INSTALL_CFA)
			continue;
		*call = i;
		*context = cfa - ARCH_INSTALL_CFA;
		return true;
	}
	return false;
}

/* swapcontext() says nothing of what it does to rsp: from there on until it has pushed the new context's return address
 * (mov 0xa0(%rdx),%rsp ... mov 0xa8(%rdx),%rcx; push %rcx) everything is in the ucontext that rdx points to. */
enum { ARCH_SWITCH_REG = 1 };
static inline bool arch_find_context_switch(const uint8_t *code, size_t n, size_t *from, size_t *to)
{
	static const uint8_t load_sp[] = { 0x48, 0x8b, 0xa2, 0xa0, 0, 0, 0 };
	static const uint8_t push_pc[] = { 0x48, 0x8b, 0x8a, 0xa8, 0, 0, 0, 0x51 };

	*from = 0;
	for (size_t i = 0; i + sizeof(push_pc) <= n; i++) {
		if (memcmp(code + i, load_sp, sizeof(load_sp)) == 0)
			*from = i + sizeof(load_sp);
		*to = i + sizeof(push_pc);
		if (*from && memcmp(code + i, push_pc, sizeof(push_pc)) == 0)
			return true;
	}
	return false;
}

/* Leaves errno alone.  The convention of the ABI's appendix A.2. */
static inline long arch_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	long ret;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret; /* negative errno on failure */
}

#endif
