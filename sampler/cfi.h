/* cfi.h - compile a module's .eh_frame into the table that the unwinder reads.  Not for handlers.
 *
 * Format: DWARF 5 section 6.4, with the .eh_frame differences of the Linux Standard Base, chapter 10.6.
 */
#ifndef SONDE_SAMPLER_CFI_H
#define SONDE_SAMPLER_CFI_H

#include "sampler/unwind.h"

/* A copy of the memory that holds .eh_frame_hdr and .eh_frame.  All addresses are relative to the load address. */
struct cfi_source {
	const uint8_t *data;
	size_t bytes;
	uint64_t data_at;	      /* address of data[0] */
	uint64_t hdr_at;	      /* address of .eh_frame_hdr */
	uint64_t base;		      /* the load address: what relocated absolute pointers carry */
	uint64_t text_at, text_bytes; /* the executable segment */
};

/* NULL when there is nothing to compile or no memory.  Damaged entries are left out.  A table is never freed: a
 * handler may be reading it, and a library that comes back is served by the same one. */
struct cfi_table *cfi_compile(const struct cfi_source *src);

#endif
