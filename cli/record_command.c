/* record_command.c - run the command of `sonde record` with the library preloaded, and pass signals on to it. */
#include "cli/cli.h"
#include "cli/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void set_environment(const struct record *r)
{
	const char *before = getenv("LD_PRELOAD");
	char *preload, hz[16], bytes[24];

	if (asprintf(&preload, "%s%s%s", r->library, before && before[0] ? ":" : "",
		     before ? before : "") < 0)
		return;
	snprintf(hz, sizeof(hz), "%u", r->hz);
	setenv("LD_PRELOAD", preload, 1);
	setenv("SONDE_SPOOL_DIR", r->folder.path, 1);
	setenv("SONDE_HZ", hz, 1);
	if (r->max_bytes) {
		snprintf(bytes, sizeof(bytes), "%llu", r->max_bytes);
		setenv("SONDE_MAX_MEMORY", bytes, 1);
	}
	if (r->engine)
		setenv("SONDE_ENGINE", r->engine, 1);
	if (r->kernel)
		setenv("SONDE_KERNEL", "1", 1);
	unsetenv("SONDE_OUT");
	free(preload);
}

static pid_t child;

static void forward(int sig)
{
	if (child > 0)
		kill(child, sig);
}

/* What record does with signals while the command runs.  The terminal sends SIGINT and SIGQUIT to the command too;
 * others reach only us and are meant for it. */
static const struct signal_row {
	int sig;
	void (*action)(int);
} signal_rows[] = {
	{ SIGINT, SIG_IGN },  { SIGQUIT, SIG_IGN }, { SIGPIPE, SIG_IGN }, { SIGXFSZ, SIG_IGN },
	{ SIGCHLD, SIG_DFL }, { SIGTERM, forward }, { SIGHUP, forward },  { SIGUSR1, forward },
	{ SIGUSR2, forward }, { SIGALRM, forward },
};
enum { N_SIGNALS = sizeof(signal_rows) / sizeof(signal_rows[0]) };

static void arrange_signals(struct sigaction *before)
{
	for (size_t i = 0; i < N_SIGNALS; i++) {
		struct sigaction action = { .sa_handler = signal_rows[i].action };

		sigaction(signal_rows[i].sig, NULL, &before[i]);
		if (action.sa_handler == forward && before[i].sa_handler == SIG_IGN)
			continue; /* nohup, for one */
		sigaction(signal_rows[i].sig, &action, NULL);
	}
}

static void restore_signals(const struct sigaction *before)
{
	for (size_t i = 0; i < N_SIGNALS; i++)
		sigaction(signal_rows[i].sig, &before[i], NULL);
}

static void __attribute__((noreturn))
become_command(const struct record *r, int report, const struct sigaction *before)
{
	int failed;

	restore_signals(before);
	set_environment(r);
	execvp(r->command[0], r->command);
	failed = errno;
	if (write(report, &failed, sizeof(failed)) < 0)
		_exit(STATUS_OWN_FAILURE);
	_exit(STATUS_NOT_FOUND);
}

static uint64_t ns_of(const struct timeval *t)
{
	return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_usec * 1000;
}

int record_run_command(struct record *r)
{
	struct sigaction before[N_SIGNALS];
	int report[2], failed = 0, status = 0;
	struct rusage used = { 0 };

	if (pipe2(report, O_CLOEXEC)) {
		complain("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	arrange_signals(before);
	child = fork();
	if (child == 0)
		become_command(r, report[1], before);
	close(report[1]);
	if (child < 0) {
		complain("cannot start '%s': %s", r->command[0], strerror(errno));
		close(report[0]);
		return -1;
	}
	if (read(report[0], &failed, sizeof(failed)) != sizeof(failed))
		failed = 0;
	close(report[0]);
	while (wait4(child, &status, 0, &used) < 0 && errno == EINTR)
		;
	r->pid = child;
	r->cpu_ns = ns_of(&used.ru_utime) + ns_of(&used.ru_stime);
	child = 0;
	if (failed) {
		complain("cannot run '%s': %s", r->command[0], strerror(failed));
		return failed == ENOENT || failed == ENOTDIR ? STATUS_NOT_FOUND << 8
							     : STATUS_NOT_EXECUTABLE << 8;
	}
	return status;
}
