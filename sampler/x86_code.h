/* x86_code.h - tell the instructions of x86-64 apart, as far as the stack pointer is concerned.  Async-signal-safe. */
#ifndef SONDE_SAMPLER_X86_CODE_H
#define SONDE_SAMPLER_X86_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { X86_MOST_BYTES = 15, X86_NO_BASE = 0xff };

enum { X86_AX, X86_CX, X86_DX, X86_BX, X86_SP, X86_BP };

/* Which table the opcode is from. */
enum x86_map { X86_ONE_BYTE, X86_0F, X86_0F38, X86_0F3A, X86_OTHER };

struct x86_code {
	uint8_t length;
	uint8_t map; /* enum x86_map */
	uint8_t opcode;
	uint8_t reg;	/* the operand that is always a register, or a part of the opcode */
	uint8_t rm;	/* the other one: a register, or the base of what is in memory */
	bool is_vector; /* VEX or EVEX */
	bool is_memory; /* ... with an index too */
	bool has_index;
	int32_t displacement;
	int32_t immediate; /* 8 bytes of one are not kept */
};

/* The instruction at the beginning of n bytes.  False when there is none that is known, or it is cut off. */
bool x86_decode(struct x86_code *code, const uint8_t *p, size_t n);

#endif
