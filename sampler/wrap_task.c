/* wrap_task.c - a host that counts its threads counts its own.
 *
 * The folder /proc/self/task has two links, and one for each thread.  Programs look at that before they do what only a
 * process of one thread may, and end when there are more: chromium's zygote and its children, firefox's content
 * processes.  So the keeper is taken off the number wherever the stat functions report that folder, by path or by
 * descriptor.  What is asked of anything else is passed on, and costs a look at the answer.  (What is read there and in files
 * beside it: wrap_count.c.)
 *
 * Async-signal-safe as the real ones are, once the functions to go on to have been looked up.
 */
#include "sampler/session.h"
#include "sampler/syscalls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { LINKS_OF_ONE = 3, TASK_MODE = S_IFDIR | 0555 };

/* ---- is it ours? ---- */

/* Whether path, of n bytes, ends in what is named `name`; n becomes what of it comes before. */
static bool ends_in(const char *path, size_t *n, const char *name)
{
	size_t length = strlen(name), end = *n;

	while (end && path[end - 1] == '/')
		end--;
	if (end < length || memcmp(path + end - length, name, length) != 0 ||
	    (end > length && path[end - length - 1] != '/'))
		return false;
	*n = end - length;
	return true;
}

static bool is_own_folder(const struct stat *st)
{
	struct stat own = { 0 };

	return raw_syscall(SYS_newfstatat, AT_FDCWD, (long)"/proc/self/task", (long)&own, 0) == 0 &&
	       own.st_ino == st->st_ino && own.st_dev == st->st_dev;
}

bool is_task_folder(int fd)
{
	struct stat st = { 0 };

	return raw_syscall(SYS_newfstatat, fd, (long)"", (long)&st, AT_EMPTY_PATH) == 0 &&
	       st.st_mode == TASK_MODE && is_own_folder(&st);
}

/* Is st, as found by that path (NULL or "": by a descriptor), our folder with the keeper in it?  (In a mount of /proc other
 * than that which is to be seen only the path tells.) */
static bool counts_keeper(const char *path, const struct stat *st)
{
	size_t n = path ? strlen(path) : 0;

	if (st->st_mode != TASK_MODE || st->st_size != 0 || st->st_nlink <= LINKS_OF_ONE ||
	    !keeper_is_counted())
		return false;
	if (n == 0)
		return is_own_folder(st);
	return ends_in(path, &n, "task") && (ends_in(path, &n, "self") || is_own_folder(st));
}

static int without_keeper(int rc, const char *path, struct stat *st)
{
	int error = errno;

	if (rc == 0 && counts_keeper(path, st))
		st->st_nlink--;
	errno = error;
	return rc;
}

/* ---- what they go on to ---- */

static struct {
	int (*stat)(const char *, struct stat *);
	int (*lstat)(const char *, struct stat *);
	int (*fstat)(int, struct stat *);
	int (*fstatat)(int, const char *, struct stat *, int);
	int (*statx)(int, const char *, int, unsigned, struct statx *);
	int (*old_stat)(int, const char *, struct stat *);
	int (*old_lstat)(int, const char *, struct stat *);
	int (*old_fstat)(int, int, struct stat *);
	int (*old_fstatat)(int, int, const char *, struct stat *, int);
} next;

__attribute__((constructor)) static void look_up(void)
{
	*(void **)&next.stat = dlsym(RTLD_NEXT, "stat");
	*(void **)&next.lstat = dlsym(RTLD_NEXT, "lstat");
	*(void **)&next.fstat = dlsym(RTLD_NEXT, "fstat");
	*(void **)&next.fstatat = dlsym(RTLD_NEXT, "fstatat");
	*(void **)&next.statx = dlsym(RTLD_NEXT, "statx");
	*(void **)&next.old_stat = dlsym(RTLD_NEXT, "__xstat");
	*(void **)&next.old_lstat = dlsym(RTLD_NEXT, "__lxstat");
	*(void **)&next.old_fstat = dlsym(RTLD_NEXT, "__fxstat");
	*(void **)&next.old_fstatat = dlsym(RTLD_NEXT, "__fxstatat");
}

