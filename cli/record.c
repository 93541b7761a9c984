/* record.c - sonde record: run a command with the library preloaded, then put what it left behind into one profile.
 *
 * Each process image of the command leaves a spool in a folder of our own.  When the command has ended the spools are
 * read, whatever became of their processes, added up, symbolized and written.  The command's streams, signals and exit
 * status are its own; what record says goes to stderr, after the command has ended.
 */
#include "cli/record.h"
#include "cli/cli.h"
#include "sampler/sampler.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool find_library(struct record *r)
{
	static const char *const places[] = { "libsonde.so", "../lib/libsonde.so" };
	char exe[PATH_MAX / 2];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = 0;
	slash = strrchr(exe, '/');
	if (slash)
		slash[1] = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(r->library, sizeof(r->library), "%s%s", exe, places[i]);
		if (access(r->library, R_OK))
			continue;
		if (!strpbrk(r->library, " :"))
			return true;
		complain("cannot preload '%s': LD_PRELOAD knows no names with a blank or a colon",
			 r->library);
		return false;
	}
	complain("libsonde.so is neither in '%s' nor in '%s../lib'", exe, exe);
	return false;
}

/* The output must be writable: find out before the command runs, not after. */
static bool output_is_writable(const struct record *r)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(r->out, '/');

	if (access(r->out, F_OK) == 0) {
		if (access(r->out, W_OK) == 0)
			return true;
	} else {
		snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - r->out + 1) : 1,
			 slash ? r->out : ".");
		if (access(folder, W_OK | X_OK) == 0)
			return true;
	}
	complain("cannot write '%s': %s", r->out, strerror(errno));
	return false;
}

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* From what is there now.  The exit status: rc, if nothing went wrong but the command. */
static int write_what_there_is(struct record *r, bool has_ended, int status, int rc)
{
	record_read_spools(r);
	if (spool_profile_stats(r->spools)->n_images ||
	    (has_ended && status > 0 && record_died_young(r, status))) {
		if (record_write_profile(r))
			rc = rc ? rc : STATUS_OWN_FAILURE;
	} else if (!r->failed) {
		record_explain_nothing(r);
		rc = rc ? rc : STATUS_OWN_FAILURE;
	}
	spool_profile_free(r->spools);
	spool_folder_remove(&r->folder);
	return rc;
}

/* The profile is written when the command has ended, or when the time to sample is over; then the command goes on. */
static int run_and_write(struct record *r)
{
	int status = 0, own = 0, rc;

	if (record_wait_for_samples(r, &status))
		return write_what_there_is(r, true, status, exit_status(status));
	record_wait_for_spools(r);
	own = write_what_there_is(r, false, 0, 0);
	rc = exit_status(record_wait_for_end(r));
	return rc ? rc : own;
}

int cmd_record(int argc, char **argv)
{
	struct record r = { .hz = 100 };
	int rc = record_read_options(&r, argc, argv);

	if (rc)
		return rc - 1;
	if (!r.out) {
		r.out = "sonde.pb.gz";
		if (!r.force && access(r.out, F_OK) == 0) {
			complain("'%s' exists: name another with -o, or replace it with -f", r.out);
			return STATUS_OWN_FAILURE;
		}
	}
	if (!find_library(&r) || !output_is_writable(&r) || !spool_folder_open(&r.folder, r.out))
		return STATUS_OWN_FAILURE;
	if (record_start_command(&r) == 0)
		return run_and_write(&r);
	spool_folder_remove(&r.folder);
	return STATUS_OWN_FAILURE;
}
