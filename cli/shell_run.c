/* shell_run.c - one report of the shell, in a child process.
 *
 * The child has its own copy of the profile, for the price of a page table, and may do with it what
 * reports do: cut it down.  An interrupt ends the child and not the shell, however long it computes,
 * and so does anything else that goes wrong in it.  A report that is shown in another program is not
 * waited for.
 */
#include "cli/reports.h"
#include "cli/shell.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void shell_complain(const char *text)
{
	const char *no_color = getenv("NO_COLOR");
	bool red = isatty(STDERR_FILENO) && !(no_color && *no_color);

	fflush(stdout);
	fprintf(stderr, red ? "\033[0;31m%s\033[0m\n" : "%s\n", text);
}

static int run_report(const struct shell *sh, const struct shell_line *line)
{
	struct err err = { "" };
	int rc;

	if (shell_is_own(line->command))
		rc = shell_own_run(sh, line, &err);
	else
		rc = report_show(line->command, line->pattern, &line->opts, sh->profile, &err);
	if (rc)
		shell_complain(err.text);
	return rc ? 1 : 0;
}

static int run_greeting(const struct shell *sh, const struct shell_line *line)
{
	struct err ignored;
	int64_t total;

	if (analyze_describe(sh->profile, &sh->opts.report, stderr, &total, &stderr_notes,
			     &ignored))
		return 1;
	if (total == 0 && sh->profile->sample_types.n > 1)
		fputs("All values of this sample type are 0: choose another one with "
		      "sample_index.\n",
		      stderr);
	return 0;
}

typedef int (*child_fn)(const struct shell *sh, const struct shell_line *line);

/* In the child the interrupt means what it means to every program, from the first moment on. */
static pid_t fork_interruptible(void)
{
	sigset_t interrupt, before;
	pid_t pid;

	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, &before);
	pid = fork();
	if (pid == 0)
		signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

/* ends is a pipe to print into; NULL = stdout. */
static pid_t start(child_fn fn, const struct shell *sh, const struct shell_line *line,
		   const int *ends)
{
	pid_t pid;
	int rc;

	fflush(stdout);
	fflush(stderr);
	pid = fork_interruptible();
	if (pid)
		return pid;
	if (ends) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
	}
	clearerr(stdout); /* an interrupt while the prompt was printed is no error of this report */
	if (line && line->command->viewer)
		setpgid(0, 0); /* no interrupt of the terminal is meant for the viewer */
	else
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* a server would go on when the shell is gone */
	rc = fn(sh, line);
	fflush(stdout);
	_exit(rc);
}

/* Of a program, or of a shell that reports it of one. */
static bool is_interrupt(int status)
{
	return WIFSIGNALED(status) ? WTERMSIG(status) == SIGINT
				   : WEXITSTATUS(status) == 128 + SIGINT;
}

/* (The terminal has shown ^C and left the cursor behind it.) */
static void say_how_it_ended(const struct shell *sh, int status)
{
	char text[64];

	if (!is_interrupt(status) && (!WIFSIGNALED(status) || WTERMSIG(status) == SIGPIPE))
		return;
	if (is_interrupt(status))
		snprintf(text, sizeof(text), "interrupted");
	else
		snprintf(text, sizeof(text), "the report ended by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	if (sh->is_terminal)
		fputc('\n', stderr);
	shell_complain(text);
}

static int await(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static pid_t start_pager(const char *command, const int *ends)
{
	pid_t pid = fork_interruptible();

	if (pid)
		return pid;
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	close(ends[1]);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void run_piped(const struct shell *sh, const struct shell_line *line)
{
	int ends[2], status, pager_status;
	pid_t report, pager;

	if (pipe(ends)) {
		shell_complain(strerror(errno));
		return;
	}
	report = start(run_report, sh, line, ends);
	pager = report < 0 ? -1 : start_pager(line->pipe, ends);
	if (pager < 0)
		shell_complain(strerror(errno));
	close(ends[0]);
	close(ends[1]);
	status = report > 0 ? await(report) : 0;
	pager_status = pager > 0 ? await(pager) : 0;
	say_how_it_ended(sh, WIFSIGNALED(status) ? status : pager_status);
}

static void run_plain(child_fn fn, const struct shell *sh, const struct shell_line *line)
{
	pid_t pid = start(fn, sh, line, NULL);

	if (pid < 0)
		shell_complain(strerror(errno));
	else if (!line || !line->command->viewer || *line->opts.output)
		say_how_it_ended(sh, await(pid));
}

/* While a command runs an interrupt is for it; of a script it ends all. */
static void run_guarded(child_fn fn, const struct shell *sh, const struct shell_line *line)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	while (waitpid(-1, NULL, WNOHANG) > 0) /* viewers that were closed */
		;
	if (sh->is_terminal)
		sigaction(SIGINT, &ignore, &before);
	if (line && line->pipe)
		run_piped(sh, line);
	else
		run_plain(fn, sh, line);
	if (sh->is_terminal)
		sigaction(SIGINT, &before, NULL);
}

void shell_run(const struct shell *sh, const struct shell_line *line)
{
	run_guarded(run_report, sh, line);
}

void shell_greet(const struct shell *sh)
{
	run_guarded(run_greeting, sh, NULL);
}
