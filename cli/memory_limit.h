/* memory_limit.h - how much memory a command may use for the profiles that it reads. */
#ifndef SONDE_CLI_MEMORY_LIMIT_H
#define SONDE_CLI_MEMORY_LIMIT_H

#include "base/err.h"
#include "cli/options.h"

#include <stddef.h>

/* Allow what the user wants ("2GB"; NULL = nothing said) or else a multiple of the size of these
 * files, beside what was allowed for others before. */
SONDE_MUST int memory_limit_allow(const char *wanted, const char *const *files, size_t n,
				  struct err *err);

#endif
