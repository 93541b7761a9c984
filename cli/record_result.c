/* record_result.c - what the command of `sonde record` left behind becomes one profile, and what there is to say of it. */
#include "cli/cli.h"
#include "cli/record.h"
#include "sampler/sampler.h"
#include "symbolize/symbolize.h"
#include "writer/writer.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct spool_name {
	struct spool_info info;
	bool is_of_command;
	char path[PATH_MAX + 256];
};

static int by_start(const void *a, const void *b)
{
	const struct spool_name *x = a, *y = b;
	uint64_t s = x->info.start_realtime_ns, t = y->info.start_realtime_ns;

	if (x->is_of_command != y->is_of_command)
		return x->is_of_command ? -1 : 1;
	return s < t ? -1 : s > t;
}

struct spool_names {
	struct spool_name *v;
	size_t n, room;
};

static struct spool_name *room_for_one(struct spool_names *names)
{
	struct spool_name *more;

	if (names->n == names->room) {
		more = realloc(names->v, (names->room * 2 + 16) * sizeof(*more));
		if (!more)
			return NULL;
		names->v = more;
		names->room = names->room * 2 + 16;
	}
	return &names->v[names->n];
}

static void list_folder(const struct record *r, const char *folder, struct spool_names *names)
{
	DIR *d = opendir(folder);
	struct spool_name *name;
	struct dirent *e;
	struct err err;
	int rc;

	while (d && (e = readdir(d))) {
		size_t length = strlen(e->d_name);

		if (length < 6 || strcmp(e->d_name + length - 6, ".spool") != 0)
			continue;
		name = room_for_one(names);
		if (!name)
			break;
		snprintf(name->path, sizeof(name->path), "%s/%s", folder, e->d_name);
		rc = spool_info_read(&name->info, name->path, &err);
		name->is_of_command = rc == 0 && name->info.pid == r->pid;
		if (rc == 0)
			names->n++;
		else if (rc != SONDE_ENOTFOUND)
			complain("%s", err.text);
	}
	if (d)
		closedir(d);
}

/* The command's own first, the others in the order in which they started.  What its process had no time to begin is left
 * out. */
static size_t list_spools(const struct record *r, struct spool_name **out)
{
	struct spool_names names = { 0 };

	list_folder(r, r->folder.path, &names);
	list_folder(r, r->folder.beside, &names);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_start);
	*out = names.v;
	return names.n;
}

static bool are_at_rest(const struct record *r)
{
	struct spool_name *names;
	size_t n = list_spools(r, &names);
	bool is_busy = false;

	for (size_t i = 0; i < n && !is_busy; i++)
		is_busy = !names[i].info.finished && still_runs(&names[i].info, names[i].path);
	free(names);
	return !is_busy;
}

/* A process that is stopped, or lost its keeper, never says so: what it has sampled is there all the same. */
void record_wait_for_spools(const struct record *r)
{
	enum { ROUNDS = 200 };
	const struct timespec pause = { 0, 10000000 };

	for (int i = 0; i < ROUNDS && !are_at_rest(r); i++)
		nanosleep(&pause, NULL);
}

void record_read_spools(struct record *r)
{
	struct spool_name *names;
	size_t n = list_spools(r, &names), n_busy = 0;
	int first_pid = 0;
	struct err err;

	for (size_t i = 0; i < n; i++) {
		const struct spool_info *info = &names[i].info;

		r->was_sampled |= info->pid == r->pid;
		if (info->weight && info->pid != first_pid) {
			first_pid = info->pid;
			n_busy++;
		}
		n_busy += info->n_guests;
		if (!info->finished && !r->quiet && still_runs(info, names[i].path))
			complain("process %d still runs: in the profile are its samples up to now",
				 info->pid);
	}
	r->spools = spool_profile_new();
	if (n_busy > 1)
		spool_profile_label_pids(r->spools);
	for (size_t i = 0; i < n; i++)
		if (spool_profile_add_file(r->spools, names[i].path, &err))
			complain("%s", err.text);
	free(names);
}

static void summarize(const struct record *r)
{
	const struct spool_stats *st = spool_profile_stats(r->spools);
	uint64_t all = st->weight + st->lost_weight;
	char images[64] = "";

	if (st->n_images_with_samples > 1)
		snprintf(images, sizeof(images), " of %u processes", st->n_images_with_samples);
	fprintf(stderr,
		"sonde: %llu sample%s, %llu thread%s%s, %.2g%% lost, in %s; next: sonde top %s\n",
		(unsigned long long)st->weight, st->weight == 1 ? "" : "s",
		(unsigned long long)st->threads, st->threads == 1 ? "" : "s", images,
		all ? 100.0 * (double)st->lost_weight / (double)all : 0.0, r->out, r->out);
}

