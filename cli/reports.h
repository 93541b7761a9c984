/* reports.h - one report of a profile that is loaded. */
#ifndef SONDE_CLI_REPORTS_H
#define SONDE_CLI_REPORTS_H

#include "cli/read_opts.h"

/* Print it, or show it in its viewer.  pattern is that of a command with an argument, else NULL.  The
 * profile is good for one report. */
SONDE_MUST int report_show(const struct report_command *command, const char *pattern,
			   const struct read_opts *opts, struct profile *p, struct err *err);

/* check_command.c: the same for sonde check, of a profile with this name. */
SONDE_MUST int check_show(const char *name, const struct read_opts *opts, struct profile *p,
			  struct err *err);

#endif
