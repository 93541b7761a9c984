/* fuzz_cfi.c - aims at cfi_compile() and cfi_interpret(): the unwind information of a damaged or hostile module, as an
 * .eh_frame with its search table, as a section that is read from end to end, as a .debug_frame, and merged. */
#include "sampler/cfi.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cfi_room room; /* as the one before left it */

static void compile(const struct cfi_source *a, const struct cfi_source *b)
{
	const struct cfi_source *sources[] = { a, b };
	struct cfi_table *t = cfi_compile(sources, b ? 2 : 1, &room);

	for (uintptr_t at = 0; t && at < a->text_bytes; at += 4093)
		cfi_find(t, at);
	cfi_table_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfi_source with_index = {
		.data = data,
		.bytes = size,
		.data_at = 0x1000,
		.hdr_at = 0x1000,
		.text_at = 0,
		.text_bytes = 1 << 20,
		.n_quirks = 1,
		.quirks = { { 0x20, 0x30, { .kind = RULE_END } } },
	};
	struct cfi_source plain = with_index, debug;
	struct rule rule, again;

	plain.hdr_at = 0;
	debug = plain;
	debug.is_debug_frame = true;
	compile(&with_index, NULL);
	compile(&plain, NULL);
	compile(&debug, NULL);
	compile(&with_index, &debug);
	for (uint64_t at = 0; at < with_index.text_bytes; at += 40961)
		if (cfi_interpret(&with_index, at, &rule) &&
		    (!cfi_interpret(&with_index, at, &again) || rule.kind != again.kind))
			abort();
	return 0;
}
