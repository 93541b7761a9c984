/* debuginfod.h - files by build id from the servers in $DEBUGINFOD_URLS. */
#ifndef SONDE_SYMBOLIZE_DEBUGINFOD_H
#define SONDE_SYMBOLIZE_DEBUGINFOD_H

#include "base/err.h"

#include <stddef.h>

enum debuginfod_kind { DEBUGINFOD_DEBUG_FILE, DEBUGINFOD_EXECUTABLE };

/* The path of the file in the client's cache.  SONDE_ENOTFOUND without a sentence where no server is
 * asked for; else with one that says why there is none. */
SONDE_MUST int debuginfod_fetch(enum debuginfod_kind kind, const char *build_id, char *path,
				size_t bytes, struct err *err);

#endif
