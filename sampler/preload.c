/* preload.c - start when the environment asks for a profile, finish when the process ends.
 *
 *	SONDE_OUT      the profile's name: %p pid, %e program, %% itself
 *	SONDE_HZ       samples for each second of CPU time (100)
 *	SONDE_EVENTS   "cpu"
 *	SONDE_MAX_MEMORY  bytes for the samples of each process (128 MiB); what finds no room is counted as lost
 *	SONDE_ENGINE   auto, perf, timer: what makes the samples come (auto)
 *	SONDE_KERNEL   1: the kernel's frames, too
 *	SONDE_LABELS   key=value,key=value: on every sample
 *	SONDE_OTEL     1: other profilers may read the labels (sonde_labels_publish)
 *	SONDE_VERBOSE  1: say at the end what was written
 *
 * `sonde record` sets SONDE_SPOOL_DIR instead of SONDE_OUT and reads the spools that are left there, or in the folder
 * SONDE_SPOOL_BESIDE, which a process makes that cannot reach the first.
 *
 * With SONDE_OUT the spool stands beside the profile until that is whole.  The first process has
 * "OUT.spool"; whoever finds that name taken is a child, and gets files of its own: with the pid
 * before ".pb.gz" unless the name has a %p.  A spool that its process left behind (killed, or
 * replaced by exec) is turned into a profile by the next process that comes upon it, or by
 * `sonde recover`.
 */
#include "sampler/preload.h"
#include "base/oom.h"
#include "sampler/arch.h"
#include "sampler/at_fork.h"
#include "sampler/live.h"
#include "sampler/modules.h"
#include "sampler/own_writes.h"
#include "sampler/sampler.h"
#include "sampler/seccomp_filter.h"
#include "sampler/session.h"
#include "sampler/settings.h"
#include "sampler/spool_convert.h"
#include "sampler/spool_file.h"
#include "sampler/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_IMAGES = 10000 };

enum role { ROLE_NONE, ROLE_COLLECTED, ROLE_WRITES };

static enum role role;
static bool is_child, is_finished, is_verbose;
static int complaints =
	-1; /* stderr, if there was one: what is opened as 2 later is a file of the host's */
static char out[PATH_MAX], spool_path[PATH_MAX + 64];
/* Copies: a program may write its title over its arguments and environment (nginx, postgres) and
 * fork afterwards. */
static char spool_dir[PATH_MAX], out_pattern[PATH_MAX], program[NAME_MAX + 1];

/* Where `sonde record` collects, the stream is the program's alone: the first problem is left for record to tell. */
void preload_say(const char *text, const char *what, const char *why)
{
	char path[PATH_MAX + 32];
	int fd = complaints;

	if (role == ROLE_COLLECTED) {
		snprintf(path, sizeof(path), "%s/problem", spool_dir);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0)
			return;
		own_writes_say(fd, "%s '%s'%s%s\n", text, what, why[0] ? ": " : "", why);
		close(fd);
		return;
	}
	own_writes_say(complaints, "sonde: %s '%s'%s%s\n", text, what, why[0] ? ": " : "", why);
}

/* ---- names ---- */

static void keep_setting(char *to, size_t bytes, const char *text)
{
	snprintf(to, bytes, "%s", text ? text : "");
}

static const char *program_name(void)
{
	const char *slash = strrchr(program_invocation_name, '/');

	return slash ? slash + 1 : program_invocation_name;
}

static void expand(char *to, size_t bytes, const char *pattern, pid_t pid)
{
	size_t n = 0;

	for (; *pattern && n + 1 < bytes; pattern++) {
		if (pattern[0] == '%' && pattern[1] == 'p')
			n += (size_t)snprintf(to + n, bytes - n, "%d", (int)pid), pattern++;
		else if (pattern[0] == '%' && pattern[1] == 'e')
			n += (size_t)snprintf(to + n, bytes - n, "%s", program), pattern++;
		else if (pattern[0] == '%' && pattern[1] == '%')
			to[n++] = '%', pattern++;
		else
			to[n++] = *pattern;
		if (n >= bytes)
			n = bytes - 1;
	}
	to[n] = 0;
}

