/* reports.c - the reading commands, in our spelling (sonde top FILE) and in pprof's (sonde -top
 * FILE). */
#include "cli/reports.h"
#include "cli/cli.h"
#include "cli/read_opts.h"

#include <string.h>

struct report_command {
	const char *name;
	enum report_kind kind;
	bool has_pattern, is_binary;
	const char *example;
};

static const struct report_command commands[] = {
	[CLI_TOP] = { .name = "top",
		      .kind = REPORT_TOP,
		      .example = "--cum --focus=main cpu.pb.gz" },
	[CLI_TEXT] = { .name = "text", .kind = REPORT_TOP, .example = "--lines cpu.pb.gz" },
	[CLI_TREE] = { .name = "tree", .kind = REPORT_TREE, .example = "--nodecount=20 cpu.pb.gz" },
	[CLI_PEEK] = { .name = "peek",
		       .kind = REPORT_PEEK,
		       .has_pattern = true,
		       .example = "'^malloc$' cpu.pb.gz" },
	[CLI_LIST] = { .name = "list",
		       .kind = REPORT_LIST,
		       .has_pattern = true,
		       .example = "'^parse' --source-path=src cpu.pb.gz" },
	[CLI_DOT] = { .name = "dot",
		      .kind = REPORT_DOT,
		      .example = "--focus=main cpu.pb.gz | dot -Tsvg -o cpu.svg" },
	[CLI_CALLGRIND] = { .name = "callgrind",
			    .kind = REPORT_CALLGRIND,
			    .example = "--output=callgrind.out cpu.pb.gz" },
	[CLI_TRACES] = { .name = "traces",
			 .kind = REPORT_TRACES,
			 .example = "--tagfocus=thread=worker cpu.pb.gz" },
	[CLI_TAGS] = { .name = "tags", .kind = REPORT_TAGS, .example = "cpu.pb.gz" },
	[CLI_RAW] = { .name = "raw", .kind = REPORT_RAW, .example = "cpu.pb.gz" },
	[CLI_COMMENTS] = { .name = "comments", .kind = REPORT_COMMENTS, .example = "cpu.pb.gz" },
	[CLI_PROTO] = { .name = "proto",
			.kind = REPORT_PROTO,
			.is_binary = true,
			.example = "--focus=main --output=main.pb.gz cpu.pb.gz" },
	[CLI_TOPPROTO] = { .name = "topproto",
			   .kind = REPORT_TOPPROTO,
			   .is_binary = true,
			   .example = "--output=top.pb.gz cpu.pb.gz" },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

struct run {
	const struct report_command *command;
	const char *pattern;
	const struct read_opts *opts;
	struct profile *profile;
};

static int print(void *ctx, FILE *out, struct err *err)
{
	const struct run *run = ctx;

	return analyze_report(run->profile, run->command->kind, run->pattern, &run->opts->report,
			      out, &stderr_notes, err);
}

static int run_report(struct run *run, const string_list *operands)
{
	struct err err = { "" };
	int rc;

	if (operands->n == 0) {
		complain("no profile source specified");
		return EXIT_USAGE;
	}
	if (run->opts->normalize && !run->opts->bases.n && !run->opts->diff_bases.n) {
		complain("must have base profile to normalize by");
		return EXIT_USAGE;
	}
	rc = read_opts_load(run->opts, &run->profile, operands->v, operands->n, &err);
	if (!rc)
		rc = read_opts_output(run->opts, run->command->is_binary, print, run, &err);
	profile_free(run->profile);
	return exit_status(rc, &err);
}

/* ---- sonde top FILE ---- */

static int print_help(const struct report_command *c)
{
	printf("usage: sonde %s [options] %s[<binary>] <profile>...\n", c->name,
	       c->has_pattern ? "<regex> " : "");
	read_opts_print(READ_COMMAND);
	printf("\nexamples:\n  sonde %s %s\n  sonde %s %s--base=before.pb.gz after.pb.gz\n",
	       c->name, c->example, c->name, c->has_pattern ? "main " : "");
	return EXIT_OK;
}

static void take_pattern(struct run *run, string_list *operands)
{
	if (!run->command->has_pattern || operands->n == 0)
		return;
	run->pattern = operands->v[0];
	operands->n--;
	memmove(operands->v, operands->v + 1, operands->n * sizeof(*operands->v));
}

int cmd_report(int argc, char **argv)
{
	string_list operands = VEC_INIT;
	struct read_opts opts;
	struct run run = { .opts = &opts };
	struct err err;
	int rc;

	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(commands[i].name, argv[0]) == 0)
			run.command = &commands[i];
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

/* The one report that the options ask for. */
static int choose_command(struct run *run, struct err *err)
{
	const struct read_opts *o = run->opts;

	if (!!o->command + !!*o->peek + !!*o->list > 1)
		return err_set(err, SONDE_EUSAGE, "must set at most one output format");
	if (o->command)
		run->command = &commands[o->command - 1];
	else if (*o->peek)
		run->command = &commands[CLI_PEEK];
	else if (*o->list)
		run->command = &commands[CLI_LIST];
	else
		return err_set(err, SONDE_EUSAGE,
			       "say which report you want: top, tree, peek, list, dot, callgrind, "
			       "traces, tags, raw, comments, proto or topproto");
	run->pattern = *o->peek ? o->peek : *o->list ? o->list : NULL;
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
	if (!rc)
		rc = choose_command(&run, &err);
	if (rc) {
		complain("%s (sonde --help lists all commands)", err.text);
		rc = EXIT_USAGE;
	} else {
		rc = run_report(&run, &operands);
	}
	read_opts_release(&opts);
	VEC_RELEASE(&operands);
	return rc;
}
