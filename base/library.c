/* library.c - dlopen() and dlsym(). */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

static int open_first(void **handle, const char *const *names, struct err *err)
{
	for (; *names; names++) {
		*handle = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
		if (*handle)
			return 0;
	}
	return err_set(err, SONDE_ENOTFOUND, "%s", dlerror());
}

int library_load(const char *const *names, const struct library_function *functions, size_t n,
		 struct err *err)
{
	void *handle = NULL;
	int rc = open_first(&handle, names, err);

	for (size_t i = 0; i < n && !rc; i++) {
		void *f = dlsym(handle, functions[i].name);

		if (!f)
			rc = err_set(err, SONDE_ENOTFOUND, "%s has no %s", names[0],
				     functions[i].name);
		memcpy(functions[i].pointer, &f, sizeof(f));
	}
	return rc;
}
