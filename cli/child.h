/* child.h - run other programs: Graphviz and viewers. */
#ifndef SONDE_CLI_CHILD_H
#define SONDE_CLI_CHILD_H

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

/* Start argv[0], looked for on PATH; in and out (-1 = as ours) become its stdin and stdout.  The
 * sentence is only the reason: SONDE_ENOTFOUND where there is no such program. */
SONDE_MUST int child_start(pid_t *pid, const char *const *argv, int in, int out, struct err *err);

/* Wait; a status other than 0 is an error, of which the sentence says "exit status 1". */
SONDE_MUST int child_wait(pid_t pid, struct err *err);

#endif
