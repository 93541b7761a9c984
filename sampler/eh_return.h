/* eh_return.h - functions that end in a jump to where an exception is caught.  Not for handlers. */
#ifndef SONDE_SAMPLER_EH_RETURN_H
#define SONDE_SAMPLER_EH_RETURN_H

#include "sampler/cfi_program.h"

/* Compiled code says by this rule that its __builtin_eh_return is about to jump. */
bool eh_return_is(const struct rule *rule);

/* Such a function, whose jump begins at `to`: from where on its own frame is no more what its entry says, and the rule
 * that holds there.  False when it is not one that is known. */
bool eh_return_window(const struct cfi_source *src, const struct fde *fde, uint64_t to,
		      uint64_t *from, struct rule *rule);

#endif
