/* shell.h - the shell: one loaded profile, options that stay, a line of text for each report.
 *
 * shell.c reads lines and obeys; shell_line.c says what a line means; shell_words.c cuts it into words;
 * shell_own.c has the commands that are no reports; shell_options.c sets and shows options; shell_help.c explains;
 * shell_complete.c finishes words; shell_run.c lets a report run in a child process; line_editor.c talks to the terminal.
 *
 * The language is pprof's.  What is said to the user goes to stderr, reports go to stdout.
 */
#ifndef SONDE_CLI_SHELL_H
#define SONDE_CLI_SHELL_H

#include "base/arena.h"
#include "cli/read_opts.h"

struct shell {
	struct read_opts opts;	    /* as they stand */
	const char *name;	    /* of the profile */
	const string_list *sources; /* it was loaded from; NULL = unknown */
	/* Never changed: reports run on the copy that a child process has. */
	struct profile *profile;
	struct arena *arena;	       /* the values of options */
	const struct option_row *rows; /* the options that can be set here */
	size_t n_rows;
	bool is_terminal; /* somebody types the lines */
};

/* The options begin as opts, which stays the caller's, as the profile and its name do. */
void shell_init(struct shell *sh, const struct read_opts *opts, struct profile *p,
		const char *name);
void shell_release(struct shell *sh);

/* Load the operands and read lines until the end. */
SONDE_MUST int shell_open(const struct read_opts *opts, const string_list *operands,
			  struct err *err);

/* ---- shell_line.c ---- */

enum shell_verb {
	SHELL_NOTHING, /* an empty line, or an option that has been set */
	SHELL_REPORT,
	SHELL_SHOW_OPTIONS,
	SHELL_HELP,
	SHELL_QUIT,
};

/* What one line asks for; strings live in the arena that it was read with. */
struct shell_line {
	enum shell_verb verb;
	const struct report_command *command; /* of a report */
	const char *pattern;		      /* NULL = none */
	const char *const *operands;	      /* of a command that is no report */
	size_t n_operands;
	struct read_opts opts; /* for this one report */
	const char *pipe;      /* to this command of sh; NULL = stdout */
	const char *topic;     /* of help; "" = everything */
};

/* A line may stand for several: ":" and the names of sample types. */
enum { SHELL_MAX_LINES = 5 };
size_t shell_expand(const struct shell *sh, struct arena *a, const char *text,
		    const char *lines[SHELL_MAX_LINES]);

/* Understand one of them; options that stay are set at once. */
SONDE_MUST int shell_read_line(struct shell *sh, struct arena *a, const char *text,
			       struct shell_line *out, struct err *err);

/* ---- shell_own.c ---- */

/* Rows as those of the reports, whose kind says nothing.  arg is what the command takes: in brackets when it may be
 * missing, with dots when there may be several. */
enum { N_SHELL_OWN = 4 };
extern const struct report_command shell_own[N_SHELL_OWN];

const struct report_command *shell_own_find(const char *name); /* NULL = unknown */
bool shell_is_own(const struct report_command *c);
bool shell_prints(const struct report_command *c); /* something for a file or a pipe */
SONDE_MUST int shell_own_check(const struct shell_line *line, struct err *err); /* its operands */
SONDE_MUST int shell_own_run(const struct shell *sh, const struct shell_line *line,
			     struct err *err);

/* ---- shell_words.c ---- */

struct shell_word {
	const char *text;
	bool is_quoted; /* nothing in it has a meaning of its own */
};

/* The next word at *at, which moves behind it; false at the end of the line.  A word is quoted by ' or " where it
 * begins, or behind its "-", ">" or "--name=". */
bool shell_next_word(struct arena *a, const char **at, struct shell_word *word);

/* ---- shell_options.c ---- */

SONDE_MUST int shell_set(struct shell *sh, struct read_opts *o, struct arena *a,
			 const struct option_row *row, const char *value, struct err *err);
bool shell_needs_value(const struct option_row *row);
/* The value as it would be typed. */
const char *shell_option_text(const struct shell *sh, struct arena *a,
			      const struct option_row *row);
void shell_print_options(const struct shell *sh, FILE *out);
/* The values that there are to choose from, with sep between them; "" = any. */
const char *shell_choices(const struct shell *sh, struct arena *a, const struct option_row *row,
			  const char *sep);

/* ---- shell_help.c ---- */

SONDE_MUST int shell_print_help(const struct shell *sh, const char *topic, FILE *out,
				struct err *err);

/* ---- shell_run.c ---- */

/* Print where the profile comes from. */
void shell_greet(const struct shell *sh);

/* Run the report of a line and wait until it is done, or until somebody interrupts it. */
void shell_run(const struct shell *sh, const struct shell_line *line);

/* Say what went wrong. */
void shell_complain(const char *text);

#endif