/* "dir/a.pb.gz" and 12 make "dir/a.12.pb.gz". */
static void insert_number(char *to, size_t bytes, const char *name, int number)
{
	size_t n = strlen(name), suffix = n > 6 && strcmp(name + n - 6, ".pb.gz") == 0 ? 6 : 0;

	snprintf(to, bytes, "%.*s.%d%s", (int)(n - suffix), name, number, name + n - suffix);
}

static void name_child(void)
{
	char plain[PATH_MAX - 32];

	expand(plain, sizeof(plain), out_pattern, getpid());
	if (strstr(out_pattern, "%p"))
		snprintf(out, sizeof(out), "%s", plain);
	else
		insert_number(out, sizeof(out), plain, getpid());
	snprintf(spool_path, sizeof(spool_path), "%s.spool", out);
}

/* The first free number: those before belong to what this process was before it executed a program, or to others, long
 * gone, of the same pid. */
static void name_collected(unsigned number)
{
	snprintf(spool_path, sizeof(spool_path), "%s/%d.%u.spool", spool_dir, (int)getpid(),
		 number);
}

/* ---- spools that others left ---- */

static void convert(const char *from, const char *to)
{
	jmp_buf env;
	struct err err;
	sigset_t mask;

	own_writes_begin(&mask);
	if (setjmp(env) == 0) {
		oom_catch(&env);
		if (spool_convert(from, to, &err) == 0)
			unlink(from);
	}
	oom_release();
	own_writes_end(&mask, true);
}

/* A name for the profile of a process that is gone, or of what this process was before exec: with
 * the pid, if `out` has none yet, and else with the first number that is free. */
static void name_of_gone(char *to, size_t bytes, pid_t pid)
{
	int number = is_child ? 1 : pid;

	do
		insert_number(to, bytes, out, number++);
	while (access(to, F_OK) == 0);
}

/* A number means nothing in another namespace: whoever has it there may live. */
static bool is_elsewhere(const struct spool_info *info)
{
	uint64_t here = session_pid_namespace();

	return here && info->pid_namespace && info->pid_namespace != here;
}

/* True when the name is free for us: whoever had it is gone, and has its profile. */
static bool take_over(const char *path, struct session_past *past)
{
	struct spool_info info;
	char name[PATH_MAX];

	if (access(path, F_OK))
		return true;
	if (spool_info_read(&info, path, NULL) || is_elsewhere(&info))
		return false;
	if (info.pid != getpid() && (kill(info.pid, 0) == 0 || errno != ESRCH))
		return false;
	if (info.pid == getpid())
		*past = (struct session_past){ info.exec_cpu_ns,
					       info.weight == 0 ? info.start_cpu_ns : 0 };
	if (info.weight == 0 && info.n_guests == 0) {
		unlink(path);
	} else {
		name_of_gone(name, sizeof(name), info.pid);
		convert(path, name);
	}
	return access(path, F_OK) != 0;
}

static void name_writer(struct session_past *past)
{
	expand(out, sizeof(out) - 32, out_pattern, getpid());
	snprintf(spool_path, sizeof(spool_path), "%s.spool", out);
	if (take_over(spool_path, past))
		return;
	is_child = true;
	name_child();
	take_over(spool_path, past);
}

/* ---- start ---- */

static void publish_labels(void)
{
	int rc = sonde_labels_publish();

	if (rc == -EEXIST)
		preload_say("does not publish the labels of", program,
			    "it has an OpenTelemetry context of its own");
	else if (rc && rc != -EALREADY)
		preload_say("does not publish the labels of", program, strerror(-rc));
}

