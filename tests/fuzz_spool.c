/* fuzz_spool.c - aims at spool_profile_add_mem(): spools that a dying process, or anyone, left behind. */
#include "sampler/sampler.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spool_profile *sp;
	void *file = NULL;

	if (size > 1 << 20 || posix_memalign(&file, 4096, size + 1))
		return 0;
	memcpy(file, data, size);
	sp = spool_profile_new();
	(void)!spool_profile_add_mem(sp, file, size, "fuzz", NULL);
	spool_profile_finish(sp);
	spool_profile_free(sp);
	free(file);
	return 0;
}
