/* kallsyms.h - what the running kernel calls its functions and those of its modules. */
#ifndef SONDE_SYMBOLIZE_KALLSYMS_H
#define SONDE_SYMBOLIZE_KALLSYMS_H

#include "base/err.h"
#include "symbolize/symtab.h"

#include <stdint.h>

struct kallsyms {
	struct symtab *symtab;
	uint64_t text, stext; /* where _text and _stext are; 0 = not told */
};

/* From the file, /proc/kallsyms or a copy of it.  SONDE_ENOTFOUND where it is not there, or hides
 * its addresses from this user. */
SONDE_MUST int kallsyms_read(struct kallsyms *out, const char *path, struct err *err);
/* The same from bytes; name is for the sentence. */
SONDE_MUST int kallsyms_read_mem(struct kallsyms *out, const char *text, size_t bytes,
				 const char *name, struct err *err);
void kallsyms_release(struct kallsyms *k); /* zeroed is fine */

#endif