/* Does the folder that path lies in have that device and inode here? */
static bool lies_in(const char *path, const unsigned long long id[2])
{
	char folder[PATH_MAX];
	struct stat st;

	keep_setting(folder, sizeof(folder), path);
	*strrchr(folder, '/') = 0;
	return stat(folder[0] ? folder : "/", &st) == 0 && st.st_dev == id[0] && st.st_ino == id[1];
}

/* The folder of record's is full, or not to be reached here: the place beside its profile may do, if that is.  (A folder that is
 * gone from where it was tells that record has ended.) */
static bool go_beside(void)
{
	const char *setting = getenv("SONDE_SPOOL_BESIDE");
	unsigned long long samples[2], profile[2];
	const char *path;
	int at = 0;

	if (!setting ||
	    sscanf(setting, "%llx:%llx:%llx:%llx:%n", &samples[0], &samples[1], &profile[0],
		   &profile[1], &at) != 4 ||
	    setting[at] != '/' || spool_dir[0] != '/')
		return false;
	path = setting + at;
	if ((access(spool_dir, F_OK) && lies_in(spool_dir, samples)) || !lies_in(path, profile))
		return false;
	if (mkdir(path, 0700) && errno != EEXIST)
		return false;
	keep_setting(spool_dir, sizeof(spool_dir), path);
	name_collected(0);
	return true;
}

static void start(struct session_opts *opts)
{
	int rc;

	opts->out = role == ROLE_WRITES ? out : NULL;
	rc = session_start(opts);
	if (rc && rc != -EEXIST && role == ROLE_COLLECTED && go_beside())
		rc = session_start(opts);
	for (unsigned n = 1; rc == -EEXIST && role == ROLE_COLLECTED && n < MAX_IMAGES; n++) {
		if (session_replaces(spool_path, &opts->past))
			unlink(spool_path);
		else
			name_collected(n);
		rc = session_start(opts);
	}
	if (rc == 0)
		return;
	preload_say("not profiling: cannot sample into", spool_path,
		    rc == -EAGAIN ? "no CPU timer is to be had: RLIMIT_SIGPENDING (ulimit -i)"
				  : strerror(-rc));
	unlink(spool_path);
	role = ROLE_NONE;
}

__attribute__((section("sonde_text"), noinline)) static void
in_fork_child(const struct session_opts *parents)
{
	struct session_opts opts = *parents;
	ucontext_t here;

	is_child = true;
	is_finished = false;
	if (role == ROLE_COLLECTED)
		name_collected(0);
	else
		name_child();
	opts.from_birth = true;
	opts.past = (struct session_past){ 0, 0 };
	arch_capture(&here);
	opts.here = &here;
	start(&opts);
}

/* A name that holds wherever the program, and what it executes, may change to. */
static void keep_out(const char *text)
{
	char folder[PATH_MAX / 2];

	keep_setting(out_pattern, sizeof(out_pattern), text);
	if (!text || !text[0] || text[0] == '/' || !getcwd(folder, sizeof(folder)))
		return;
	snprintf(out_pattern, sizeof(out_pattern), "%s/%.*s", folder, PATH_MAX / 2 - 2, text);
	setenv("SONDE_OUT", out_pattern, 1);
}

static void choose_role(void)
{
	keep_setting(spool_dir, sizeof(spool_dir), getenv("SONDE_SPOOL_DIR"));
	keep_out(getenv("SONDE_OUT"));
	keep_setting(program, sizeof(program), program_name());
	if (getauxval(AT_SECURE))
		role = ROLE_NONE; /* more rights than whoever set the environment */
	else if (spool_dir[0])
		role = ROLE_COLLECTED;
	else if (out_pattern[0])
		role = ROLE_WRITES;
}

/* What executed this program may have forbidden it what we need, or be no kernel: valgrind complains of half of what the
 * unwinder asks. */
