/* options.h - command line options as rows of a table: one table drives parsing, help and the
 * shell.
 *
 * Two spellings are understood: Go's, as pprof has it (-x, -x=v, -x v, one dash or two, a boolean
 * takes a value only after '='), and ours, where words are parted by '-' as well as '_'.  Options
 * may stand anywhere on the line.
 */
#ifndef SONDE_CLI_OPTIONS_H
#define SONDE_CLI_OPTIONS_H

#include "base/err.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
	OPTION_BOOL,
	OPTION_STRING,
	OPTION_INT,	/* int64_t */
	OPTION_FLOAT,	/* double */
	OPTION_PERCENT, /* double > 0; "5%", or "5" */
	OPTION_CHOICE,	/* int; a boolean that, when true, sets it to row->choice */
	OPTION_NAMED,	/* the same int by the name of one of the choices */
	OPTION_LIST,	/* VEC(const char *) */
};

struct option_row {
	const char *name; /* as pprof spells it, with '_' */
	enum option_kind kind;
	size_t offset; /* of the field in the struct that is filled */
	int choice;
	const char *group; /* heading in the help */
	const char *arg;   /* "<regex>"; NULL for booleans */
	const char *help;  /* NULL = not in the list */
};

typedef VEC(const char *) string_list;

/* Read argv[1..]: options into the struct at target, everything else into operands.  "--" ends the
 * options. */
SONDE_MUST int options_parse(const struct option_row *rows, size_t n_rows, void *target, int argc,
			     char **argv, string_list *operands, struct err *err);

/* One option by itself: the row of a name of n bytes (NULL = none), and setting it.  A choice may
 * take the place of another here. */
const struct option_row *option_find(const struct option_row *rows, size_t n_rows, const char *name,
				     size_t n);
SONDE_MUST int option_set(const struct option_row *rows, size_t n_rows, void *target,
			  const struct option_row *row, const char *value, struct err *err);

/* The list for --help, group by group. */
void options_print(const struct option_row *rows, size_t n_rows);

/* Is there a --help among the arguments? */
bool wants_help(int argc, char **argv);

/* Same name but for '-' against '_'? */
bool option_names_equal(const char *name, const char *given, size_t n);

#endif
