/* exec_preload.c - leave the library out of the environment of a program that could not load it.
 *
 * The loader complains on the program's stderr of what LD_PRELOAD names and cannot be opened.  That happens to what a host
 * executes after it has changed its root, its mounts, or its folder where the name is a relative one, and to what has no
 * descriptor free.  So it is tried before.
 */
#include "sampler/exec_preload.h"
#include "sampler/session.h"
#include "sampler/syscalls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define VARIABLE "LD_PRELOAD="

static char own_name[PATH_MAX]; /* as the loader was told it */

__attribute__((constructor)) static void note_name(void)
{
	Dl_info info;

	if (dladdr(own_name, &info) && info.dli_fname)
		snprintf(own_name, sizeof(own_name), "%s", info.dli_fname);
}

/* Where among the names ours is; NULL = nowhere. */
static const char *find_own(const char *names, size_t *length)
{
	size_t n = strlen(own_name);

	for (const char *at = names; *at; at += *length + (at[*length] != 0)) {
		*length = strcspn(at, " :");
		if (n && *length == n && memcmp(at, own_name, n) == 0)
			return at;
	}
	return NULL;
}

static const char *names_in(const char *entry)
{
	size_t n = sizeof(VARIABLE) - 1;

	return strncmp(entry, VARIABLE, n) == 0 ? entry + n : NULL;
}

static bool can_be_opened(void)
{
	long fd = raw_syscall(SYS_openat, AT_FDCWD, (long)own_name, O_RDONLY | O_CLOEXEC, 0);

	if (fd >= 0)
		raw_syscall(SYS_close, fd, 0, 0, 0);
	return fd >= 0;
}

size_t exec_preload_room(char *const *envp)
{
	size_t count = 0, bytes = 0, length;

	for (; envp && envp[count]; count++) {
		const char *names = names_in(envp[count]);

		if (names && find_own(names, &length))
			bytes += strlen(envp[count]) + 1;
	}
	if (bytes == 0 || session_is_retired() || can_be_opened())
		return 1;
	return count + 1 + bytes / sizeof(char *) + 1;
}

/* "a:own:b" becomes "a:b"; returns what is behind it. */
static char *leave_out(char *to, const char *entry)
{
	size_t length, before, after;
	const char *own = find_own(names_in(entry), &length);

	before = (size_t)(own - entry);
	own += length + (own[length] != 0);
	after = strlen(own) + 1;
	memcpy(to, entry, before);
	memcpy(to + before, own, after);
	return to + before + after;
}

char *const *exec_preload_environment(char *const *envp, char **room, size_t n)
{
	size_t count = 0, length;
	char *text;

	if (n == 1)
		return envp;
	while (envp[count])
		count++;
	text = (char *)(room + count + 1);
	for (size_t i = 0; i < count; i++) {
		const char *names = names_in(envp[i]);

		room[i] = envp[i];
		if (names && find_own(names, &length)) {
			room[i] = text;
			text = leave_out(text, envp[i]);
		}
	}
	room[count] = NULL;
	return room;
}
