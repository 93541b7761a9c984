/* viewer.h - show a result in a program for it. */
#ifndef SONDE_CLI_VIEWER_H
#define SONDE_CLI_VIEWER_H

#include "cli/read_opts.h"
#include "cli/report_commands.h"

/* Print into a temporary file, open it in the first viewer that there is, and wait until that ends;
 * the file is removed then. */
SONDE_MUST int viewer_show(enum viewer viewer, const char *extension, print_fn print, void *ctx,
			   struct err *err);

#endif
