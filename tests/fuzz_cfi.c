/* fuzz_cfi.c - aims at cfi_compile(): the unwind information of a damaged or hostile module. */
#include "sampler/cfi.h"

#include <stdint.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(const void *p, size_t bytes)
{
	if (p)
		munmap((void *)(uintptr_t)p, (bytes + 4095) & ~(size_t)4095);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfi_source src = {
		.data = data,
		.bytes = size,
		.data_at = 0x1000,
		.hdr_at = 0x1000,
		.text_at = 0,
		.text_bytes = 1 << 20,
	};
	struct cfi_table *t = cfi_compile(&src);

	for (uintptr_t at = 0; t && at < src.text_bytes; at += 4093)
		cfi_find(t, at);
	if (t) { /* the sampler never does this: it would have to know that no handler reads it */
		drop(t->page, (t->n_pages + 1) * sizeof(*t->page));
		drop(t->at, t->n_rows * sizeof(*t->at));
		drop(t->rule, t->n_rows * sizeof(*t->rule));
		drop(t->rules, 1);
		drop(t, sizeof(*t));
	}
	return 0;
}