/* Mostly of what was not sampled at all, or of what was. */
static const char *why_missing(const struct record *r, uint64_t used, uint64_t found)
{
	uint64_t sampled = spool_profile_stats(r->spools)->cpu_ns;

	if (sampled > found && sampled - found > (used - found) / 2)
		return "threads that block the signal or sleep at each of the kernel's ticks (-E "
		       "perf sees those), or processes that end before they begin";
	return r->was_sampled ? "processes that did not load libsonde.so (static or setuid "
				"programs, an environment without LD_PRELOAD), or that a sandbox "
				"keeps from this folder and from /dev/shm"
			      : "the command did not load libsonde.so (a static or a setuid "
				"program?), what is in the profile was started by it";
}

/* More than the error of so many samples, a tenth, and what threads and processes use unseen? */
static bool is_much_missing(const struct spool_stats *st, uint64_t used, uint64_t period_ns)
{
	double found = (double)(st->weight + st->lost_weight) * (double)period_ns;
	double missing = (double)used - found;
	double ends = (double)st->n_images * 1e6; /* what a process uses to end is in no profile */

	return missing > ends + 1e8 && missing > (double)used / 10 &&
	       missing > 3 * sqrt(found * (double)period_ns);
}

/* The kernel knows what the samples should add up to: by the clocks of the processes that were sampled, and by its own
 * account of the command and all that it waited for. */
static void tell_missing(const struct record *r, uint64_t period_ns)
{
	const struct spool_stats *st = spool_profile_stats(r->spools);
	uint64_t found = (st->weight + st->lost_weight) * period_ns;
	uint64_t used = r->cpu_ns > st->cpu_ns ? r->cpu_ns : st->cpu_ns;

	if (!found && r->ended_in_delay)
		complain("no samples: the command ended before the %g s of delay were over",
			 r->delay_s);
	else if (!found && used < 10 * period_ns)
		complain("no samples: the command used %.1f ms of CPU time, and one is taken every "
			 "%.1f ms: let it run longer, or ask for more (-F)",
			 (double)used / 1e6, (double)period_ns / 1e6);
	else if (!found || is_much_missing(st, used, period_ns))
		complain("%.2f s of %.2f s of CPU time have no samples: %s",
			 (double)(used - found) / 1e9, (double)used / 1e9,
			 why_missing(r, used, found));
}

/* Which engine it was: when asked to be verbose, and when it is not what was asked for. */
static void tell_engine(const struct record *r, uint64_t period_ns)
{
	const char *note = spool_profile_engine_note(r->spools);
	uint64_t longest_ns = spool_profile_stats(r->spools)->longest_ns;
	bool is_degraded = note[0] && (longest_ns > period_ns || r->kernel ||
				       (r->engine && strcmp(r->engine, "perf") == 0));

	if (r->verbose || is_degraded)
		complain("%s looked at each running thread %.6g times a second%s%s",
			 spool_profile_engine(r->spools), 1e9 / (double)longest_ns,
			 note[0] ? "; " : "", note);
}

static void say(void *ctx, const char *sentence)
{
	complain("%s", sentence);
}

/* The library says in a file why it could not begin or go on. */
static bool tell_problem_in(const char *folder)
{
	char path[PATH_MAX + 16], text[1200] = "";
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/problem", folder);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	f = fd < 0 ? NULL : fdopen(fd, "r");
	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = 0;
	text[strcspn(text, "\n")] = 0;
	fclose(f);
	if (text[0])
		complain("%s", text);
	return text[0] != 0;
}

static bool tell_problem(const struct record *r)
{
	return tell_problem_in(r->folder.path) || tell_problem_in(r->folder.beside);
}

int record_write_profile(struct record *r)
{
	struct profile *p = spool_profile_finish(r->spools);
	struct symbolize_opts opts = { .tell = r->verbose ? say : NULL,
				       .verbose = r->verbose,
				       .is_fresh = true,
				       .use_cache = !r->no_cache };
	struct symbolize_stats stats = { 0 };
	struct err err;

	if (!r->no_symbols && symbolize_profile(p, &opts, &stats, &err))
		complain("%s", err.text);
	if (profile_write_file(p, r->out, &err)) {
		complain("%s", err.text);
		return -1;
	}
	if (!r->quiet) {
		(void)tell_problem(r);
		tell_engine(r, (uint64_t)p->period);
		tell_missing(r, (uint64_t)p->period);
		summarize(r);
	}
	return 0;
}

/* If it says nothing it was not there: a static program, or one with more rights than its caller, does not load it. */
void record_explain_nothing(const struct record *r)
{
	if (!tell_problem(r))
		complain(
			"no profile: '%s' did not load libsonde.so (a static or a setuid program?)",
			r->command[0]);
}

bool record_died_young(struct record *r, int status)
{
	struct timespec now;

	if (!WIFSIGNALED(status))
		return false;
	if (!r->quiet)
		complain("'%s' was ended by signal %d before it could be sampled: the profile is "
			 "empty",
			 r->command[0], WTERMSIG(status));
	clock_gettime(CLOCK_REALTIME, &now);
	spool_profile_expect(r->spools, 1000000000 / r->hz,
			     (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec);
	return true;
}
