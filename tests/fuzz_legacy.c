/* fuzz_legacy.c - legacy_decode(): all readers of the older formats. */
#include "tests/fuzz_text.h"
#include "writer/legacy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	struct profile *p;
	enum legacy_result result = legacy_decode(&p, data, size, &err);

	check_read(result, p, &err);
	return 0;
}
