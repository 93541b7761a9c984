/* source.c - open a source file, wherever it is now, and cut it into lines.
 *
 * A line longer than 64 KiB ends the reading, as it does in pprof: it is no source text.
 */
#include "analyze/source.h"
#include "analyze/paths.h"
#include "analyze/source_rule.h"
#include "analyze/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LONGEST_LINE = 65535, MOST_TRIED = 6 };

/* One search: what is looked for, and what was in its way. */
struct search {
	struct arena *arena;
	const struct source_places *places;
	const char *source_path; /* that of places, or the current folder */
	const char *refusal;	 /* the first; "" = none */
};

static int open_one(struct search *s, const char *path)
{
	const char *refusal = "";
	int fd = s->places->guarded
			 ? source_rule_open(s->arena, path, s->places->source_path, &refusal)
			 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (!*s->refusal)
		s->refusal = refusal;
	return fd;
}

static int open_absolute(struct search *s, const char *path, struct err *err)
{
	int fd = open_one(s, path);
	const char *reason = strerror(errno);

	if (fd >= 0 || *s->refusal)
		return fd;
	return err_set(err, SONDE_ENOTFOUND, "open %s: %c%s", path, tolower((unsigned char)*reason),
		       reason + 1);
}

/* Look in dir and every folder above it; -1 if it is in none. */
static int open_upwards(struct search *s, const char *dir, const char *name)
{
	for (;;) {
		int fd = open_one(s, path_join(s->arena, dir, name));
		const char *parent = path_dir(s->arena, dir);

		if (fd >= 0 || strcmp(parent, dir) == 0)
			return fd;
		dir = parent;
	}
}

static int open_listed(struct search *s, const char *name, struct err *err)
{
	for (const char *dir = s->source_path; dir && *s->source_path;) {
		size_t n = strcspn(dir, ":");
		int fd = open_upwards(s, arena_strndup(s->arena, dir, n), name);

		if (fd >= 0)
			return fd;
		dir = dir[n] ? dir + n + 1 : NULL;
	}
	return err_set(err, SONDE_ENOTFOUND, "could not find file %s on path %s", name,
		       s->source_path);
}

static int open_source(struct search *s, const char *name, struct err *err)
{
	const char *trimmed = path_trim(s->arena, name, s->places->trim_path, s->source_path);
	int fd = *trimmed == '/' ? open_absolute(s, trimmed, err) : open_listed(s, trimmed, err);

	return fd < 0 && *s->refusal
		       ? err_set(err, SONDE_ENOTFOUND, "not shown here: %s", s->refusal)
		       : fd;
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

int source_read(struct source *out, struct arena *a, const char *name,
		const struct source_places *places, struct err *err)
{
	struct search s = { a, places, places->source_path, "" };
	char cwd[PATH_MAX], *text;
	size_t n;
	int fd;

	if (!*s.source_path) {
		if (!getcwd(cwd, sizeof(cwd)))
			return err_set(err, SONDE_EIO, "could not stat current dir: %s",
				       strerror(errno));
		s.source_path = cwd;
	}
	fd = open_source(&s, name, err);
	if (fd < 0)
		return fd;
	text = read_all(a, fd, &n);
	close(fd);
	cut_lines(out, a, text, n);
	return 0;
}

/* ---- why not ---- */

struct tried {
	struct search search;
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
	t->search.refusal = "";
	fd = open_one(&t->search, path);
	if (fd >= 0)
		close(fd);
	else if (*t->search.refusal)
		text_printf(&t->text, " (not shown here: %s)", t->search.refusal);
	else if (errno != ENOENT)
		text_printf(&t->text, " (%s)", strerror(errno));
}

static void add_tried_upwards(struct tried *t, const char *dir, const char *name)
{
	for (;;) {
		const char *parent = path_dir(t->search.arena, dir);

		add_tried(t, path_join(t->search.arena, dir, name));
		if (strcmp(parent, dir) == 0)
			return;
		dir = parent;
	}
}

const char *source_tried(struct arena *a, const char *name, const struct source_places *places)
{
	const char *trimmed = path_trim(a, name, places->trim_path, places->source_path), *dir,
		   *result;
	struct tried t = { { a, places, places->source_path, "" }, { VEC_INIT }, 0 };
	char cwd[PATH_MAX];

	dir = *places->source_path ? places->source_path : getcwd(cwd, sizeof(cwd)) ? cwd : ".";
	if (*trimmed == '/')
		add_tried(&t, trimmed);
	while (dir && *trimmed != '/') {
		size_t n = strcspn(dir, ":");

		add_tried_upwards(&t, arena_strndup(a, dir, n), trimmed);
		dir = dir[n] ? dir + n + 1 : NULL;
	}
	if (t.n > MOST_TRIED)
		text_printf(&t.text, " and %zu more", t.n - MOST_TRIED);
	result = arena_strndup(a, t.text.v.v, t.text.v.n);
	text_release(&t.text);
	return result;
}
