/* record_options.c - the options of `sonde record`. */
#include "cli/cli.h"
#include "cli/record.h"
#include "sampler/sampler.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	{ "delay", 'D', "<seconds>", "begin to sample so long after the command's start" },
	{ "duration", 'd', "<seconds>",
	  "sample for so long, then write the profile; the command goes on" },
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
	fprintf(f,
		"usage: sonde record [-F <hz>] [-o <file>] [--] <command> [<argument>...]\n\n"
		"Runs the command and writes a profile of where it spent its CPU time: all "
		"threads, all processes.\n"
		"The exit status is the command's.  With --duration the profile is there when the "
		"time is over: from\nthen on nothing is sampled, and record waits for the command "
		"to "
		"end, however long that takes.\n\n");
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *o = &option_rows[i];
		char text[64];

		snprintf(text, sizeof(text), "-%c, --%s%s%s", o->letter, o->name,
			 o->argument ? " " : "", o->argument ? o->argument : "");
		fprintf(f, "  %-26s  %s\n", text, o->help);
	}
	fprintf(f, "\nExamples:\n"
		   "  sonde record -o build.pb.gz -- make -j4\n"
		   "  sonde record -F 1000 ./server --port 8080\n"
		   "  sonde record --delay 5 --duration 30 ./server --port 8080\n");
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

/* 0 when it is no time to wait for. */
static double read_seconds(const char *text)
{
	char *end;
	double s = strtod(text, &end);

	return end != text && !*end && s >= 0.001 && s <= 1e8 ? s : 0;
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
	case 'D':
		r->delay_s = read_seconds(optarg);
		return r->delay_s > 0 ? 0 : usage("delay '%s' is not a number of seconds", optarg);
	case 'd':
		r->duration_s = read_seconds(optarg);
		return r->duration_s > 0
			       ? 0
			       : usage("duration '%s' is not a number of seconds", optarg);
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

int record_read_options(struct record *r, int argc, char **argv)
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
