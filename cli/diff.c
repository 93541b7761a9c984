/* diff.c - sonde diff BEFORE AFTER. */
#include "cli/cli.h"
#include "cli/read_opts.h"

struct run {
	const struct read_opts *opts;
	struct profile *before, *after;
	size_t n_above;
};

static int print(void *ctx, FILE *out, struct err *err)
{
	struct run *run = ctx;
	const struct diff_opts diff = { .normalize = run->opts->normalize,
					.fail_above = run->opts->fail_above };

	return analyze_diff(run->before, run->after, &diff, &run->opts->report, out, &run->n_above,
			    &stderr_notes, err);
}

static int print_help(void)
{
	puts("usage: sonde diff [options] <before> <after>\n\n"
	     "Prints what each function cost before and after, the change, and the sampling error "
	     "of each.\n"
	     "Rows that changed by more than three standard errors are marked with *.\n"
	     "Exit status 3: a row is above the limit of --fail-above, and beyond its error.");
	read_opts_print(READ_DIFF);
	puts("\nexamples:\n  sonde diff before.pb.gz after.pb.gz\n  sonde diff --cum --normalize "
	     "before.pb.gz after.pb.gz\n  sonde diff --cum --fail-above 5% before.pb.gz "
	     "after.pb.gz");
	return EXIT_OK;
}

static int run_diff(struct run *run, const string_list *operands, struct err *err)
{
	int rc;

	if (operands->n != 2)
		return err_set(err, SONDE_EUSAGE, "diff wants two profiles, before and after");
	if (run->opts->bases.n || run->opts->diff_bases.n)
		return err_set(err, SONDE_EUSAGE, "diff has its own base: the first profile");
	rc = read_opts_load(run->opts, &run->before, operands->v, 1, err);
	if (!rc)
		rc = read_opts_load(run->opts, &run->after, operands->v + 1, 1, err);
	if (!rc)
		rc = read_opts_output(run->opts, NULL, print, run, err);
	profile_free(run->before);
	profile_free(run->after);
	return rc;
}

int cmd_diff(int argc, char **argv)
{
	string_list operands = VEC_INIT;
	struct read_opts opts;
	struct run run = { .opts = &opts };
	struct err err = { "" };
	int rc;

	if (wants_help(argc, argv))
		return print_help();
	read_opts_init(&opts);
	rc = read_opts_parse(&opts, READ_DIFF, argc, argv, &operands, &err);
	if (!rc)
		rc = run_diff(&run, &operands, &err);
	read_opts_release(&opts);
	VEC_RELEASE(&operands);
	return rc ? exit_status(rc, &err) : run.n_above ? EXIT_ABOVE_LIMIT : EXIT_OK;
}
