/* report_commands.h - the one table of reports as commands: what the command line, pprof's options,
 * the help and the shell know of them. */
#ifndef SONDE_CLI_REPORT_COMMANDS_H
#define SONDE_CLI_REPORT_COMMANDS_H

#include "analyze/analyze.h"

/* Programs that show a result. */
enum viewer {
	VIEWER_NONE,
	VIEWER_BROWSER,
	VIEWER_EOG,
	VIEWER_EVINCE,
	VIEWER_GV,
	VIEWER_KCACHEGRIND,
};

struct report_command {
	const char *name;
	enum report_kind kind;
	const char *arg;     /* "<regex>": a pattern comes first; NULL = none */
	const char *picture; /* the format that dot makes of it; NULL = the report as it is */
	bool is_pannable;    /* an SVG that can be moved and zoomed */
	const char
		*extension; /* of the file, where the result is not for a terminal; NULL = text */
	enum viewer viewer; /* that shows it, unless it goes to a file */
	const char *help;   /* NULL = not in the list of commands */
	const char *example;
};

enum { N_REPORT_COMMANDS = 29 };
extern const struct report_command report_commands[N_REPORT_COMMANDS];

const struct report_command *report_command_find(const char *name); /* NULL = unknown */

#endif
