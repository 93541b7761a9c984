/* source_rule.h - which files may be shown to somebody who did not start the program.
 *
 * Names of source files come from a profile, which may be anybody's; on the command line whoever
 * asks could read the files anyway, but a web page is shown to others.  There a file is shown
 * when it is a regular one of at most SOURCE_RULE_MOST bytes and, after all links are followed,
 *
 *	with a source path:	lies below one of its folders, and has no element there that
 *				begins with '.', unless it looks like source
 *	without:		looks like source, wherever it is
 *
 * To look like source is to end in the suffix of a programming language or to lie in the folders of
 * the system's headers, many of which have none.
 */
#ifndef SONDE_ANALYZE_SOURCE_RULE_H
#define SONDE_ANALYZE_SOURCE_RULE_H

#include "base/arena.h"

enum { SOURCE_RULE_MOST = 32 << 20 };

/* Open the file for reading if the rule allows it.  -1: errno says why, or, when the rule is what
 * was in the way, *refusal does ("" = it was not), in arena a.  source_path is a list parted by
 * ':'; "" = none. */
int source_rule_open(struct arena *a, const char *path, const char *source_path,
		     const char **refusal);

#endif
