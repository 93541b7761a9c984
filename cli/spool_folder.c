/* spool_folder.c - make and remove the folder of spools, and those that nobody came back for.
 *
 * A record that is killed cannot remove its folder, which may hold a lot of shared memory.  The next one does, once
 * it is an hour old, the lock of its record is gone, and no process keeps samples there any more; until then
 * `sonde recover` can make a profile of what is in it.
 */
#include "cli/spool_folder.h"
#include "cli/cli.h"
#include "sampler/sampler.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "sonde."

enum { SUFFIX_BYTES = 6, OLD_SECONDS = 3600 };

static void remove_files(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}

/* ---- what others left ---- */

static bool is_old(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	       st.st_mtim.tv_sec < time(NULL) - OLD_SECONDS;
}

static bool is_ours(const char *name)
{
	const char *dot = strrchr(name, '.');

	return (dot && strcmp(dot, ".spool") == 0) || strcmp(name, "problem") == 0;
}

/* Nothing but what the library leaves, and none of it in use. */
static bool is_left(const char *folder)
{
	char path[PATH_MAX + 256];
	struct spool_info info;
	DIR *d = opendir(folder);
	bool is = d != NULL;
	struct dirent *e;

	while (is && (e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		is = is_ours(e->d_name) &&
		     !(spool_info_read(&info, path, NULL) == 0 && still_runs(&info, path));
	}
	if (d)
		closedir(d);
	return is;
}

static void remove_if_left(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (is_old(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0 && is_left(path))
		remove_files(path);
	close(fd);
}

static void sweep(const char *parent)
{
	const size_t prefix = strlen(PREFIX);
	char path[PATH_MAX];
	DIR *d = opendir(parent);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (strncmp(e->d_name, PREFIX, prefix) == 0 &&
		    strlen(e->d_name) == prefix + SUFFIX_BYTES &&
		    (size_t)snprintf(path, sizeof(path), "%s/%s", parent, e->d_name) < sizeof(path))
			remove_if_left(path);
	if (d)
		closedir(d);
}

/* ---- ours ---- */

static bool make_in(struct spool_folder *f, const char *parent)
{
	snprintf(f->path, sizeof(f->path), "%s/" PREFIX "XXXXXX", parent);
	if (!mkdtemp(f->path))
		return false;
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd >= 0)
		(void)flock(f->fd, LOCK_EX | LOCK_NB);
	/* The command may drop root's rights and execute something: that has samples to leave too. */
	if (geteuid() == 0 && chmod(f->path, 01733))
		return false;
	return true;
}

/* Memory if there is plenty: spools are shared memory that happens to have a name. */
static bool make(struct spool_folder *f)
{
	const char *tmp = getenv("TMPDIR");
	const uint64_t plenty = (uint64_t)256 << 20;
	struct statvfs fs;

	if (!tmp || tmp[0] != '/')
		tmp = "/tmp";
	sweep("/dev/shm");
	sweep(tmp);
	if (statvfs("/dev/shm", &fs) == 0 && (uint64_t)fs.f_bavail * fs.f_frsize > plenty &&
	    make_in(f, "/dev/shm"))
		return true;
	if (make_in(f, tmp))
		return true;
	complain("cannot make a folder for samples in '%s': %s", tmp, strerror(errno));
	return false;
}

/* (A sandbox may have other folders of those names: they are told apart by their inodes.) */
static void name_beside(struct spool_folder *f, const char *profile)
{
	const char *slash = strrchr(profile, '/');
	char folder[PATH_MAX / 2];
	struct stat own, its;

	if (stat(profile, &its) == 0 && !S_ISREG(its.st_mode))
		return;
	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(f->path, '/') - f->path), f->path);
	if (stat(folder, &own))
		return;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - profile + 1) : 1,
		 slash ? profile : ".");
	if (stat(folder, &its))
		return;
	snprintf(f->beside_id, sizeof(f->beside_id), "%llx:%llx:%llx:%llx",
		 (unsigned long long)own.st_dev, (unsigned long long)own.st_ino,
		 (unsigned long long)its.st_dev, (unsigned long long)its.st_ino);
	if (!realpath(folder, f->beside) || strlen(f->beside) > PATH_MAX / 2) {
		f->beside[0] = 0;
		return;
	}
	snprintf(f->beside + strlen(f->beside), PATH_MAX / 2, "/%s%s", slash ? slash + 1 : profile,
		 strrchr(f->path, '.'));
}

bool spool_folder_open(struct spool_folder *f, const char *profile)
{
	if (!make(f))
		return false;
	name_beside(f, profile);
	return true;
}

void spool_folder_remove(struct spool_folder *f)
{
	remove_files(f->path);
	remove_files(f->beside);
	if (f->fd >= 0)
		close(f->fd);
}