/* Where there is no next one, as in a static program. */
static int bare(int dir, const char *path, struct stat *st, int flags)
{
	long rc = raw_syscall(SYS_newfstatat, dir, (long)path, (long)st, flags);

	if (rc == 0)
		return 0;
	errno = (int)-rc;
	return -1;
}

#define PASS_ON(function, arguments, ...)                                                          \
	((next.function ? (void)0 : look_up()),                                                    \
	 next.function ? next.function arguments : bare(__VA_ARGS__))

/* ---- the functions ---- */

/* The structure of the names in 64 is the same on a machine of 64 bits. */
#define ALSO(name, function) __asm__(".globl " #name "\n.set " #name ", " #function)

EXPORT int stat(const char *path, struct stat *st)
{
	return without_keeper(PASS_ON(stat, (path, st), AT_FDCWD, path, st, 0), path, st);
}
ALSO(stat64, stat);

EXPORT int lstat(const char *path, struct stat *st)
{
	return without_keeper(PASS_ON(lstat, (path, st), AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW),
			      path, st);
}
ALSO(lstat64, lstat);

EXPORT int fstat(int fd, struct stat *st)
{
	return without_keeper(PASS_ON(fstat, (fd, st), fd, "", st, AT_EMPTY_PATH), NULL, st);
}
ALSO(fstat64, fstat);

EXPORT int fstatat(int dir, const char *path, struct stat *st, int flags)
{
	return without_keeper(PASS_ON(fstatat, (dir, path, st, flags), dir, path, st, flags), path,
			      st);
}
ALSO(fstatat64, fstatat);

EXPORT int statx(int dir, const char *path, int flags, unsigned mask, struct statx *stx)
{
	struct stat st = { 0 };
	int rc;

	if (!next.statx)
		look_up();
	if (!next.statx) {
		errno = ENOSYS;
		return -1;
	}
	rc = next.statx(dir, path, flags, mask, stx);
	if (rc || stx->stx_mode != TASK_MODE || stx->stx_nlink <= LINKS_OF_ONE)
		return rc;
	flags &= AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
	if (raw_syscall(SYS_newfstatat, dir, (long)path, (long)&st, flags) == 0 &&
	    counts_keeper(path, &st))
		stx->stx_nlink--;
	return 0;
}

/* ---- what was compiled before glibc 2.33 calls these ---- */

int __xstat(int version, const char *path, struct stat *st);
int __lxstat(int version, const char *path, struct stat *st);
int __fxstat(int version, int fd, struct stat *st);
int __fxstatat(int version, int dir, const char *path, struct stat *st, int flags);

EXPORT int __xstat(int version, const char *path, struct stat *st)
{
	return without_keeper(PASS_ON(old_stat, (version, path, st), AT_FDCWD, path, st, 0), path,
			      st);
}
ALSO(__xstat64, __xstat);

EXPORT int __lxstat(int version, const char *path, struct stat *st)
{
	return without_keeper(
		PASS_ON(old_lstat, (version, path, st), AT_FDCWD, path, st, AT_SYMLINK_NOFOLLOW),
		path, st);
}
ALSO(__lxstat64, __lxstat);

EXPORT int __fxstat(int version, int fd, struct stat *st)
{
	return without_keeper(PASS_ON(old_fstat, (version, fd, st), fd, "", st, AT_EMPTY_PATH),
			      NULL, st);
}
ALSO(__fxstat64, __fxstat);

EXPORT int __fxstatat(int version, int dir, const char *path, struct stat *st, int flags)
{
	return without_keeper(
		PASS_ON(old_fstatat, (version, dir, path, st, flags), dir, path, st, flags), path,
		st);
}
ALSO(__fxstatat64, __fxstatat);
