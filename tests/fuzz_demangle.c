/* fuzz_demangle.c - demangle_rust_v0(), demangle_rust_legacy(), put_punycode(), demangle_cut_name().
 *
 * Not the C++ runtime's demangler, whose text the last of them cuts.
 */
#include "symbolize/demangle_cut.h"
#include "symbolize/demangle_rust.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new(ARENA_DIE);
	char *s = arena_strndup(a, (const char *)data, size);
	const char *all = demangle_rust_v0(s, false, a), *few = demangle_rust_v0(s, true, a);
	char_list out = VEC_INIT;

	/* What can be read with its arguments can be read without. */
	if (all && (!few || strlen(few) > strlen(all)))
		abort();
	demangle_rust_legacy(s, a);
	put_punycode(&out, s, strlen(s));
	for (int templates = 0; templates < 2; templates++)
		demangle_cut_name(&(struct demangle_cut){ templates }, s, a);
	VEC_RELEASE(&out);
	arena_free(a);
	return 0;
}
