/* shell_complete.h - finish the word that is being typed in the shell. */
#ifndef SONDE_CLI_SHELL_COMPLETE_H
#define SONDE_CLI_SHELL_COMPLETE_H

#include "cli/shell.h"

struct completion {
	size_t replaced;   /* so many bytes before the cursor go */
	const char *text;  /* and this comes; NULL = leave them */
	string_list names; /* what it could become, when that is more than one thing */
};

/* For the line up to the cursor: commands and options first, then functions, labels, sample types and
 * whatever else an option can be.  Strings live in a. */
void shell_complete(const struct shell *sh, struct arena *a, const char *line,
		    struct completion *out);
void completion_release(struct completion *c);

#endif
