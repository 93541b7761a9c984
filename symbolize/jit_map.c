/* jit_map.c - /tmp/perf-PID.map, where programs that compile while they run tell what they made.
 *
 *	7f3a5c0012c0 1a4 LazyCompile:*hot /srv/app.js:1:13
 *
 * is where, how long and what, in the order of making.  Memory is used again, so of two that overlap
 * the later is there and the earlier is gone.
 *
 * Everybody may write to /tmp, process numbers come again and the files stay: so a map must be a
 * regular file of this user or of root, and must have been written to since the recording began and
 * not long after it ended.  Where a process sees another /tmp, as in a container, the file is looked
 * for there, by the number that the process has there.
 */
#include "symbolize/jit_map.h"
#include "symbolize/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE_BYTES	 (256 << 20)
#define MAX_WAIT_NS	 60000000000LL /* a program may write its map when it ends */
#define NS_PER_S	 1000000000LL
#define MAX_STATUS_BYTES (64 << 10)

struct entry {
	uint64_t start, end;
	const char *name, *name_end;
	size_t number; /* in the order of the file */
};

typedef VEC(struct entry) entry_list;

/* ---- names of files ---- */

static bool read_pid(const char *file, int *pid)
{
	int n = 0;

	return sscanf(file, "/tmp/perf-%d.map%n", pid, &n) == 1 && n > 0 && !file[n] && *pid > 0;
}

bool jit_map_is(const char *file)
{
	int pid;

	return read_pid(file, &pid);
}

/* The number that the process has in its own namespace: the last of "NSpid: 4711 12". */
static int inner_pid(const char *root, int pid)
{
	text_bytes text = VEC_INIT;
	char path[PATH_MAX];
	struct text_line line;
	const char *p;
	int inner = 0;

	snprintf(path, sizeof(path), "%s/proc/%d/status", root, pid);
	if (text_file_read(&text, path, MAX_STATUS_BYTES, NULL) == 0) {
		p = text.v;
		while (text_next_line(&p, text.v + text.n, &line)) {
			const char *last = line.end;

			if (line.end - line.p < 7 || memcmp(line.p, "NSpid:", 6) != 0)
				continue;
			while (last[-1] >= '0' && last[-1] <= '9')
				last--;
			for (; last < line.end && inner < 1 << 24; last++)
				inner = inner * 10 + (*last - '0');
		}
	}
	VEC_RELEASE(&text);
	return inner;
}

/* ---- may it be believed? ---- */

static int check_file(int fd, const char *path, const struct jit_map_time *time, struct err *err)
{
	int64_t written;
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return err_set(err, SONDE_EFORMAT, "'%s' is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, SONDE_EFORMAT, "'%s' belongs to another user (%u)", path,
			       st.st_uid);
	written = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	/* The times of files are those of the last tick, or of the last second. */
	if (time->start && written + NS_PER_S < time->start)
		return err_set(err, SONDE_ENOTFOUND, "'%s' is older than the profile", path);
	if (!time->is_fresh && time->end && written - MAX_WAIT_NS > time->end)
		return err_set(err, SONDE_ENOTFOUND, "'%s' was written to long after the profile",
			       path);
	return 0;
}

static int read_file(text_bytes *out, const char *path, const struct jit_map_time *time,
		     struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW), status;

	if (fd < 0)
		return err_set(err, errno == ENOENT ? SONDE_ENOTFOUND : SONDE_EIO,
			       "cannot open '%s': %s", path, strerror(errno));
	status = check_file(fd, path, time, err);
	if (!status)
		status = text_file_read_fd(out, fd, path, MAX_FILE_BYTES, err);
	close(fd);
	return status;
}

/* ---- lines ---- */

static void add_line(entry_list *entries, struct text_line line)
{
	struct entry e = { .number = entries->n };
	uint64_t bytes;

	if (!text_hex(&line, &e.start))
		return;
	text_skip_blanks(&line);
	if (!text_hex(&line, &bytes) || bytes == 0 || bytes > UINT64_MAX - e.start)
		return;
	text_skip_blanks(&line);
	if (line.end > line.p && line.end[-1] == '\r')
		line.end--;
	if (line.p == line.end)
		return;
	e.end = e.start + bytes;
	e.name = line.p;
	e.name_end = line.end;
	*VEC_PUSH(entries) = e;
}

static int by_start(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* Of those that overlap the latest stays. */
static size_t drop_overwritten(struct entry *e, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		while (kept && e[kept - 1].end > e[i].start && e[kept - 1].number < e[i].number)
			kept--;
		if (!kept || e[kept - 1].end <= e[i].start)
			e[kept++] = e[i];
	}
	return kept;
}

struct symtab *jit_map_read_mem(const char *text, size_t bytes)
{
	struct symtab *t = symtab_new_empty();
	entry_list entries = VEC_INIT;
	const char *p = text, *end = text + bytes;
	struct text_line line;
	size_t n;

	while (text_next_line(&p, end, &line))
		add_line(&entries, line);
	if (entries.n)
		qsort(entries.v, entries.n, sizeof(*entries.v), by_start);
	n = drop_overwritten(entries.v, entries.n);
	for (size_t i = 0; i < n; i++)
		symtab_add(t,
			   (struct symbol){ entries.v[i].start, entries.v[i].end, entries.v[i].name,
					    RANK_FUNC | RANK_SIZED | RANK_GLOBAL },
			   (size_t)(entries.v[i].name_end - entries.v[i].name));
	symtab_sort(t);
	VEC_RELEASE(&entries);
	return t;
}

int jit_map_read(struct symtab **out, const char *file, const char *root,
		 const struct jit_map_time *time, struct err *err)
{
	text_bytes text = VEC_INIT;
	char path[PATH_MAX];
	int pid, inner, status;

	if (!read_pid(file, &pid))
		return err_set(err, SONDE_EUSAGE, "'%s' is not the name of a map", file);
	snprintf(path, sizeof(path), "%s%s", root, file);
	status = read_file(&text, path, time, err);
	if (status == SONDE_ENOTFOUND && (inner = inner_pid(root, pid))) {
		snprintf(path, sizeof(path), "%s/proc/%d/root/tmp/perf-%d.map", root, pid, inner);
		if (read_file(&text, path, time, NULL) == 0)
			status = 0;
	}
	if (!status)
		*out = jit_map_read_mem(text.v, text.n);
	VEC_RELEASE(&text);
	return status;
}
