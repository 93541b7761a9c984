/* fuzz_text.h - for the fuzzers of readers of text: what they read is valid, what they refuse they say. */
#ifndef SONDE_TESTS_FUZZ_TEXT_H
#define SONDE_TESTS_FUZZ_TEXT_H

#include "writer/legacy.h"
#include "writer/writer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a reader answered, and what it left behind. */
static inline void check_read(enum legacy_result result, struct profile *p, const struct err *err)
{
	struct err rule = { "" };

	switch (result) {
	case LEGACY_OK:
		if (profile_check_valid(p, &rule))
			abort();
		profile_free(p);
		break;
	case LEGACY_BROKEN:
		if (!err->text[0])
			abort();
		break;
	case LEGACY_NOT_MINE:
		break;
	}
}

#endif
