/* unwind.h - turn one interrupted thread into a list of program counters.  Async-signal-safe.
 *
 * The unwinder reads tables that were compiled before (cfi.h), the thread's registers and its stack; it calls
 * nothing, takes no lock and cannot fault: every stack word that it reads lies in a range known to be readable.
 */
#ifndef SONDE_SAMPLER_UNWIND_H
#define SONDE_SAMPLER_UNWIND_H

#include "sampler/spool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the canonical frame address, the caller's stack pointer, is had. */
enum rule_kind {
	RULE_NONE,     /* no unwind information */
	RULE_END,      /* the return address is undefined: the entry function */
	RULE_SP,       /* sp + cfa_offset */
	RULE_BP,       /* bp (the frame pointer) + cfa_offset */
	RULE_REG,      /* another register + cfa_offset */
	RULE_DEREF_SP, /* *(sp + cfa_offset) + cfa_addend: hand-written code that realigned its stack */
	RULE_DEREF_BP, /* *(bp + cfa_offset) + cfa_addend: compiled code that did */
	RULE_DEREF_INDEX, /* *(sp + cfa_offset + 8 * a register) + cfa_addend: the big-number code of OpenSSL */
	RULE_PLT, /* x86-64: sp + 8 + ((pc & 15) >= cfa_offset ? 8 : 0): the lazy-binding stubs of the linker */
	RULE_SIGNAL, /* the kernel's signal trampoline: all registers are in the frame that it pushed */
};

/* Where the caller's value of a register is. */
enum place {
	PLACE_SAME, /* where it was (of sp: the CFA) */
	PLACE_CFA,  /* in memory at CFA + offset */
	PLACE_LOST,
	PLACE_BP,      /* in memory at bp + offset */
	PLACE_SP,      /* in memory at sp + offset */
	PLACE_POINTER, /* in memory where the pointer at CFA + offset points to */
	PLACE_REG,     /* in the register whose number is the offset */
};

/* How to find the caller's frame.  Three registers are followed beside the return address: sp, bp and bx (arch.h). */
struct rule {
	union {
		struct {
			uint8_t kind; /* enum rule_kind */
			uint8_t is_plain; /* kind is RULE_SP or RULE_BP, ra and bp are at PLACE_CFA or the same, sp is the CFA */
			uint8_t is_exact; /* the caller goes on just there: its address is not one behind a call */
			uint8_t reg;		/* of RULE_REG, RULE_DEREF_INDEX */
			uint8_t bp, bx, ra, sp; /* enum place */
			int32_t cfa_offset;
			int16_t cfa_addend;
			uint16_t zero;
			int16_t bp_offset, bx_offset, ra_offset, sp_offset;
		};
		uint64_t word[3]; /* to compare */
	};
};
_Static_assert(sizeof(struct rule) == 24, "no padding");

/* The rules of one executable segment, shared by all its mappings; immutable.  A row is four bytes: the lower half of
 * its address, and which rule.  The upper half follows from the page that it is found by. */
enum { CFI_PAGE = 1024 };

struct cfi_table {
	uint32_t n_rows, n_rules;
	uint32_t n_pages; /* of CFI_PAGE bytes of text */
	uint32_t text_bytes;
	uint64_t text_at;     /* first address, relative to the load address */
	const uint32_t *page; /* n_pages + 1: the first row at or after each page's start */
	const uint16_t *at;   /* n_rows: where the row begins, relative to text_at, lower 16 bits */
	const uint16_t *rule; /* n_rows: index in rules */
	const struct rule *rules;
};

struct cfi_source;

/* What is known of a module's frames.  Never freed: a handler may be reading it, and a library that comes back is
 * served by the same one. */
struct module_rules {
	const struct cfi_table *_Atomic table; /* NULL = not compiled yet */
	const struct cfi_source
		*_Atomic source; /* what to read one rule from until then; NULL = nothing */
	_Atomic bool wanted;	 /* a handler has been here before there was a table */
};

struct module {
	uintptr_t start, end;	    /* executable addresses */
	uintptr_t base;		    /* what to subtract to get the addresses of the file */
	struct module_rules *rules; /* NULL = none */
};

struct module_list { /* sorted by start; immutable once published */
	uint32_t n;
	uint32_t generation;	       /* another one for each list */
	uintptr_t skip_low, skip_high; /* code that is left out of stacks: the library's own */
	uintptr_t
		context_entry; /* what coroutines of makecontext() return to, as libc sets it up; 0 = not known */
	uintptr_t
		first_sp; /* of the main thread, as the kernel began it: nobody's frame lies above; 0 = not known */
	struct module modules[];
};

/* The rules that a thread needed last, by address.  Zeros are an empty one. */
enum { UNWIND_CACHE = 256 };

struct unwind_cache {
	uint32_t generation; /* of the list that the entries are from */
	struct unwind_cached {
		uintptr_t pc;
		struct rule rule;
	} entries[UNWIND_CACHE];
};

struct unwind_regs {
	uintptr_t pc, sp, bp;
	uintptr_t context; /* where all of them are, see arch_context(); 0 = nowhere */
};

/* Where the thread's own stack lies: [sp, high) is readable. */
struct stack_bounds {
	uintptr_t low, high; /* 0, 0 = unknown: pages are probed one by one */
};

struct unwind_result {
	uint32_t n; /* frames written */
	uint32_t
		guessed; /* of these, found by frame pointer or by a word that looks like a return address, for want of a rule */
	uint32_t searched; /* what was looked at for want of a rule, in words of the stack */
	enum stack_end end;
	bool unknown_module; /* some frame lies in no known module: the list may be out of date */
	bool wants_table;    /* some module's rules were read one by one for the first time */
};

/* The registers of an interrupted thread, from a handler's third argument. */
struct unwind_regs unwind_regs_of(const void *ucontext);

/* Write program counters into pcs (room for max), leaf first; callers as return address - 1.  cache may be NULL. */
void unwind(const struct module_list *list, struct unwind_regs regs,
	    const struct stack_bounds *bounds, struct unwind_cache *cache, uint64_t *pcs,
	    uint32_t max, struct unwind_result *out);

/* The rule for an address of a module; NULL = none.  For the tests too. */
const struct rule *cfi_find(const struct cfi_table *t, uintptr_t relative);
const struct module *module_find(const struct module_list *list, uintptr_t pc);

#endif
