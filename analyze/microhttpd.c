/* microhttpd.c - find libmicrohttpd and its functions. */
#include "analyze/microhttpd.h"
#include "base/library.h"

#include <stdbool.h>

int microhttpd_load(const struct microhttpd **out, struct err *err)
{
	static struct microhttpd loaded;
	static bool is_loaded;
	static const char *const names[] = { "libmicrohttpd.so.12", NULL };
	static const struct library_function functions[] = {
#define ROW(name) { "MHD_" #name, &loaded.name },
		MICROHTTPD_FUNCTIONS(ROW)
#undef ROW
	};
	int rc = is_loaded ? 0
			   : library_load(names, functions,
					  sizeof(functions) / sizeof(functions[0]), err);

	*out = &loaded;
	if (rc)
		err_prefix(err, "the page needs libmicrohttpd (Debian package libmicrohttpd12)");
	is_loaded = !rc;
	return rc;
}
