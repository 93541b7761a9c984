/* forks.c - children by every door: fork, vfork, posix_spawn, fork and exec; some work, some end at once.
 *
 * usage: forks TIMES      prints how many did not end as they must */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static pid_t child(int i)
{
	char *argv[] = { "sh", "-c", "exit 7", NULL };
	pid_t pid = -1;

	switch (i % 8) {
	case 0:
		return posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) ? -1 : pid;
	case 1:
		pid = fork();
		if (pid == 0)
			execv("/bin/sh", argv);
		return pid;
	case 2:
		pid = vfork();
		if (pid == 0)
			_exit(7);
		return pid;
	default:
		pid = fork();
		if (pid == 0) {
			for (volatile int k = 0; k < (i % 8 == 3 ? 3000000 : 0); k++)
				;
			if (i % 8 == 4)
				exit(7);
			_exit(7);
		}
		return pid;
	}
}

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 100, bad = 0, status;

	for (int i = 0; i < times; i++) {
		pid_t pid = child(i);

		bad += pid < 0 || waitpid(pid, &status, 0) != pid || status != 7 << 8;
	}
	printf("forks: %d of %d bad\n", bad, times);
	return bad != 0;
}
