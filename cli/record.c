/* record.c - sonde record: run a command with the library preloaded, then put what it left behind into one profile.
 *
 * Each process image of the command leaves a spool in a folder of our own.  When the command has ended the spools are
 * read, whatever became of their processes, added up, symbolized and written.  The command's streams, signals and exit
 * status are its own; what record says goes to stderr, after the command has ended.
 */
#include "cli/cli.h"
#include "cli/spool_folder.h"
#include "sampler/sampler.h"
#include "symbolize/symbolize.h"
#include "writer/writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_OWN_FAILURE = EXIT_FAILED, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

struct record {
	unsigned hz;
	unsigned long long max_bytes; /* of samples in each process; 0 = the library's default */
	const char *out, *engine;     /* engine NULL: the environment's, or auto */
	bool quiet, force, verbose, kernel, no_symbols, no_cache;
	char **command;
	char library[PATH_MAX];
	struct spool_folder folder;
	struct spool_profile *spools;
	int pid;	  /* of the command */
	bool was_sampled; /* it, and not only what it started */
	uint64_t cpu_ns;  /* of it and of all that it waited for, by the kernel's account */
};

struct option_row {
	const char *name;
	char letter;
	const char *argument; /* NULL = none */
	const char *help;
};

static const struct option_row option_rows[] = {
	{ "frequency", 'F', "<hz>",
	  "samples for each second of CPU time, 1 to 10000 (default: 100)" },
	{ "event", 'e', "cpu", "what to sample (default: cpu)" },
	{ "engine", 'E', "<engine>",
	  "perf, timer, or auto: what makes the samples come (default: auto)" },
	{ "kernel", 'k', NULL,
	  "show the kernel's frames above those of the program, where permitted" },
	{ "output", 'o', "<file>", "write the profile here (default: sonde.pb.gz)" },
	{ "force", 'f', NULL, "replace the default file if it exists" },
	{ "label", 'l', "<key>=<value>", "put a label on every sample; may be repeated" },
	{ "max-memory", 'm', "<size>",
	  "memory for the samples of each process: 256K or more (default: 128M)" },
	{ "no-symbolize", 'n', NULL, "leave functions and lines to whoever reads the profile" },
	{ "no-cache", 'c', NULL, "neither use nor keep what other runs found out about binaries" },
	{ "verbose", 'v', NULL, "say which engine sampled, and where symbols were looked for" },
	{ "quiet", 'q', NULL, "say nothing when all went well" },
	{ "help", 'h', NULL, "show this text" },
};
enum { N_OPTIONS = sizeof(option_rows) / sizeof(option_rows[0]) };

static void print_help(FILE *f)
{
	fprintf(f, "usage: sonde record [-F <hz>] [-o <file>] [--] <command> [<argument>...]\n\n"
		   "Runs the command and writes a profile of where it spent its CPU time: all "
		   "threads, all processes.\n"
		   "The exit status is the command's.\n\n");
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &option_rows[i];
		char text[64];

		snprintf(text, sizeof(text), "-%c, --%s%s%s", o->letter, o->name,
			 o->argument ? " " : "", o->argument ? o->argument : "");
		fprintf(f, "  %-26s  %s\n", text, o->help);
	}
	fprintf(f, "\nExamples:\n"
		   "  sonde record -o build.pb.gz -- make -j4\n"
		   "  sonde record -F 1000 ./server --port 8080\n");
}

static int usage(const char *fmt, const char *what)
{
	complain(fmt, what);
	fprintf(stderr, "usage: sonde record [-F <hz>] [-o <file>] [--] <command> [<argument>...]\n"
			"       sonde record --help\n");
	return EXIT_USAGE;
}

/* ---- options ---- */

static void add_label(const char *pair)
{
	const char *before = getenv("SONDE_LABELS");
	char *all;

	if (asprintf(&all, "%s%s%s", before ? before : "", before && before[0] ? "," : "", pair) >=
	    0) {
		setenv("SONDE_LABELS", all, 1);
		free(all);
	}
}

