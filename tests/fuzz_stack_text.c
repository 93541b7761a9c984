/* fuzz_stack_text.c - stack_text_decode(): folded stacks, perf script. */
#include "tests/fuzz_text.h"
#include "writer/stack_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	struct profile *p;
	enum legacy_result result = stack_text_decode(&p, data, size, &err);

	check_read(result, p, &err);
	return 0;
}
