/* quirks.c - find the code of libc whose call frame information is wrong, and say what holds there.
 *
 * __start_context, to which makecontext() lets a coroutine return, begins a stack and does not say so; it is found by
 * asking makecontext().  swapcontext() does not say that it exchanges the stack pointer.
 */
#include "sampler/quirks.h"
#include "sampler/arch.h"

#include <string.h>
#include <ucontext.h>

#pragma weak getcontext /* musl has none of them */
#pragma weak makecontext
#pragma weak swapcontext

enum { SWITCH_BYTES = 320 /* of swapcontext's code are looked at */ };

static void nothing(void)
{
}

uintptr_t quirks_context_entry(void)
{
	static uintptr_t entry;
	uintptr_t stack[256] = { 0 }, context;
	ucontext_t made;

	if (entry || !getcontext || !makecontext || getcontext(&made))
		return entry;
	made.uc_stack.ss_sp = stack;
	made.uc_stack.ss_size = sizeof(stack);
	made.uc_link = NULL;
	makecontext(&made, nothing, 0);
	context = arch_context((uintptr_t)&made);
	if (ARCH_RA_IS_LOADED)
		entry = *(uintptr_t *)arch_register_at(context, ARCH_REG_RA);
	else
		entry = **(uintptr_t **)arch_register_at(context, ARCH_REG_SP);
	return entry;
}

static void note(struct cfi_source *src, const struct cfi_quirk *quirk)
{
	if (quirk->start >= src->text_at && quirk->start - src->text_at < src->text_bytes &&
	    src->n_quirks < CFI_MAX_QUIRKS)
		src->quirks[src->n_quirks++] = *quirk;
}

static int16_t in_ucontext(unsigned reg)
{
	return (int16_t)arch_register_at(arch_context(0), reg);
}

/* From the exchange on everything is in the ucontext that a register points to, then the address that the new context
 * goes on at is on its stack. */
static void note_context_switch(struct cfi_source *src, uintptr_t base)
{
	uintptr_t code = (uintptr_t)swapcontext;
	struct cfi_quirk quirk = {
		.rule = { .kind = RULE_REG,
			  .is_exact = true,
			  .reg = ARCH_SWITCH_REG,
			  .sp = PLACE_CFA,
			  .bp = PLACE_CFA,
			  .bx = PLACE_CFA,
			  .ra = PLACE_CFA,
			  .sp_offset = in_ucontext(ARCH_REG_SP),
			  .bp_offset = in_ucontext(ARCH_REG_BP),
			  .bx_offset = in_ucontext(ARCH_REG_BX),
			  .ra_offset = in_ucontext(ARCH_REG_PC) },
		.after = { .kind = RULE_SP,
			   .is_exact = true,
			   .cfa_offset = ARCH_ENTRY_CFA,
			   .ra = PLACE_CFA,
			   .ra_offset = -ARCH_ENTRY_CFA },
	};
	size_t from, to;

	if (!code || code < base + src->text_at || code - base - src->text_at >= src->text_bytes ||
	    code - base - src->text_at + SWITCH_BYTES > src->text_bytes ||
	    !arch_find_context_switch((const uint8_t *)code, SWITCH_BYTES, &from, &to))
		return;
	quirk.start = code - base + from;
	quirk.end = code - base + to;
	note(src, &quirk);
}

void quirks_note(struct cfi_source *src, uintptr_t base)
{
	struct cfi_quirk entry = { .start = quirks_context_entry() - base,
				   .end = UINT64_MAX,
				   .rule = { .kind = RULE_END } };

	note(src, &entry);
	note_context_switch(src, base);
}
