/* quirks.h - the places where libc's description of its own code is wrong.  Not for handlers. */
#ifndef SONDE_SAMPLER_QUIRKS_H
#define SONDE_SAMPLER_QUIRKS_H

#include "sampler/cfi_program.h"

/* Note those that lie in the source's text, which is mapped at src->base. */
void quirks_note(struct cfi_source *src, uintptr_t base);

/* What a coroutine of makecontext() returns to at its end; 0 = not known. */
uintptr_t quirks_context_entry(void);

#endif
