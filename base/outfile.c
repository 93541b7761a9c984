/* outfile.c - whole files or none: write beside, then rename. */
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct outfile *unfinished;

int write_all(int fd, const void *p, size_t n, const char *name, struct err *err)
{
	const char *at = p;

	while (n) {
		ssize_t w = write(fd, at, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return err_set(err, SONDE_EIO, "cannot write '%s': %s", name,
				       strerror(errno));
		at += w;
		n -= (size_t)w;
	}
	return 0;
}

int outfile_open(struct outfile *f, const char *path, struct err *err)
{
	struct stat st;
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

	f->fd = -1;
	f->tmp[0] = 0;
	f->pid = getpid();
	if (snprintf(f->path, sizeof(f->path), "%s", path) >= (int)sizeof(f->path))
		return err_set(err, SONDE_EIO, "cannot write '%.200s...': name too long", path);
	f->direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	if (f->direct) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		snprintf(f->tmp, sizeof(f->tmp), "%s.%d.tmp", path, (int)f->pid);
		f->fd = open(f->tmp, flags, 0666);
		if (f->fd < 0 && errno == EEXIST && unlink(f->tmp) == 0)
			f->fd = open(f->tmp, flags, 0666);
	}
	if (f->fd < 0) {
		f->tmp[0] = 0;
		return err_set(err, SONDE_EIO, "cannot write '%s': %s", path, strerror(errno));
	}
	__atomic_store_n(&unfinished, f, __ATOMIC_RELEASE);
	return 0;
}

static void forget(struct outfile *f)
{
	__atomic_compare_exchange_n(&unfinished, &f, NULL, false, __ATOMIC_ACQ_REL,
				    __ATOMIC_RELAXED);
}

int outfile_commit(struct outfile *f, struct err *err)
{
	int bad;

	forget(f);
	bad = close(f->fd);

	f->fd = -1;
	if (!f->direct && !bad)
		bad = rename(f->tmp, f->path);
	if (bad) {
		int rc = err_set(err, SONDE_EIO, "cannot write '%s': %s", f->path, strerror(errno));

		outfile_abort(f);
		return rc;
	}
	f->tmp[0] = 0;
	return 0;
}

void outfile_abort(struct outfile *f)
{
	forget(f);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (f->tmp[0])
		unlink(f->tmp);
	f->tmp[0] = 0;
}

void outfile_abort_unfinished(void)
{
	struct outfile *f = __atomic_exchange_n(&unfinished, NULL, __ATOMIC_ACQ_REL);

	if (f && f->pid == getpid())
		outfile_abort(f);
}
