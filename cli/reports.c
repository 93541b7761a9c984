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

static int run_report(struct run *run, const string_list *operands)
{
	struct err err = { "" };
	int rc;

	if (operands->n == 0) {
		complain("no profile source specified");
		return EXIT_USAGE;
	}
	rc = read_opts_load(run->opts, &run->profile, operands->v, operands->n, &err);
	if (!rc)
		rc = report_show(run->command, run->pattern, run->opts, run->profile, &err);
	profile_free(run->profile);
	return exit_status(rc, &err);
}

/* ---- sonde top FILE ---- */

static int print_help(const struct report_command *c)
{
	printf("usage: sonde %s [options] %s%s[<binary>] <profile>...\n", c->name,
	       c->arg ? c->arg : "", c->arg ? " " : "");
	read_opts_print(READ_COMMAND);
	printf("\nexamples:\n  sonde %s %s\n  sonde %s %s--base=before.pb.gz after.pb.gz\n",
	       c->name, c->example, c->name, c->arg ? "main " : "");
	return EXIT_OK;
}

static void take_pattern(struct run *run, string_list *operands)
{
	if (!run->command->arg || operands->n == 0)
		return;
	run->pattern = operands->v[0];
	operands->n--;
	memmove(operands->v, operands->v + 1, operands->n * sizeof(*operands->v));
}

int cmd_report(int argc, char **argv)
{
	string_list operands = VEC_INIT;
	struct read_opts opts;
	struct run run = { .command = report_command_find(argv[0]), .opts = &opts };
	struct err err;
	int rc;

	if (wants_help(argc, argv))
		return print_help(run.command);
	read_opts_init(&opts);
	if (read_opts_parse(&opts, READ_COMMAND, argc, argv, &operands, &err)) {
		complain("%s (sonde %s --help lists all options)", err.text, argv[0]);
		rc = EXIT_USAGE;
	} else {
		take_pattern(&run, &operands);
		rc = run_report(&run, &operands);
	}
	read_opts_release(&opts);
	VEC_RELEASE(&operands);
	return rc;
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

int cmd_pprof(int argc, char **argv)
{
	string_list operands = VEC_INIT;
	struct read_opts opts;
	struct run run = { .opts = &opts };
	struct err err;
	int rc;

	read_opts_init(&opts);
	rc = read_opts_parse(&opts, READ_PPROF, argc, argv, &operands, &err);
	if (!rc && !*opts.http)
		rc = choose_command(&run, &err);
	if (!rc && *opts.http) {
		rc = web_serve(&opts, opts.http, &operands);
	} else if (rc) {
		complain("%s (sonde --help lists all commands)", err.text);
		rc = EXIT_USAGE;
	} else if (run.command || !operands.n) {
		rc = run_report(&run, &operands);
	} else {
		rc = exit_status(shell_open(&opts, &operands, &err), &err);
	}
	read_opts_release(&opts);
	VEC_RELEASE(&operands);
	return rc;
}
