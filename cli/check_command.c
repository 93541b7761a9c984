/* check_command.c - sonde check PROFILE, sonde check BEFORE AFTER. */
#include "cli/cli.h"
#include "cli/reports.h"

#include <stdio.h>

struct check {
	const struct read_opts *opts;
	struct profile *const *p;
	const char *const *names;
};

static int print(void *ctx, FILE *out, struct err *err)
{
	const struct check *c = ctx;

	return analyze_check(c->p[0], c->p[1], c->names, &c->opts->report, out, &stderr_notes, err);
}

int check_show(const struct read_opts *opts, struct profile *const p[2], const char *const names[2],
	       struct err *err)
{
	struct check c = { opts, p, names };

	return read_opts_output(opts, NULL, print, &c, err);
}

static int print_help(void)
{
	puts("usage: sonde check [options] <profile>\n"
	     "       sonde check [options] <before> <after>\n\n"
	     "Answers from the profile what one must ask before believing it: is it enough, whole "
	     "and "
	     "named,\n"
	     "does it agree with the kernel's accounts, what kind of cost is it, and which report "
	     "tells more.\n"
	     "With two profiles: can they be compared?");
	read_opts_print(READ_CHECK);
	puts("\nexamples:\n  sonde check cpu.pb.gz\n  sonde check --json before.pb.gz after.pb.gz");
	return EXIT_OK;
}

static int check(void *ctx, struct read_opts *opts, string_list *operands, struct err *err)
{
	struct profile *p[2] = { NULL, NULL };
	const char *names[2] = { NULL, NULL };
	int rc;

	if (operands->n < 1 || operands->n > 2)
		return err_set(err, SONDE_EUSAGE, "check wants one profile, or two to be compared");
	if (opts->bases.n || opts->diff_bases.n)
		return err_set(err, SONDE_EUSAGE,
			       "check takes the profile to compare with as its first operand, not "
			       "as a base");
	for (size_t i = 0; i < operands->n; i++)
		names[i] = operands->v[i];
	rc = read_opts_load_each(opts, p, operands, err);
	if (!rc)
		rc = check_show(opts, p, names, err);
	profile_free(p[0]);
	profile_free(p[1]);
	return rc;
}

int cmd_check(int argc, char **argv)
{
	return wants_help(argc, argv) ? print_help()
				      : read_command(READ_CHECK, argc, argv, check, NULL);
}
