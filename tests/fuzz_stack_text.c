/* fuzz_stack_text.c - stack_text_decode(): folded stacks, perf script; what they read is valid. */
#include "writer/stack_text.h"
#include "writer/writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	struct profile *p;

	switch (stack_text_decode(&p, data, size, &err)) {
	case LEGACY_OK:
		if (profile_check_valid(p, &err))
			abort();
		profile_free(p);
		break;
	case LEGACY_BROKEN:
		if (!err.text[0])
			abort();
		break;
	case LEGACY_NOT_MINE:
		break;
	}
	return 0;
}
