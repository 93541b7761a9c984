/* source.c - open a source file, wherever it is now, and cut it into lines.
 *
 * A line longer than 64 KiB ends the reading, as it does in pprof: it is no source text.
 */
#include "analyze/source.h"
#include "analyze/paths.h"
#include "analyze/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_LINE = 65535, MOST_TRIED = 6 };

static int open_absolute(const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *reason = strerror(errno);

	if (fd >= 0)
		return fd;
	return err_set(err, SONDE_ENOTFOUND, "open %s: %c%s", path, tolower((unsigned char)*reason),
		       reason + 1);
}

/* Look in dir and every folder above it; -1 if it is in none. */
static int open_upwards(struct arena *a, const char *dir, const char *name)
{
	for (;;) {
		int fd = open(path_join(a, dir, name), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		const char *parent = path_dir(a, dir);

		if (fd >= 0 || strcmp(parent, dir) == 0)
			return fd;
		dir = parent;
	}
}

static int open_source(struct arena *a, const char *name, const char *source_path,
		       const char *trim_path, struct err *err)
{
	const char *trimmed = path_trim(a, name, trim_path, source_path), *dir = source_path;

	if (*trimmed == '/')
		return open_absolute(trimmed, err);
	while (dir && *source_path) {
		size_t n = strcspn(dir, ":");
		int fd = open_upwards(a, arena_strndup(a, dir, n), trimmed);

		if (fd >= 0)
			return fd;
		dir = dir[n] ? dir + n + 1 : NULL;
	}
	return err_set(err, SONDE_ENOTFOUND, "could not find file %s on path %s", trimmed,
		       source_path);
}

/* The bytes of the file; none when it cannot be read, which leaves the source without lines. */
static char *read_all(struct arena *a, int fd, size_t *n)
{
	struct stat st;
	char *text;

	*n = 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return arena_strdup(a, "");
	text = arena_alloc(a, (size_t)st.st_size + 1);
	while (*n < (size_t)st.st_size) {
		ssize_t got = read(fd, text + *n, (size_t)st.st_size - *n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		*n += (size_t)got;
	}
	return text;
}

static size_t count_lines(const char *text, size_t n)
{
	size_t lines = 0;

	for (const char *s = text, *end = text + n; s < end; lines++) {
		const char *newline = memchr(s, '\n', (size_t)(end - s));

		s = newline ? newline + 1 : end;
	}
	return lines;
}

static void cut_lines(struct source *out, struct arena *a, char *text, size_t n)
{
	char *end = text + n;

	out->n = 0;
	out->lines = ARENA_ARRAY(a, const char *, count_lines(text, n) + 1);
	while (text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text)),
		     *stop = newline ? newline : end;

		if (stop - text > LONGEST_LINE)
			return;
		*stop = 0;
		if (stop > text && stop[-1] == '\r')
			stop[-1] = 0;
		out->lines[++out->n] = text;
		text = newline ? newline + 1 : end;
	}
}

int source_read(struct source *out, struct arena *a, const char *name, const char *source_path,
		const char *trim_path, struct err *err)
{
	char cwd[PATH_MAX], *text;
	size_t n;
	int fd;

	if (!*source_path) {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_set(err, SONDE_EIO, "could not stat current dir: %s",
				       strerror(errno));
		source_path = cwd;
	}
	fd = open_source(a, name, source_path, trim_path, err);
	if (fd < 0)
		return fd;
	text = read_all(a, fd, &n);
	close(fd);
	cut_lines(out, a, text, n);
	return 0;
}

/* ---- why not ---- */

struct tried {
	struct text text;
	size_t n;
};

/* After the first few only their number is told. */
static void add_tried(struct tried *t, const char *path)
{
	int fd;

	if (t->n++ >= MOST_TRIED)
		return;
	text_printf(&t->text, "%s%s", t->n > 1 ? ", " : "", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		close(fd);
	else if (errno != ENOENT)
		text_printf(&t->text, " (%s)", strerror(errno));
}

static void add_tried_upwards(struct tried *t, struct arena *a, const char *dir, const char *name)
{
	for (;;) {
		const char *parent = path_dir(a, dir);

		add_tried(t, path_join(a, dir, name));
		if (strcmp(parent, dir) == 0)
			return;
		dir = parent;
	}
}

const char *source_tried(struct arena *a, const char *name, const char *source_path,
			 const char *trim_path)
{
	const char *trimmed = path_trim(a, name, trim_path, source_path), *dir, *result;
	struct tried t = { { VEC_INIT }, 0 };
	char cwd[PATH_MAX];

	if (!*source_path)
		source_path = getcwd(cwd, sizeof(cwd)) ? cwd : ".";
	if (*trimmed == '/')
		add_tried(&t, trimmed);
	for (dir = *trimmed == '/' ? NULL : source_path; dir;) {
		size_t n = strcspn(dir, ":");

		add_tried_upwards(&t, a, arena_strndup(a, dir, n), trimmed);
		dir = dir[n] ? dir + n + 1 : NULL;
	}
	if (t.n > MOST_TRIED)
		text_printf(&t.text, " and %zu more", t.n - MOST_TRIED);
	result = arena_strndup(a, t.text.v.v, t.text.v.n);
	text_release(&t.text);
	return result;
}
