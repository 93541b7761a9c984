/* cfi_run.h - between the two halves of the reader of call frame information: entries and programs. */
#ifndef SONDE_SAMPLER_CFI_RUN_H
#define SONDE_SAMPLER_CFI_RUN_H

#include "sampler/cfi_program.h"

/* Run the instructions of a CIE into cie->initial. */
void cfi_run_initial(struct cie *cie, struct cursor program);

/* The rule of the entry at an address in it. */
struct rule cfi_rule_at(const struct cfi_source *src, const struct cie *cie, const struct fde *fde,
			uint64_t address);

#endif
