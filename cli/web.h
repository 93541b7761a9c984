/* web.h - serve the web page, for sonde web and sonde -http. */
#ifndef SONDE_CLI_WEB_H
#define SONDE_CLI_WEB_H

#include "cli/read_opts.h"

/* Serve until a signal asks to end; the exit status. */
int web_serve(const struct read_opts *opts, const char *address, const string_list *sources);

#endif
