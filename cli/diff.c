/* diff.c - sonde diff BEFORE AFTER. */
#include "cli/cli.h"
#include "cli/reports.h"

#include <stdio.h>

struct diff {
	const struct read_opts *opts;
	struct profile *before, *after;
	size_t n_above;
};

static int print(void *ctx, FILE *out, struct err *err)
{
	struct diff *d = ctx;
	const struct diff_opts diff = { .normalize = d->opts->normalize,
					.fail_above = d->opts->fail_above };

	return analyze_diff(d->before, d->after, &diff, &d->opts->report, out, &d->n_above,
			    &stderr_notes, err);
}

int diff_show(const struct read_opts *opts, struct profile *before, struct profile *after,
	      size_t *n_above, struct err *err)
{
	struct diff d = { .opts = opts, .before = before, .after = after };
	int rc = read_opts_output(opts, NULL, print, &d, err);

	*n_above = d.n_above;
	return rc;
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

static int diff(void *n_above, struct read_opts *opts, string_list *operands, struct err *err)
{
	struct profile *p[2] = { NULL, NULL };
	int rc;

	if (operands->n != 2)
		return err_set(err, SONDE_EUSAGE, "diff wants two profiles, before and after");
	if (opts->bases.n || opts->diff_bases.n)
		return err_set(err, SONDE_EUSAGE, "diff has its own base: the first profile");
	rc = read_opts_load_each(opts, p, operands, err);
	if (!rc)
		rc = diff_show(opts, p[0], p[1], n_above, err);
	profile_free(p[0]);
	profile_free(p[1]);
	return rc;
}

int cmd_diff(int argc, char **argv)
{
	size_t n_above = 0;
	int status;

	if (wants_help(argc, argv))
		return print_help();
	status = read_command(READ_DIFF, argc, argv, diff, &n_above);
	return status == EXIT_OK && n_above ? EXIT_ABOVE_LIMIT : status;
}
