/* source_rule.c - look at a file before it is opened: a device or a pipe may do something when it
 * is, and what was looked at is what is read then. */
#include "analyze/source_rule.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const suffixes[] = {
	"S",   "adb", "ads",   "asm",	"c",   "c++", "cc",  "cpp", "cr",   "cs",  "cu", "cuh",
	"cxx", "d",   "def",   "f",	"f03", "f08", "f90", "f95", "for",  "go",  "h",	 "h++",
	"hh",  "hpp", "hs",    "hxx",	"inc", "inl", "ipp", "ixx", "java", "jl",  "js", "kt",
	"l",   "ll",  "lua",   "m",	"ml",  "mm",  "nim", "pas", "py",   "pyx", "rb", "rl",
	"rs",  "s",   "scala", "swift", "tcc", "tpp", "ts",  "v",   "vala", "y",   "yy", "zig",
};

static const char *const header_folders[] = { "/usr/include", "/usr/local/include", "/usr/lib/gcc",
					      "/usr/src" };

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	while (n && folder[n - 1] == '/')
		n--;
	return strncmp(path, folder, n) == 0 && path[n] == '/';
}

static bool looks_like_source(const char *path)
{
	const char *name = strrchr(path, '/'), *dot = name ? strrchr(name + 1, '.') : NULL;

	for (size_t i = 0; dot && dot > name + 1 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (strcmp(dot + 1, suffixes[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(header_folders) / sizeof(header_folders[0]); i++)
		if (is_below(path, header_folders[i]))
			return true;
	return false;
}

/* What lies behind one of the source path's folders; NULL = behind none. */
static const char *rest_below(struct arena *a, const char *path, const char *source_path)
{
	for (const char *at = source_path; at;) {
		size_t n = strcspn(at, ":");
		char folder[PATH_MAX];

		if (realpath(n ? arena_strndup(a, at, n) : ".", folder) && is_below(path, folder))
			return path + (folder[1] ? strlen(folder) : 0);
		at = at[n] ? at + n + 1 : NULL;
	}
	return NULL;
}

/* path has no links any more. */
static const char *refuse(struct arena *a, const char *path, const char *source_path)
{
	const char *rest = *source_path ? rest_below(a, path, source_path) : NULL;

	if (*source_path && !rest)
		return arena_printf(a, "'%s' is not below the source path", path);
	if (looks_like_source(path))
		return NULL;
	if (!*source_path)
		return arena_printf(a,
				    "'%s' does not look like a source file; -source_path names "
				    "folders with others",
				    path);
	return strstr(rest, "/.") ? arena_printf(a, "'%s' is hidden", path) : NULL;
}

static const char *look(struct arena *a, int fd, const char *path, const char *source_path)
{
	char link[64], real[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return arena_printf(a, "'%s' is no regular file", path);
	if (st.st_size > SOURCE_RULE_MOST)
		return arena_printf(a, "'%s' is too large for a source file", path);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, real, sizeof(real) - 1);
	if (n <= 0)
		return arena_printf(a, "'%s' cannot be looked at", path);
	real[n] = 0;
	return refuse(a, real, source_path);
}

int source_rule_open(struct arena *a, const char *path, const char *source_path,
		     const char **refusal)
{
	int there = open(path, O_PATH | O_CLOEXEC), fd, e;
	char link[64];

	*refusal = "";
	if (there < 0)
		return -1;
	*refusal = look(a, there, path, source_path);
	if (*refusal) {
		close(there);
		errno = EPERM;
		return -1;
	}
	*refusal = "";
	snprintf(link, sizeof(link), "/proc/self/fd/%d", there);
	fd = open(link, O_RDONLY | O_CLOEXEC);
	e = errno;
	close(there);
	errno = e;
	return fd;
}
