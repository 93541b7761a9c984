/* child.c - start and await other programs. */
#include "cli/child.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int child_start(pid_t *pid, const char *const *argv, int in, int out, struct err *err)
{
	posix_spawn_file_actions_t actions;
	int e;

	posix_spawn_file_actions_init(&actions);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	e = posix_spawnp(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (e == ENOENT)
		return err_set(err, SONDE_ENOTFOUND,
			       "exec: \"%s\": executable file not found in $PATH", argv[0]);
	return e ? err_set(err, SONDE_EIO, "exec: \"%s\": %s", argv[0], strerror(e)) : 0;
}

int child_wait(pid_t pid, struct err *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, SONDE_EIO, "waitpid: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return err_set(err, SONDE_EIO, "signal: %s", strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return err_set(err, SONDE_EIO, "exit status %d", WEXITSTATUS(status));
	return 0;
}
