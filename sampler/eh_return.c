/* eh_return.c - the last steps before an exception's handler is entered.
 *
 * libgcc's _Unwind_RaiseException and its three siblings enter a handler by overwriting what their own frame has saved,
 * the return address included, with what the handler's frame expects, and then returning by __builtin_eh_return.  From
 * the first overwritten word on their callers cannot be found any more, and no call frame information says so: a program
 * that throws all the time has half a percent of its stacks there.  But where they go is in a struct _Unwind_Context
 * of their frame.  So from that call on they are described as being there: the handler's frame is the caller.
 */
#include "sampler/eh_return.h"
#include "sampler/arch.h"

enum { MOST_BYTES = 4096 /* of code are looked at */ };

bool eh_return_is(const struct rule *rule)
{
	return rule->kind == RULE_REG && rule->reg == ARCH_REG_EH_RETURN && rule->is_exact;
}

static int16_t pointer_of(unsigned reg)
{
	return (int16_t)(ARCH_INSTALL_REGS + reg * sizeof(void *));
}

bool eh_return_window(const struct cfi_source *src, const struct fde *fde, uint64_t to,
		      uint64_t *from, struct rule *rule)
{
	uint8_t code[MOST_BYTES];
	uint64_t n = to - fde->start;
	int32_t context;
	size_t call;

	if (!src->read_code || n > sizeof(code) || !src->read_code(src, fde->start, code, n) ||
	    !arch_find_install(code, n, &call, &context))
		return false;
	*from = fde->start + call;
	*rule = (struct rule){ .kind = RULE_BP,
			       .is_exact = true,
			       .cfa_offset = context,
			       .sp = PLACE_CFA,
			       .sp_offset = ARCH_INSTALL_CFA,
			       .ra = PLACE_CFA,
			       .ra_offset = ARCH_INSTALL_RA,
			       .bp = PLACE_POINTER,
			       .bp_offset = pointer_of(ARCH_REG_BP),
			       .bx = PLACE_POINTER,
			       .bx_offset = pointer_of(ARCH_REG_BX) };
	return true;
}
