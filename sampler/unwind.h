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

/* How to find the caller's frame from an address on.  x86-64: only rsp, rbp and the return address matter. */
enum rule_kind {
	RULE_NONE, /* no unwind information */
	RULE_END,  /* the return address is undefined: the entry function */
	RULE_SP,   /* CFA = rsp + cfa_offset; return address at CFA - 8 */
	RULE_BP,   /* CFA = rbp + cfa_offset */
	RULE_PLT, /* CFA = rsp + 8 + ((rip & 15) >= cfa_offset ? 8 : 0): the lazy-binding stubs of the linker */
	RULE_SIGNAL,   /* the kernel's signal trampoline: registers are in the ucontext at rsp */
	RULE_DEREF_BP, /* CFA = *(rbp + cfa_offset): main() after it realigned its stack */
	RULE_DEREF_SP, /* CFA = *(rsp + cfa_offset) */
};

enum { BP_SAME = INT16_MIN, BP_LOST = INT16_MIN + 1 };

struct rule {
	uint8_t kind;	   /* enum rule_kind */
	uint8_t bp_at_bp;  /* rbp was saved at rbp + bp_offset, not at CFA + bp_offset */
	int16_t bp_offset; /* or BP_SAME, BP_LOST */
	int32_t cfa_offset;
};

/* The rules of one module, shared by all its mappings; immutable once published. */
struct cfi_table {
	uint32_t n_rows;
	uint32_t n_pages; /* of 4096 bytes of text */
	uint32_t text_at; /* first address, relative to the load address */
	uint32_t text_bytes;
	const uint32_t *page; /* n_pages + 1: the first row at or after each page's start */
	const uint32_t *at;   /* n_rows: where the row begins, relative to text_at */
	const uint16_t *rule; /* n_rows: index in rules */
	const struct rule *rules;
};

struct module {
	uintptr_t start, end;	     /* executable addresses */
	uintptr_t base;		     /* what to subtract to get the addresses of the file */
	const struct cfi_table *cfi; /* NULL = none */
};

struct module_list { /* sorted by start; immutable once published */
	uint32_t n;
	struct module modules[];
};

struct unwind_regs {
	uintptr_t pc, sp, bp;
};

/* Where the thread's own stack lies: [sp, high) is readable. */
struct stack_bounds {
	uintptr_t low, high; /* 0, 0 = unknown: pages are probed one by one */
};

struct unwind_result {
	uint32_t n;	  /* frames written */
	uint32_t guessed; /* of these, found by frame pointer for want of a rule */
	enum stack_end end;
	bool unknown_module; /* some frame lies in no known module: the list may be out of date */
};

/* Write program counters into pcs (room for max), leaf first; callers as return address - 1.  Frames between
 * skip_low and skip_high (the library itself) are left out. */
void unwind(const struct module_list *list, struct unwind_regs regs,
	    const struct stack_bounds *bounds, uintptr_t skip_low, uintptr_t skip_high,
	    uint64_t *pcs, uint32_t max, struct unwind_result *out);

/* The rule for an address of a module; NULL = none.  For the tests too. */
const struct rule *cfi_find(const struct cfi_table *t, uintptr_t relative);
const struct module *module_find(const struct module_list *list, uintptr_t pc);

#endif
