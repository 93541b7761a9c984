/* fuzz_legacy.c - legacy_decode(): all readers of the older formats; what they read is valid. */
#include "writer/legacy.h"
#include "writer/writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { "" };
	struct profile *p;

	switch (legacy_decode(&p, data, size, &err)) {
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