/* "64M": bytes, K, M or G; 0 when it is no size that the library can work with. */
static unsigned long long read_size(const char *text)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	unsigned long long n = strtoull(text, &end, 10);
	unsigned shift = 0;

	if (end == text || text[0] == '-')
		return 0;
	if (*end && (unit = strchr(units, *end)) != NULL && !end[1])
		shift = 10 * (unsigned)(unit - units + 1);
	else if (*end)
		return 0;
	return n <= SONDE_MOST_MEMORY >> shift && n << shift >= SONDE_LEAST_MEMORY ? n << shift : 0;
}

static int read_option(struct record *r, int letter)
{
	char *end;
	long n;

	switch (letter) {
	case 'F':
		n = strtol(optarg, &end, 10);
		if (*end || end == optarg || n < 1 || n > 10000)
			return usage("frequency '%s' is not a number from 1 to 10000", optarg);
		r->hz = (unsigned)n;
		return 0;
	case 'e':
		return strcmp(optarg, "cpu") == 0
			       ? 0
			       : usage("unknown event '%s': this version samples 'cpu'", optarg);
	case 'E':
		if (strcmp(optarg, "auto") && strcmp(optarg, "perf") && strcmp(optarg, "timer"))
			return usage("engine '%s' is not 'auto', 'perf' or 'timer'", optarg);
		r->engine = optarg;
		return 0;
	case 'o':
		r->out = optarg;
		return 0;
	case 'l':
		if (!strchr(optarg, '=') || optarg[0] == '=' || strchr(optarg, ','))
			return usage("label '%s' is not of the form key=value without commas",
				     optarg);
		add_label(optarg);
		return 0;
	case 'm':
		r->max_bytes = read_size(optarg);
		return r->max_bytes ? 0
				    : usage("memory '%s' is not a size from 256K to 64G, like 64M",
					    optarg);
	case 'f':
		r->force = true;
		return 0;
	case 'n':
		r->no_symbols = true;
		return 0;
	case 'c':
		r->no_cache = true;
		return 0;
	case 'k':
		r->kernel = true;
		return 0;
	case 'v':
		r->verbose = true;
		return 0;
	case 'q':
		r->quiet = true;
		return 0;
	default:
		return 0;
	}
}

/* 0 to go on, else the exit status + 1. */
static int read_options(struct record *r, int argc, char **argv)
{
	struct option longs[N_OPTIONS + 1] = { { 0 } };
	char shorts[2 * N_OPTIONS + 3] = "+:";
	size_t n = 2;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &option_rows[i];

		longs[i] = (struct option){ o->name, o->argument ? required_argument : no_argument,
					    NULL, o->letter };
		shorts[n++] = o->letter;
		if (o->argument)
			shorts[n++] = ':';
	}
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
		int rc;

		if (c == 'h') {
			print_help(stdout);
			return 1 + EXIT_OK;
		}
		if (c == '?' || c == ':')
			return 1 +
			       usage(c == ':' ? "option '%s' needs a value" : "unknown option '%s'",
				     argv[optind - 1]);
		rc = read_option(r, c);
		if (rc)
			return 1 + rc;
	}
	r->command = argv + optind;
	return r->command[0] ? 0 : 1 + usage("no command to run%s", "");
}

/* ---- before the command ---- */

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

/* ---- the command ---- */

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

static int run_command(struct record *r)
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

/* ---- afterwards ---- */

struct spool_name {
	struct spool_info info;
	char path[PATH_MAX + 256];
};

static int by_start(const void *a, const void *b)
{
	const struct spool_name *x = a, *y = b;
	uint64_t s = x->info.start_realtime_ns, t = y->info.start_realtime_ns;

	return s < t ? -1 : s > t;
}

/* In the order in which the images started, so that the command itself comes first.  What its process had no time to
 * begin is left out. */
