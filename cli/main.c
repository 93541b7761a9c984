/* main.c - find the command that was asked for. */
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/report_commands.h"
#include "cli/suggest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
};

/* All but the reports, which have a table of their own. */
static const struct command commands[] = {
	{ "record", cmd_record, "run a command and write its profile" },
	{ "shell", cmd_shell, "load a profile once and ask for many reports" },
	{ "diff", cmd_diff, "what changed between two profiles, beside its sampling error" },
	{ "check", cmd_check, "is a profile enough, whole and named, and what to look at next" },
	{ "web", cmd_web, "the profile as a page in the browser: flame graph, table, source" },
	{ "merge", cmd_merge, "add profiles up, of any number and kind" },
	{ "symbolize", cmd_symbolize,
	  "put functions and lines into a profile, to be read anywhere" },
	{ "recover", cmd_recover, "turn the spool of a killed process into a profile" },
	{ "addr2line", cmd_addr2line, "functions and lines of addresses in a binary" },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int print_help(void)
{
	puts("usage: sonde <command> [options] ...\n"
	     "       sonde [options] <profile>...  (the shell)\n"
	     "       sonde -<command> [options] <profile>...  (pprof's spelling)\n");
	for (size_t i = 0; i < N_COMMANDS; i++)
		printf("  %-23s%s\n", commands[i].name, commands[i].help);
	puts("\nreports:");
	for (size_t i = 0; i < N_REPORT_COMMANDS; i++)
		if (report_commands[i].help)
			printf("  %-23s%s\n", report_commands[i].name, report_commands[i].help);
	puts("\nsonde <command> --help lists the options of a command.\n\n"
	     "examples:\n"
	     "  sonde record -o cpu.pb.gz -- ./program its arguments\n"
	     "  sonde top --cum cpu.pb.gz\n"
	     "  sonde -top -base=before.pb.gz after.pb.gz");
	return EXIT_OK;
}

static int unknown_command(const char *name)
{
	struct suggestion s;

	suggest_from(&s, name, strlen(name));
	for (size_t i = 0; i < N_COMMANDS; i++)
		suggest(&s, commands[i].name);
	for (size_t i = 0; i < N_REPORT_COMMANDS; i++)
		suggest(&s, report_commands[i].name);
	if (s.best)
		complain("unknown command '%s': did you mean '%s'?", name, s.best);
	else
		complain("unknown command '%s' (sonde --help lists all commands)", name);
	return EXIT_USAGE;
}

/* Something to be read, whether it is there or not. */
static bool is_source(const char *name)
{
	return access(name, F_OK) == 0 || strpbrk(name, "./");
}

static int run_command(int argc, char **argv)
{
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (report_command_find(argv[1]))
		return cmd_report(argc - 1, argv + 1);
	return is_source(argv[1]) ? cmd_pprof(argc, argv) : unknown_command(argv[1]);
}

/* sonde help COMMAND */
static int help_on(char *command)
{
	char help[] = "--help", *argv[] = { command, command, help, NULL };

	return run_command(3, argv);
}

/* Under a name of those tools, as a link, the program is that tool: x86_64-linux-gnu-addr2line,
 * llvm-symbolizer-19. */
static bool is_called(const char *name, const char *tool)
{
	const char *slash = strrchr(name, '/');

	return strstr(slash ? slash + 1 : name, tool) != NULL;
}

int main(int argc, char **argv)
{
	static const char *const help[] = { "help", "--help", "-help", "-h" };

	if (is_called(argv[0], "addr2line") || is_called(argv[0], "llvm-symbolizer"))
		return cmd_stand_in(argc, argv);
	if (argc < 2) {
		complain("no command given (sonde --help lists all commands)");
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(help) / sizeof(help[0]); i++)
		if (strcmp(argv[1], help[i]) == 0)
			return argc > 2 && argv[2][0] != '-' ? help_on(argv[2]) : print_help();
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-version") == 0)
		return puts("sonde " SONDE_VERSION) < 0 ? EXIT_FAILED : EXIT_OK;
	if (argv[1][0] == '-')
		return wants_help(argc, argv) ? print_help() : cmd_pprof(argc, argv);
	return run_command(argc, argv);
}
