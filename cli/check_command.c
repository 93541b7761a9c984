/* check_command.c - sonde check PROFILE, sonde check BEFORE AFTER. */
#include "cli/cli.h"
#include "cli/reports.h"

struct run {
	const struct read_opts *opts;
	struct profile *p, *other;
	const char *names[2];
};

static int print(void *ctx, FILE *out, struct err *err)
{
	const struct run *run = ctx;

	return analyze_check(run->p, run->other, run->names, &run->opts->report, out, &stderr_notes,
			     err);
}

int check_show(const char *name, const struct read_opts *opts, struct profile *p, struct err *err)
{
	struct run run = { .opts = opts, .p = p, .names = { name } };

	return read_opts_output(opts, NULL, print, &run, err);
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
	read_opts_print(READ_COMMAND);
	puts("\nexamples:\n  sonde check cpu.pb.gz\n  sonde check --json before.pb.gz after.pb.gz");
	return EXIT_OK;
}

static int run_check(struct run *run, const string_list *operands, struct err *err)
{
	int rc;

	if (operands->n < 1 || operands->n > 2)
		return err_set(err, SONDE_EUSAGE, "check wants one profile, or two to be compared");
	if (run->opts->bases.n || run->opts->diff_bases.n)
		return err_set(err, SONDE_EUSAGE,
			       "check takes the profile to compare with as its first operand, not "
			       "as a base");
	run->names[0] = operands->v[0];
	rc = read_opts_load(run->opts, &run->p, operands->v, 1, err);
	if (!rc && operands->n == 2) {
		run->names[1] = operands->v[1];
		rc = read_opts_load(run->opts, &run->other, operands->v + 1, 1, err);
	}
	if (!rc)
		rc = read_opts_output(run->opts, NULL, print, run, err);
	profile_free(run->p);
	profile_free(run->other);
	return rc;
}

int cmd_check(int argc, char **argv)
{
	string_list operands = VEC_INIT;
	struct read_opts opts;
	struct run run = { .opts = &opts };
	struct err err = { "" };
	int rc;

	if (wants_help(argc, argv))
		return print_help();
	read_opts_init(&opts);
	rc = read_opts_parse(&opts, READ_COMMAND, argc, argv, &operands, &err);
	if (!rc)
		rc = run_check(&run, &operands, &err);
	read_opts_release(&opts);
	VEC_RELEASE(&operands);
	return exit_status(rc, &err);
}
