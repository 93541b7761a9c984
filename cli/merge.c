/* merge.c - sonde merge PROFILE... -o FILE: add profiles up. */
#include "analyze/analyze.h"
#include "cli/cli.h"
#include "cli/memory_limit.h"
#include "cli/options.h"
#include "cli/reports.h"
#include "writer/writer.h"

#include <stdio.h>

struct options {
	const char *output, *max_memory;
};

#define FIELD(member) offsetof(struct options, member)
static const struct option_row rows[] = {
	{ "o", OPTION_STRING, FIELD(output), 0, NULL, NULL, NULL },
	{ "output", OPTION_STRING, FIELD(output), 0, "options", "<file>",
	  "write the profile here; also -o" },
	{ "max_memory", OPTION_STRING, FIELD(max_memory), 0, "options", "<size>",
	  "use no more memory for profiles, as 4GB (default: what fits the input)" },
};
enum { N_ROWS = sizeof(rows) / sizeof(rows[0]) };

static int print_help(void)
{
	puts("usage: sonde merge <profile>... -o <file>\n\n"
	     "Adds profiles up, one after the other, so that any number of them fits.  Where their "
	     "sample types\n"
	     "differ the result has all of them, and a sample 0 in those that its profile lacks.");
	options_print(rows, N_ROWS);
	puts("\nexamples:\n  sonde merge cpu.*.pb.gz -o cpu.pb.gz\n"
	     "  sonde merge cpu.pb.gz heap.pb.gz -o both.pb.gz");
	return EXIT_OK;
}

static int merge(const struct options *o, const string_list *files, struct err *err)
{
	struct profile *p = NULL;
	struct merge_stats stats;
	int rc = 0;

	if (files->n == 0)
		rc = err_set(err, SONDE_EUSAGE, "no profile source specified");
	else if (!o->output || !o->output[0])
		rc = err_set(err, SONDE_EUSAGE, "merge wants a file to write to (-o <file>)");
	if (!rc)
		rc = memory_limit_allow(o->max_memory, files->v, files->n, err);
	if (!rc)
		rc = analyze_merge(&p, NULL, files->v, files->n, &stats, err);
	if (!rc)
		rc = profile_write_file(p, o->output, err);
	profile_free(p);
	if (!rc)
		fprintf(stderr, "sonde: %zu profile%s, %zu samples, in %s%s%s\n", files->n,
			files->n == 1 ? "" : "s", stats.n_samples, o->output,
			stats.united[0] ? "; sample types united: " : "", stats.united);
	return rc;
}

/* ---- in the shell ---- */

static int put(void *profile, FILE *out, struct err *err)
{
	fflush(out);
	return profile_write_fd(profile, fileno(out), "the profile", err);
}

int merge_show(const struct read_opts *opts, const struct profile *p, const char *const *files,
	       size_t n, struct err *err)
{
	struct profile *sum = NULL;
	struct merge_stats stats;
	int rc = memory_limit_allow(opts->max_memory, files, n, err);

	if (!rc)
		rc = analyze_merge(&sum, p, files, n, &stats, err);
	if (!rc)
		rc = read_opts_output(opts, "pb.gz", put, sum, err);
	if (!rc && stats.united[0])
		fprintf(stderr, "sample types united: %s\n", stats.united);
	profile_free(sum);
	return rc;
}

int cmd_merge(int argc, char **argv)
{
	string_list files = VEC_INIT;
	struct options o = { 0 };
	struct err err = { "" };
	int rc;

	if (wants_help(argc, argv))
		return print_help();
	rc = options_parse(rows, N_ROWS, &o, argc, argv, &files, &err);
	if (!rc)
		rc = merge(&o, &files, &err);
	VEC_RELEASE(&files);
	if (!rc)
		return EXIT_OK;
	complain("%s", err.text);
	return rc == SONDE_EUSAGE ? EXIT_USAGE : EXIT_FAILED;
}
