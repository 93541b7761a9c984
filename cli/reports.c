/* reports.c - the reading commands, in our spelling (sonde top FILE) and in pprof's (sonde -top
 * FILE). */
#include "cli/reports.h"
#include "cli/cli.h"
#include "cli/picture.h"
#include "cli/read_opts.h"
#include "cli/shell.h"
#include "cli/viewer.h"
#include "cli/web.h"

#include <stdlib.h>
#include <string.h>

struct run {
	const struct report_command *command;
	const char *pattern;
	const struct read_opts *opts;
	struct profile *profile;
};

static int print_report(const struct run *run, FILE *out, struct err *err)
{
	return analyze_report(run->profile, run->command->kind, run->pattern, &run->opts->report,
			      out, &stderr_notes, err);
}

static int print_picture(const struct run *run, FILE *out, struct err *err)
{
	const struct report_command *c = run->command;
	char *dot = NULL;
	size_t n;
	FILE *memory = open_memstream(&dot, &n);
	int rc;

	if (!memory)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	rc = print_report(run, memory, err);
	if (fclose(memory) && !rc)
		rc = err_set(err, SONDE_ENOMEM, "out of memory");
	if (!rc)
		rc = picture_put(out, dot, n, c->picture, c->is_pannable, err);
	free(dot);
	return rc;
}

static int print(void *ctx, FILE *out, struct err *err)
{
	const struct run *run = ctx;

	return run->command->picture ? print_picture(run, out, err) : print_report(run, out, err);
}

int report_show(const struct report_command *command, const char *pattern,
		const struct read_opts *opts, struct profile *p, struct err *err)
{
	struct run run = { command, pattern, opts, p };

	if (command->viewer && !*opts->output)
		return viewer_show(command->viewer, command->extension, print, &run, err);
	return read_opts_output(opts, command->extension, print, &run, err);
}

static int run_report(struct run *run, const string_list *operands, struct err *err)
{
	int rc;

	if (operands->n == 0)
		return err_set(err, SONDE_EUSAGE, "no profile source specified");
	rc = read_opts_load(run->opts, &run->profile, operands->v, operands->n, err);
	if (!rc)
		rc = report_show(run->command, run->pattern, run->opts, run->profile, err);
	profile_free(run->profile);
	return rc;
}

/* ---- sonde top FILE ---- */

static int print_help(const struct report_command *c)
{
	printf("usage: sonde %s [options] %s%s[<binary>] <profile>...\n", c->name,
	       c->arg ? c->arg : "", c->arg ? " " : "");
	if (c->help)
		printf("\n%s: %s\n", c->name, c->help);
	read_opts_print(READ_COMMAND);
	printf("\nexamples:\n  sonde %s %s\n  sonde %s %s--base=before.pb.gz after.pb.gz\n",
	       c->name, c->example, c->name, c->arg ? "main " : "");
	return EXIT_OK;
}

static void take_pattern(struct run *run, string_list *operands)
{
	if (!run->command->arg)
		return;
	run->pattern = operands->v[0];
	operands->n--;
	memmove(operands->v, operands->v + 1, operands->n * sizeof(*operands->v));
}

static int report(void *command, struct read_opts *opts, string_list *operands, struct err *err)
{
	struct run run = { .command = command, .opts = opts };

	if (run.command->arg && operands->n < 2)
		return err_set(err, SONDE_EUSAGE, "%s wants two things: sonde %s %s <profile>",
			       run.command->name, run.command->name, run.command->arg);
	take_pattern(&run, operands);
	return run_report(&run, operands, err);
}

int cmd_report(int argc, char **argv)
{
	const struct report_command *c = report_command_find(argv[0]);

	return wants_help(argc, argv) ? print_help(c)
				      : read_command(READ_COMMAND, argc, argv, report, (void *)c);
}

/* ---- sonde -top FILE ---- */

/* The one report that the options ask for; none = the shell. */
static int choose_command(struct run *run, struct err *err)
{
	const struct read_opts *o = run->opts;

	for (size_t i = 0; i < N_REPORT_COMMANDS; i++) {
		const struct report_command *c = &report_commands[i];

		if (c->arg ? !*o->patterns[i] : !o->chosen[i])
			continue;
		if (run->command)
			return err_set(err, SONDE_EUSAGE, "must set at most one output format");
		run->command = c;
		run->pattern = c->arg ? o->patterns[i] : NULL;
	}
	return 0;
}

static int check_http(const struct run *run, struct err *err)
{
	if (run->command && *run->opts->http)
		return err_set(err, SONDE_EUSAGE,
			       "-http is not compatible with an output format on the command line");
	if (run->opts->no_browser && !*run->opts->http)
		return err_set(err, SONDE_EUSAGE, "-no_browser only makes sense with -http");
	return 0;
}

static int pprof(void *ctx, struct read_opts *opts, string_list *operands, struct err *err)
{
	struct run run = { .opts = opts };
	int rc = choose_command(&run, err);

	if (!rc)
		rc = check_http(&run, err);
	if (rc)
		return rc;
	if (*opts->http)
		return web_serve(opts, opts->http, operands, err);
	if (run.command)
		return run_report(&run, operands, err);
	return shell_open(opts, operands, err);
}

int cmd_pprof(int argc, char **argv)
{
	return read_command(READ_PPROF, argc, argv, pprof, NULL);
}
