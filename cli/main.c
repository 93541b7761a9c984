/* main.c - find the command that was asked for. */
#include "cli/cli.h"

#include <string.h>

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* NULL = not in the list */
};

static const struct command commands[] = {
	{ "record", cmd_record, "run a command and write its profile" },
	{ "recover", cmd_recover, "turn the spool of a killed process into a profile" },
	{ "addr2line", cmd_addr2line, "functions and lines of addresses in a binary" },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && commands[i].run && strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	complain("usage: sonde <command> ...");
	return EXIT_USAGE;
}