static size_t list_spools(const char *folder, struct spool_name **out)
{
	struct spool_name *names = NULL;
	DIR *d = opendir(folder);
	struct dirent *e;
	size_t n = 0, room = 0;

	while (d && (e = readdir(d))) {
		size_t length = strlen(e->d_name);
		struct err err;
		int rc;

		if (length < 6 || strcmp(e->d_name + length - 6, ".spool") != 0)
			continue;
		if (n == room) {
			struct spool_name *more =
				realloc(names, (room = room * 2 + 16) * sizeof(*names));

			if (!more)
				break;
			names = more;
		}
		snprintf(names[n].path, sizeof(names->path), "%s/%s", folder, e->d_name);
		rc = spool_info_read(&names[n].info, names[n].path, &err);
		if (rc == 0)
			n++;
		else if (rc != SONDE_ENOTFOUND)
			complain("%s", err.text);
	}
	if (d)
		closedir(d);
	if (n)
		qsort(names, n, sizeof(*names), by_start);
	*out = names;
	return n;
}

static void read_spools(struct record *r)
{
	struct spool_name *names;
	size_t n = list_spools(r->folder.path, &names), n_busy = 0;
	int first_pid = 0;
	struct err err;

	for (size_t i = 0; i < n; i++) {
		const struct spool_info *info = &names[i].info;

		r->was_sampled |= info->pid == r->pid;
		if (info->weight && info->pid != first_pid) {
			first_pid = info->pid;
			n_busy++;
		}
		if (!info->finished && !r->quiet && still_runs(info->pid, names[i].path))
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
		return "threads that block all signals, or processes that end before they begin";
	return r->was_sampled ? "processes that did not load libsonde.so: static or setuid "
				"programs, or an environment without LD_PRELOAD"
			      : "the command did not load libsonde.so (a static or a setuid "
				"program?), what is in the profile was started by it";
}

/* The kernel knows what the samples should add up to: by the clocks of the processes that were sampled, and by its own
 * account of the command and all that it waited for. */
static void tell_missing(const struct record *r, uint64_t period_ns)
{
	const struct spool_stats *st = spool_profile_stats(r->spools);
	uint64_t found = (st->weight + st->lost_weight) * period_ns;
	uint64_t used = r->cpu_ns > st->cpu_ns ? r->cpu_ns : st->cpu_ns;
	uint64_t ends =
		(uint64_t)st->n_images * 1000000; /* what a process uses to end is in no profile */

	if (!found && used < 10 * period_ns)
		complain("no samples: the command used %.1f ms of CPU time, and one is taken every "
			 "%.1f ms: let it run longer, or ask for more (-F)",
			 (double)used / 1e6, (double)period_ns / 1e6);
	else if (!found || (used > found + ends + 100000000 && found < used / 10 * 9))
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
static bool tell_problem(const struct record *r)
{
	char path[PATH_MAX + 16], text[1200] = "";
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/problem", r->folder.path);
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

static int write_profile(struct record *r)
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
static void explain_nothing(const struct record *r)
{
	if (!tell_problem(r))
		complain(
			"no profile: '%s' did not load libsonde.so (a static or a setuid program?)",
			r->command[0]);
}

/* A program that was killed while it was loaded leaves an empty profile, not none. */
static bool died_young(struct record *r, int status)
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

static int exit_status(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cmd_record(int argc, char **argv)
{
	struct record r = { .hz = 100 };
	int rc = read_options(&r, argc, argv), status;

	if (rc)
		return rc - 1;
	if (!r.out) {
		r.out = "sonde.pb.gz";
		if (!r.force && access(r.out, F_OK) == 0) {
			complain("'%s' exists: name another with -o, or replace it with -f", r.out);
			return STATUS_OWN_FAILURE;
		}
	}
	if (!find_library(&r) || !output_is_writable(&r) || !spool_folder_open(&r.folder))
		return STATUS_OWN_FAILURE;
	status = run_command(&r);
	rc = status < 0 ? STATUS_OWN_FAILURE : exit_status(status);
	read_spools(&r);
	if (spool_profile_stats(r.spools)->n_images || (status > 0 && died_young(&r, status))) {
		if (write_profile(&r))
			rc = rc ? rc : STATUS_OWN_FAILURE;
	} else if (status >= 0 && rc != STATUS_NOT_FOUND && rc != STATUS_NOT_EXECUTABLE) {
		explain_nothing(&r);
		rc = rc ? rc : STATUS_OWN_FAILURE;
	}
	spool_profile_free(r.spools);
	spool_folder_remove(&r.folder);
	return rc;
}
