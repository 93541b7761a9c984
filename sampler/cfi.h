/* cfi.h - compile the frame information of an executable segment into the table that the unwinder reads.  Not for
 * handlers.
 */
#ifndef SONDE_SAMPLER_CFI_H
#define SONDE_SAMPLER_CFI_H

#include "base/hash.h"
#include "base/vec.h"
#include "sampler/cfi_program.h"

/* Room to compile in.  To map and unmap it costs as much as a library of 1,000 rows: it is kept from one table to the
 * next.  Zeros are an empty one. */
struct cfi_room {
	VEC(uint32_t) at; /* of rows, relative to the segment */
	VEC(uint16_t) rule;
	VEC(struct rule) rules;
	struct hash_map rule_map;
};
void cfi_room_release(struct cfi_room *room);

/* All that the sources say; where they overlap the earlier one holds.  NULL when there is nothing to compile or no
 * memory.  Damaged entries are left out.  room may be NULL. */
struct cfi_table *cfi_compile(const struct cfi_source *const *sources, unsigned n,
			      struct cfi_room *room);

/* For tests.  In a target no table is ever freed: a handler may be reading it. */
void cfi_table_free(struct cfi_table *t);
size_t cfi_table_bytes(const struct cfi_table *t);

#endif
