/* read_command.c - what all reading commands do around their work: options, complaints, exit status. */
#include "cli/cli.h"
#include "cli/read_opts.h"

static void complain_of_usage(enum read_style style, const char *command, const struct err *err)
{
	if (style == READ_PPROF)
		complain("%s (sonde --help lists all commands)", err->text);
	else
		complain("%s (sonde %s --help lists all options)", err->text, command);
}

int read_command(enum read_style style, int argc, char **argv, reading_fn work, void *ctx)
{
	string_list operands = VEC_INIT;
	struct read_opts opts;
	struct err err = { "" };
	int status = EXIT_USAGE;

	read_opts_init(&opts);
	if (read_opts_parse(&opts, style, argc, argv, &operands, &err))
		complain_of_usage(style, argv[0], &err);
	else
		status = exit_status(work(ctx, &opts, &operands, &err), &err);
	read_opts_release(&opts);
	VEC_RELEASE(&operands);
	return status;
}
