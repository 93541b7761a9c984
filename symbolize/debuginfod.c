/* debuginfod.c - files by build id from the servers in $DEBUGINFOD_URLS.
 *
 * The client library of elfutils does it, if it is there: it keeps what came, and also what did not come,
 * in its own cache, which other tools share.  Nothing is asked unless the variable is set.
 *
 * Servers may be slow, and a program has many libraries: all questions of one process together get
 * $SONDE_DEBUGINFOD_SECONDS, 60 unless it is set; then the rest go unasked.
 */
#include "symbolize/debuginfod.h"
#include "base/library.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIBRARY		"libdebuginfod.so.1"
#define DEFAULT_SECONDS 60

typedef struct debuginfod_client debuginfod_client;
typedef int (*find_fn)(debuginfod_client *, const unsigned char *id, int id_bytes, char **path);

static struct {
	bool is_open;
	debuginfod_client *client; /* NULL = the library is not there */
	find_fn find_debug, find_executable;
	double seconds; /* that are left */
	double until;	/* of the question that is being asked, on the clock below */
} service;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int is_too_late(debuginfod_client *client, long a, long b)
{
	return now() >= service.until;
}

static void open_service(void)
{
	static const char *const names[] = { LIBRARY, NULL };
	void (*set_progress)(debuginfod_client *, int (*)(debuginfod_client *, long, long));
	debuginfod_client *(*begin)(void);
	const struct library_function functions[] = {
		{ "debuginfod_begin", &begin },
		{ "debuginfod_set_progressfn", &set_progress },
		{ "debuginfod_find_debuginfo", &service.find_debug },
		{ "debuginfod_find_executable", &service.find_executable },
	};
	const char *seconds = getenv("SONDE_DEBUGINFOD_SECONDS");

	service.is_open = true;
	service.seconds = seconds && seconds[0] ? strtod(seconds, NULL) : DEFAULT_SECONDS;
	if (library_load(names, functions, sizeof(functions) / sizeof(functions[0]), NULL))
		return;
	service.client = begin();
	if (service.client)
		set_progress(service.client, is_too_late);
}

static int ask(enum debuginfod_kind kind, const char *build_id, char *path, size_t bytes,
	       struct err *err)
{
	find_fn find = kind == DEBUGINFOD_EXECUTABLE ? service.find_executable : service.find_debug;
	double begin = now();
	char *found = NULL;
	int fd;

	service.until = begin + service.seconds;
	fd = find(service.client, (const unsigned char *)build_id, 0, &found);
	service.seconds -= now() - begin;
	if (fd < 0 || !found) {
		free(found);
		if (service.seconds <= 0)
			return err_set(err, SONDE_ENOTFOUND,
				       "debuginfod servers did not answer in time about %s",
				       build_id);
		return err_set(err, SONDE_ENOTFOUND, "debuginfod servers have no %s of %s: %s",
			       kind == DEBUGINFOD_EXECUTABLE ? "executable" : "debug file",
			       build_id, strerror(fd < 0 ? -fd : 0));
	}
	close(fd);
	snprintf(path, bytes, "%s", found);
	free(found);
	return 0;
}

int debuginfod_fetch(enum debuginfod_kind kind, const char *build_id, char *path, size_t bytes,
		     struct err *err)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	if (!urls || !urls[0])
		return SONDE_ENOTFOUND;
	if (!service.is_open)
		open_service();
	if (!service.client)
		return err_set(err, SONDE_ENOTFOUND,
			       "DEBUGINFOD_URLS is set, but " LIBRARY " cannot be loaded");
	if (service.seconds <= 0)
		return err_set(err, SONDE_ENOTFOUND,
			       "debuginfod servers were not asked about %s: their time is used up",
			       build_id);
	return ask(kind, build_id, path, bytes, err);
}