static bool is_held_back(void)
{
	const char *call;
	char why[128];

	if (engine_runs_in_valgrind()) {
		preload_say("not profiling", program, "valgrind runs it");
		role = ROLE_NONE;
		return true;
	}
	call = seccomp_inherited_forbids();
	if (!call)
		return false;
	snprintf(why, sizeof(why), "the seccomp filter that it inherited forbids %s", call);
	if (strcmp(call, "openat") != 0 &&
	    strcmp(call, "write") != 0) /* which it takes to say it */
		preload_say("not profiling", program, why);
	role = ROLE_NONE;
	session_retire();
	return true;
}

__attribute__((constructor, section("sonde_text"), noinline)) static void on_load(void)
{
	struct session_opts opts = { .spool_path = spool_path, .follow_forks = true };
	ucontext_t here;
	const char *verbose = getenv("SONDE_VERBOSE");
	bool is_published;
	struct stat st;

	complaints = fstat(STDERR_FILENO, &st) ? -1 : STDERR_FILENO;
	choose_role();
	if (role == ROLE_COLLECTED && settings_come_too_late(&opts.window))
		role = ROLE_NONE;
	if (role == ROLE_NONE || is_held_back())
		return;
	if (!settings_read(&opts, &is_published)) {
		role = ROLE_NONE;
		return;
	}
	is_verbose = verbose && strcmp(verbose, "0") != 0;
	if (role == ROLE_COLLECTED)
		name_collected(0);
	else
		name_writer(&opts.past);
	if (role == ROLE_WRITES && stat(out, &st) == 0 && S_ISDIR(st.st_mode)) {
		preload_say("not profiling: SONDE_OUT is a folder:", out, "");
		role = ROLE_NONE;
		return;
	}
	if (is_published)
		publish_labels();
	settings_push_labels();
	session_on_fork(in_fork_child);
	call_at_quick_exit(preload_finish);
	opts.from_birth = true;
	arch_capture(&here);
	opts.here = &here;
	start(&opts);
}

/* ---- end ---- */

static void write_profile(void)
{
	enum session_guests guests = session_guests();
	struct err err = { "" };
	sigset_t mask;
	int rc;

	if (guests == GUESTS_LIVE) {
		preload_say("children still sample into", spool_path,
			    "'sonde recover' makes the profile of it when they have ended");
		return;
	}
	if (is_child && session_weight() == 0 && guests == GUESTS_NONE) {
		session_discard();
		return;
	}
	own_writes_begin(&mask);
	rc = session_write_file(out, &err);
	own_writes_end(&mask, rc != 0);
	if (rc) {
		own_writes_say(complaints, "sonde: %s\n", err.text);
		if (session_weight() == 0 && guests == GUESTS_NONE)
			unlink(spool_path);
		else
			preload_say("the samples are still in", spool_path, "");
		return;
	}
	unlink(spool_path);
	if (is_verbose)
		own_writes_say(complaints, "sonde: %llu samples in %s\n",
			       (unsigned long long)session_weight(), out);
}

static void leave_behind(void)
{
	if (role == ROLE_WRITES && !session_is_guest()) {
		write_profile();
		return;
	}
	session_mark_finished();
	if (is_child && session_weight() == 0 && session_guests() == GUESTS_NONE)
		session_discard();
	else
		session_trim();
}

void preload_finish(void)
{
	if (role == ROLE_NONE || is_finished || !session_is_of_this_process())
		return;
	is_finished = true;
	if (role == ROLE_COLLECTED && session_window_is_over()) /* all that was to do is done */
		return;
	if (session_end())
		leave_behind();
}

bool preload_is_writer(void)
{
	return role == ROLE_WRITES;
}

void preload_step_back(const char *call)
{
	char why[128];

	if (session_window_is_over()) {
		keeper_stop();
		session_retire();
		return;
	}
	if (session_stop() || role == ROLE_NONE)
		return;
	is_finished = true;
	leave_behind();
	snprintf(why, sizeof(why), "its seccomp filter forbids %s", call);
	preload_say("sampled no more of", program, why);
	session_retire();
}

__attribute__((destructor)) static void on_unload(void)
{
	preload_finish();
}
