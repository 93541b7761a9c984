/* wrap_count.c - a host that reads how many threads it has reads of its own.
 *
 * Python, from 3.12 on, warns of fork() when /proc/self/stat tells of more threads than one, and others list
 * /proc/self/task.  Whoever opens the former by fopen(), or /proc/self/status, gets a copy with the keeper left out; and
 * readdir() passes the keeper's name over.  (wrap_task.c has those who look at the folder's links.)
 */
#include "sampler/session.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
/* The structures of the names in 64 are the same on a machine of 64 bits. */
#define ALSO(name, function) __asm__(".globl " #name "\n.set " #name ", " #function)

enum { STAT_THREADS = 18 /* blanks after the name */, MOST_TEXT = 8192 };

static struct {
	FILE *(*fopen)(const char *, const char *);
	struct dirent *(*readdir)(DIR *);
} next;

__attribute__((constructor)) static void look_up(void)
{
	*(void **)&next.fopen = dlsym(RTLD_NEXT, "fopen");
	*(void **)&next.readdir = dlsym(RTLD_NEXT, "readdir");
}

/* The number that text begins with, and what comes after it in *end; 0 = none.  (strtol may change errno, which who reads
 * folders looks at.) */
static pid_t number_at(const char *text, const char **end)
{
	pid_t n = 0;

	while (*text >= '0' && *text <= '9' && n < 100000000)
		n = n * 10 + (*text++ - '0');
	*end = text;
	return n;
}

/* ---- files ---- */

/* The name of a file of our own in /proc: what comes after /proc/self/ or /proc/PID/; NULL = something else. */
static const char *own_file(const char *path)
{
	const char *end;

	if (!path || strncmp(path, "/proc/", 6) != 0)
		return NULL;
	path += 6;
	if (strncmp(path, "self/", 5) == 0)
		return path + 5;
	return number_at(path, &end) == getpid() && *end == '/' ? end + 1 : NULL;
}

/* Where the number of threads is. */
static char *find_in_stat(char *text)
{
	char *at = strrchr(text, ')'); /* of the name, which may have any character in it */

	for (int i = 0; at && i < STAT_THREADS; i++) {
		at = strchr(at, ' ');
		at += at != NULL;
	}
	return at;
}

static char *find_in_status(char *text)
{
	static const char key[] = "\nThreads:\t";
	char *at = strstr(text, key);

	return at ? at + sizeof(key) - 1 : NULL;
}

/* One less, in place. */
static void count_down(char *number)
{
	char *end, digits[24];
	long n = strtol(number, &end, 10) - 1;
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%ld", n);

	if (n < 1 || length > (size_t)(end - number))
		return;
	memcpy(number, digits, length);
	memmove(number + length, end, strlen(end) + 1);
}

/* (Memory, and no file: a host that forbids itself system calls does not know of any for that.) */
static FILE *as_file(const char *text)
{
	size_t n = strlen(text);
	FILE *f = fmemopen(NULL, n + 1, "w+"); /* which ends what is written with a 0 */

	if (!f)
		return NULL;
	if (fwrite(text, 1, n, f) == n && fflush(f) == 0) {
		rewind(f);
		return f;
	}
	fclose(f);
	return NULL;
}

/* NULL: as it is, then. */
static FILE *without_keeper(const char *path, const char *mode, char *(*find)(char *))
{
	FILE *f = next.fopen(path, mode);
	char text[MOST_TEXT], *number;
	size_t n;

	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = 0;
	number = n < sizeof(text) - 1 ? find(text) : NULL;
	if (!number)
		return NULL;
	count_down(number);
	return as_file(text);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	const char *name = own_file(path);
	FILE *f = NULL;

	if (!next.fopen)
		look_up();
	if (!next.fopen) {
		errno = ENOSYS;
		return NULL;
	}
	if (name && mode[0] == 'r' && !strchr(mode, '+') && keeper_is_counted()) {
		if (strcmp(name, "stat") == 0)
			f = without_keeper(path, mode, find_in_stat);
		else if (strcmp(name, "status") == 0)
			f = without_keeper(path, mode, find_in_status);
	}
	return f ? f : next.fopen(path, mode);
}
ALSO(fopen64, fopen);

/* ---- the folder ---- */

static bool names_keeper(DIR *d, const struct dirent *e)
{
	const char *end;
	pid_t n = number_at(e->d_name, &end);

	return n && !*end && keeper_is(n) && is_task_folder(dirfd(d));
}

EXPORT struct dirent *readdir(DIR *d)
{
	struct dirent *e;

	if (!next.readdir)
		look_up();
	if (!next.readdir) {
		errno = ENOSYS;
		return NULL;
	}
	do
		e = next.readdir(d);
	while (e && names_keeper(d, e));
	return e;
}
ALSO(readdir64, readdir);
