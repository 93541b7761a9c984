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
#include <time.h>
#include <unistd.h>

static void set_time(const char *name, uint64_t ns)
{
	char text[24];

	unsetenv(name);
	if (!ns)
		return;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)ns);
	setenv(name, text, 1);
}

static void set_beside(const struct spool_folder *f)
{
	char *text;

	unsetenv("SONDE_SPOOL_BESIDE");
	if (!f->beside[0] || asprintf(&text, "%s:%s", f->beside_id, f->beside) < 0)
		return;
	setenv("SONDE_SPOOL_BESIDE", text, 1);
	free(text);
}

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
	set_beside(&r->folder);
	setenv("SONDE_HZ", hz, 1);
	if (r->max_bytes) {
		snprintf(bytes, sizeof(bytes), "%llu", r->max_bytes);
		setenv("SONDE_MAX_MEMORY", bytes, 1);
	}
	if (r->engine)
		setenv("SONDE_ENGINE", r->engine, 1);
	if (r->kernel)
		setenv("SONDE_KERNEL", "1", 1);
	set_time("SONDE_FROM_NS", record_from_ns(r));
	set_time("SONDE_UNTIL_NS", record_until_ns(r));
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

/* What the child says through the pipe: an errno value when it could not become the command. */
static int read_failure(int report)
{
	int failed = 0;

	if (read(report, &failed, sizeof(failed)) != sizeof(failed))
		failed = 0;
	close(report);
	return failed;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t record_from_ns(const struct record *r)
{
	return r->delay_s > 0 ? r->started_ns + (uint64_t)(r->delay_s * 1e9) : 0;
}

uint64_t record_until_ns(const struct record *r)
{
	return r->duration_s > 0 ? r->started_ns + (uint64_t)((r->delay_s + r->duration_s) * 1e9)
				 : 0;
}

int record_start_command(struct record *r)
{
	struct sigaction before[N_SIGNALS];
	sigset_t its_end, mask;
	int report[2];

	if (pipe2(report, O_CLOEXEC)) {
		complain("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	arrange_signals(before);
	sigemptyset(&its_end);
	sigaddset(&its_end, SIGCHLD); /* for sigtimedwait() */
	sigprocmask(SIG_BLOCK, &its_end, &mask);
	r->started_ns = now_ns();
	child = fork();
	if (child == 0) {
		sigprocmask(SIG_SETMASK, &mask, NULL);
		become_command(r, report[1], before);
	}
	close(report[1]);
	if (child < 0) {
		complain("cannot start '%s': %s", r->command[0], strerror(errno));
		close(report[0]);
		return -1;
	}
	r->pid = child;
	r->failed = read_failure(report[0]);
	if (r->failed)
		complain("cannot run '%s': %s", r->command[0], strerror(r->failed));
	return 0;
}

static int status_of_failure(int failed)
{
	return failed == ENOENT || failed == ENOTDIR ? STATUS_NOT_FOUND << 8
						     : STATUS_NOT_EXECUTABLE << 8;
}

/* True when it has ended. */
static bool look_at_command(struct record *r, int flags, int *status)
{
	struct rusage used = { 0 };
	pid_t got;

	do
		got = wait4(child, status, flags, &used);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	child = 0;
	if (r->delay_s <= 0 && r->duration_s <= 0)
		r->cpu_ns = ns_of(&used.ru_utime) + ns_of(&used.ru_stime);
	r->ended_in_delay = r->delay_s > 0 && now_ns() < record_from_ns(r);
	if (r->failed)
		*status = status_of_failure(r->failed);
	return true;
}

bool record_wait_for_samples(struct record *r, int *status)
{
	uint64_t until = record_until_ns(r), now;
	sigset_t its_end;

	if (!until)
		return look_at_command(r, 0, status);
	sigemptyset(&its_end);
	sigaddset(&its_end, SIGCHLD);
	while (!look_at_command(r, WNOHANG, status)) {
		now = now_ns();
		if (now >= until)
			return false;
		(void)sigtimedwait(&its_end, NULL,
				   &(struct timespec){ (time_t)((until - now) / 1000000000),
						       (long)((until - now) % 1000000000) });
	}
	return true;
}

int record_wait_for_end(struct record *r)
{
	int status = 0;

	(void)look_at_command(r, 0, &status);
	return status;
}
