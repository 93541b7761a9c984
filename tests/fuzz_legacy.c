/* fuzz_legacy.c - legacy_decode(), stack_text_decode(): all readers of older and of printed formats; what they read is
 * valid. */
#include "writer/stack_text.h"
#include "writer/writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	enum legacy_result rc;
	struct profile *p;

	rc = legacy_decode(&p, data, size, &err);
	if (rc == LEGACY_NOT_MINE)
		rc = stack_text_decode(&p, data, size, &err);
	switch (rc) {
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
