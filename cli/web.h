/* web.h - serve the web page, for sonde web and sonde -http. */
#ifndef SONDE_CLI_WEB_H
#define SONDE_CLI_WEB_H

#include "cli/read_opts.h"

/* Serve until a signal asks to end. */
SONDE_MUST int web_serve(const struct read_opts *opts, const char *address,
			 const string_list *sources, struct err *err);

/* The same for a profile that is loaded. */
SONDE_MUST int web_serve_loaded(const struct read_opts *opts, const char *address,
				const struct profile *p, const char *name, struct err *err);

#endif
