/* viewer.c - browsers and other programs that show a result.
 *
 * A browser that runs already only takes the name of the file and is gone at once; so the file stays
 * for at least a second.
 */
#include "cli/viewer.h"
#include "base/arena.h"
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FILES = 10000, MAX_WORDS = 32 };

static const char *const browsers[] = { "chrome",  "google-chrome",    "chromium",
					"firefox", "sensible-browser", NULL };
static const char *const programs[] = {
	[VIEWER_NONE] = NULL,
	[VIEWER_BROWSER] = NULL,
	[VIEWER_EOG] = "eog",
	[VIEWER_EVINCE] = "evince",
	[VIEWER_GV] = "gv --noantialias",
	[VIEWER_KCACHEGRIND] = "kcachegrind",
};

static int open_temporary(struct arena *a, const char *extension, const char **path,
			  struct err *err)
{
	const char *dir = getenv("TMPDIR");

	if (!dir || !*dir)
		dir = "/tmp";
	for (int i = 1; i < MAX_FILES; i++) {
		int fd;

		*path = arena_printf(a, "%s/sonde%03d.%s", dir, i, extension);
		fd = open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return err_set(err, SONDE_EIO, "cannot write '%s': %s", *path,
				       strerror(errno));
	}
	return err_set(err, SONDE_EIO, "no free name sondeNNN.%s in '%s'", extension, dir);
}

static int write_temporary(int fd, const char *path, print_fn print, void *ctx, struct err *err)
{
	FILE *out = fdopen(fd, "w");
	int rc;

	if (!out) {
		close(fd);
		return err_set(err, SONDE_EIO, "cannot write '%s': %s", path, strerror(errno));
	}
	rc = print(ctx, out, err);
	if (fclose(out) && !rc)
		rc = err_set(err, SONDE_EIO, "cannot write '%s': %s", path, strerror(errno));
	return rc;
}

/* The command may have arguments. */
static int start(struct arena *a, const char *command, const char *path, pid_t *pid,
		 struct err *err)
{
	const char *argv[MAX_WORDS + 2];
	char *rest = arena_strdup(a, command);
	size_t n = 0;

	while (rest && n < MAX_WORDS) {
		char *word = strsep(&rest, " ");

		if (*word)
			argv[n++] = word;
	}
	if (n == 0)
		return err_set(err, SONDE_ENOTFOUND, "no command");
	argv[n] = path;
	argv[n + 1] = NULL;
	return child_start(pid, argv, -1, -1, err);
}

static int start_browser(struct arena *a, const char *path, pid_t *pid, struct err *err)
{
	const char *own = getenv("BROWSER"), *display = getenv("DISPLAY");
	struct err ignored;

	if (own && *own && start(a, own, path, pid, &ignored) == 0)
		return 0;
	for (size_t i = 0; browsers[i]; i++)
		if (start(a, browsers[i], path, pid, &ignored) == 0)
			return 0;
	if (display && *display && start(a, "xdg-open", path, pid, &ignored) == 0)
		return 0;
	return err_set(err, SONDE_ENOTFOUND,
		       "no browser found (set BROWSER, or write to a file: --output=FILE)");
}

static int show(struct arena *a, enum viewer viewer, const char *path, struct err *err)
{
	struct timespec second = { 1, 0 };
	pid_t pid;
	int rc = viewer == VIEWER_BROWSER ? start_browser(a, path, &pid, err)
					  : start(a, programs[viewer], path, &pid, err);

	if (rc)
		return rc;
	rc = child_wait(pid, err);
	nanosleep(&second, NULL);
	return rc;
}

int viewer_show(enum viewer viewer, const char *extension, print_fn print, void *ctx,
		struct err *err)
{
	struct arena *a = arena_new(ARENA_DIE);
	const char *path;
	int fd = open_temporary(a, extension, &path, err), rc = fd < 0 ? fd : 0;

	if (!rc) {
		rc = write_temporary(fd, path, print, ctx, err);
		if (!rc)
			rc = show(a, viewer, path, err);
		unlink(path);
	}
	arena_free(a);
	return rc;
}
