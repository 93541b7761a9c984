/* microhttpd.c - find libmicrohttpd and its functions. */
#include "analyze/microhttpd.h"

#include <dlfcn.h>
#include <stddef.h>

static const char library[] = "libmicrohttpd.so.12";

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
#define ROW(name) { "MHD_" #name, offsetof(struct microhttpd, name) },
	MICROHTTPD_FUNCTIONS(ROW)
#undef ROW
};

int microhttpd_load(const struct microhttpd **out, struct err *err)
{
	static struct microhttpd loaded;
	void *handle;

	*out = &loaded;
	if (loaded.start_daemon)
		return 0;
	handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return err_set(err, SONDE_ENOTFOUND,
			       "the page needs %s (Debian package libmicrohttpd12): %s", library,
			       dlerror());
	for (size_t i = sizeof(functions) / sizeof(functions[0]); i-- > 0;) {
		void *f = dlsym(handle, functions[i].name);

		if (!f)
			return err_set(err, SONDE_ENOTFOUND, "%s has no %s", library,
				       functions[i].name);
		*(void **)((char *)&loaded + functions[i].offset) = f;
	}
	return 0;
}
