/* read_opts.h - what all reading commands share: their options, loading the profiles, where the
 * result goes. */
#ifndef SONDE_CLI_READ_OPTS_H
#define SONDE_CLI_READ_OPTS_H

#include "analyze/analyze.h"
#include "cli/options.h"
#include "cli/report_commands.h"

enum { N_SHORTCUTS = 7 };

struct read_opts {
	struct report_opts report;
	int granularity, sort; /* 0 = not set, else one more than the value of the enum */
	int format;	       /* enum report_format */
	/* pprof's spelling, by report command: asked for, or with which pattern ("" = not). */
	bool chosen[N_REPORT_COMMANDS];
	const char *patterns[N_REPORT_COMMANDS];
	bool shortcuts[N_SHORTCUTS];
	string_list bases, diff_bases;
	bool normalize, all_frames, no_cache;
	double fail_above; /* percent */
	const char *symbolize, *build_id, *add_comment;
	const char *max_memory; /* NULL = what fits the input */
	const char *http;	/* "" = no web page */
	bool no_browser;
	int64_t answer_seconds; /* the most that the page waits for one answer */
	int64_t seconds, timeout;
	const char *tls_cert, *tls_key, *tls_ca;
	const char *tools;  /* of pprof's helpers, which sonde does without */
	const char *output; /* "" = stdout */
	bool in_files;	    /* results that are not text go to files, whatever stdout is */
};

enum read_style {
	READ_COMMAND, /* sonde top ...: the report is not an option */
	READ_DIFF,    /* the same, with and without what is of diff alone */
	READ_CHECK,
	READ_WEB,
	READ_PPROF, /* sonde -top ... */
	READ_SHELL, /* what can still be set when the profile is loaded */
	N_READ_STYLES,
};

void read_opts_init(struct read_opts *o);
void read_opts_release(struct read_opts *o);
SONDE_MUST int read_opts_parse(struct read_opts *o, enum read_style style, int argc, char **argv,
			       string_list *operands, struct err *err);
void read_opts_print(enum read_style style); /* for --help */

/* For the shell: the rows of a way to read, and what is to be done after a field was set by its
 * row. */
const struct option_row *read_opts_rows(enum read_style style, size_t *n);
void read_opts_settle(struct read_opts *o);

/* What the options say about loading; sources are borrowed. */
struct load_opts read_opts_load_opts(const struct read_opts *o, const char *const *sources,
				     size_t n);
SONDE_MUST int read_opts_load(const struct read_opts *o, struct profile **out,
			      const char *const *sources, size_t n, struct err *err);

/* Each operand as a profile of its own, in order; those after a failure stay as they are. */
SONDE_MUST int read_opts_load_each(const struct read_opts *o, struct profile **out,
				   const string_list *operands, struct err *err);

/* Complain about an error; the exit status that belongs to it. */
int exit_status(int rc, const struct err *err);

/* read_command.c: parse the options, do the work, release what was taken; the exit status. */
typedef int (*reading_fn)(void *ctx, struct read_opts *opts, string_list *operands,
			  struct err *err);
int read_command(enum read_style style, int argc, char **argv, reading_fn work, void *ctx);

/* Notes go to stderr as they are. */
extern const struct notes stderr_notes;

/* Call print with the stream that the result belongs to: o->output, written whole or not at all,
 * else stdout; a result with an extension is kept off a terminal, in a new file profileNNN.EXT. */
typedef int (*print_fn)(void *ctx, FILE *out, struct err *err);
SONDE_MUST int read_opts_output(const struct read_opts *o, const char *extension, print_fn print,
				void *ctx, struct err *err);

#endif
