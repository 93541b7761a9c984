/* reports.h - one report of a profile that is loaded. */
#ifndef SONDE_CLI_REPORTS_H
#define SONDE_CLI_REPORTS_H

#include "cli/read_opts.h"

/* Print it, or show it in its viewer.  pattern is that of a command with an argument, else NULL.  The
 * profile is good for one report. */
SONDE_MUST int report_show(const struct report_command *command, const char *pattern,
			   const struct read_opts *opts, struct profile *p, struct err *err);

/* check_command.c: the same for sonde check; p[1] and its name may be NULL. */
SONDE_MUST int check_show(const struct read_opts *opts, struct profile *const p[2],
			  const char *const names[2], struct err *err);

/* diff.c: the same for sonde diff. */
SONDE_MUST int diff_show(const struct read_opts *opts, struct profile *before,
			 struct profile *after, size_t *n_above, struct err *err);

/* merge.c: write the sum of p and of these files. */
SONDE_MUST int merge_show(const struct read_opts *opts, const struct profile *p,
			  const char *const *files, size_t n, struct err *err);

#endif
