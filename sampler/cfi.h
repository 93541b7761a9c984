/* cfi.h - compile the frame information of an executable segment into the table that the unwinder reads.  Not for
 * handlers.
 */
#ifndef SONDE_SAMPLER_CFI_H
#define SONDE_SAMPLER_CFI_H

#include "sampler/cfi_program.h"

/* All that the sources say; where they overlap the earlier one holds.  NULL when there is nothing to compile or no
 * memory.  Damaged entries are left out. */
struct cfi_table *cfi_compile(const struct cfi_source *const *sources, unsigned n);

/* For tests.  In a target no table is ever freed: a handler may be reading it. */
void cfi_table_free(struct cfi_table *t);
size_t cfi_table_bytes(const struct cfi_table *t);

#endif
