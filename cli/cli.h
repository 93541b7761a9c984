/* cli.h - what the files of cli/ share: one function for each command, messages and exit codes.
 *
 * A command gets its own argv (argv[0] = its name) and returns the exit status: 0 done, 1 failed, 2 usage,
 * 3 done, but what was found is beyond a limit that the user set.
 * Results go to stdout, everything said about them to stderr.
 */
#ifndef SONDE_CLI_H
#define SONDE_CLI_H

#include "base/err.h"

#include <stdbool.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_ABOVE_LIMIT = 3 };

int cmd_record(int argc, char **argv);	  /* record.c */
int cmd_recover(int argc, char **argv);	  /* recover.c */
int cmd_addr2line(int argc, char **argv); /* addr2line.c */
int cmd_stand_in(int argc, char **argv);  /* the same, under the name of such a tool */
int cmd_shell(int argc, char **argv);	  /* shell.c */
int cmd_symbolize(int argc, char **argv); /* symbolize_command.c */
int cmd_diff(int argc, char **argv);	  /* diff.c */
int cmd_merge(int argc, char **argv);
int cmd_check(int argc, char **argv);  /* check_command.c */
int cmd_report(int argc, char **argv); /* reports.c: top, text, tree, ... as sub-commands */
int cmd_pprof(int argc, char **argv);  /* reports.c: pprof's own spelling, argv[0] = "sonde" */

int cmd_web(int argc, char **argv); /* web.c */

/* Is the process that began a spool still at it?  (A killed one never finished its spool either.) */
struct spool_info;
bool still_runs(const struct spool_info *info, const char *spool); /* still_runs.c */

/* Print "sonde: SENTENCE" on stderr, flushing stdout before. */
void complain(const char *fmt, ...) SONDE_PRINTF(1, 2);

#endif
