/* shell.c - sonde PROFILE: read lines, obey them. */
#include "cli/shell.h"
#include "cli/cli.h"
#include "cli/line_editor.h"

#include <string.h>
#include <unistd.h>

static const char prompt[] = "(sonde) ";

static int obey(struct shell *sh, const struct shell_line *line, struct err *err)
{
	switch (line->verb) {
	case SHELL_REPORT:
		shell_run(sh, line);
		return 0;
	case SHELL_SHOW_OPTIONS:
		shell_print_options(sh, stderr);
		return 0;
	case SHELL_HELP:
		return shell_print_help(sh, line->topic, stderr, err);
	case SHELL_NOTHING:
	case SHELL_QUIT:
		break;
	}
	return 0;
}

/* False when the user wants to leave. */
static bool do_line(struct shell *sh, struct arena *a, const char *text)
{
	const char *lines[SHELL_MAX_LINES];
	size_t n = shell_expand(sh, a, text, lines);

	for (size_t i = 0; i < n; i++) {
		struct err err = { "" };
		struct shell_line line;
		int rc = shell_read_line(sh, a, lines[i], &line, &err);

		if (!rc)
			rc = obey(sh, &line, &err);
		if (rc)
			shell_complain(err.text);
		else if (line.verb == SHELL_QUIT)
			return false;
	}
	return true;
}

static void run_shell(struct shell *sh)
{
	struct line_editor *editor = line_editor_open(prompt, sh);
	struct arena *a = arena_new(ARENA_DIE);
	struct arena_mark mark = arena_mark(a);
	bool goes_on = true;
	const char *text;

	shell_greet(sh);
	fputs("type \"help\" for commands, \"o\" for options, \"quit\" to leave\n", stderr);
	while (goes_on && (text = line_editor_read(editor))) {
		goes_on = do_line(sh, a, text);
		arena_rewind(a, mark);
	}
	arena_free(a);
	line_editor_close(editor);
}

static int print_help(void)
{
	puts("usage: sonde [shell] [options] [<binary>] <profile>...\n\n"
	     "Loads the profile once and asks for reports: top, tree, list <regex> ...  The "
	     "options "
	     "stay as\nthey are set.  \"help\" there lists everything.");
	read_opts_print(READ_COMMAND);
	puts("\nexamples:\n  sonde cpu.pb.gz\n  sonde shell --base=before.pb.gz after.pb.gz\n"
	     "  echo 'top 5' | sonde cpu.pb.gz");
	return EXIT_OK;
}

int shell_open(const struct read_opts *opts, const string_list *operands, struct err *err)
{
	struct profile *p = NULL;
	struct shell sh;
	int rc = operands->n ? read_opts_load(opts, &p, operands->v, operands->n, err)
			     : err_set(err, SONDE_EUSAGE, "no profile source specified");

	if (rc)
		return rc;
	shell_init(&sh, opts, p, operands->v[operands->n - 1]);
	sh.sources = operands;
	sh.is_terminal = isatty(STDIN_FILENO);
	run_shell(&sh);
	shell_release(&sh);
	profile_free(p);
	return 0;
}

static int shell(void *ctx, struct read_opts *opts, string_list *operands, struct err *err)
{
	return shell_open(opts, operands, err);
}

int cmd_shell(int argc, char **argv)
{
	return wants_help(argc, argv) ? print_help()
				      : read_command(READ_COMMAND, argc, argv, shell, NULL);
}
