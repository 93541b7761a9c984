/* reports.h - the reports as commands. */
#ifndef SONDE_CLI_REPORTS_H
#define SONDE_CLI_REPORTS_H

enum cli_report {
	CLI_TOP,
	CLI_TEXT,
	CLI_TREE,
	CLI_PEEK,
	CLI_LIST,
	CLI_DOT,
	CLI_CALLGRIND,
	CLI_TRACES,
	CLI_TAGS,
	CLI_RAW,
	CLI_COMMENTS,
	CLI_PROTO,
	CLI_TOPPROTO,
};

#endif
