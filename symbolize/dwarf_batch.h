/* dwarf_batch.h - between a batch of addresses and the workers that read units. */
#ifndef SONDE_SYMBOLIZE_DWARF_BATCH_H
#define SONDE_SYMBOLIZE_DWARF_BATCH_H

#include "symbolize/dwarf_reader.h"

struct dwarf_jobs {
	VEC(struct dwarf_job) v;
};

/* dwarf_batch.c: the best answer to each address. */
void dwarf_batch_run(struct dwarf_reader *r, const uint64_t *addresses, uint32_t n,
		     dwarf_place_fn answer, void *ctx);

/* dwarf_reader.c: do all jobs, on as many processors as it pays.  Their answers live until
 * dwarf_reader_forget(). */
void dwarf_reader_work(struct dwarf_reader *r, struct dwarf_jobs *jobs);
void dwarf_reader_forget(struct dwarf_reader *r);

#endif
