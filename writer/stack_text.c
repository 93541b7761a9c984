/* stack_text.c - ask the readers of named stacks one after the other. */
#include "writer/stack_text.h"

enum legacy_result stack_text_decode(struct profile **out, const uint8_t *data, size_t n,
				     struct err *err)
{
	static enum legacy_result (*const readers[])(struct profile *, const uint8_t *, size_t,
						     struct err *) = { perf_script_decode,
								       folded_decode };

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		struct profile *p = profile_new();
		enum legacy_result rc = readers[i](p, data, n, err);

		if (rc == LEGACY_OK) {
			*out = p;
			return rc;
		}
		profile_free(p);
		if (rc == LEGACY_BROKEN)
			return rc;
	}
	return LEGACY_NOT_MINE;
}
