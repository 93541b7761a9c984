/* analyze.h - the door of analyze/: load profiles, filter them, print reports.
 *
 *	struct report_opts o;
 *	report_opts_init(&o);
 *	analyze_load(&p, &load, &notes, &err);
 *	analyze_report(p, REPORT_TOP, NULL, &o, stdout, &notes, &err);
 *
 * The text of a report is byte for byte that of Google's pprof.  Not thread-safe.
 */
#ifndef SONDE_ANALYZE_H
#define SONDE_ANALYZE_H

#include "base/err.h"
#include "base/profile.h"

#include <stdio.h>

/* What is to be said to the user beside the result ("Focus expression matched no samples").  NULL =
 * say nothing. */
struct notes {
	void (*say)(void *ctx, const char *text);
	void *ctx;
};

/* ---- load ---- */

struct load_opts {
	const char *const *sources; /* files or URLs; the first of several may be the binary that
				       was profiled */
	size_t n_sources;
	const char *const *bases; /* subtracted from the sources */
	size_t n_bases;
	bool diff_base;		 /* percentages are of the base */
	bool normalize;		 /* scale the sources to the total of the base first */
	bool all_frames;	 /* ignore drop_frames and keep_frames */
	const char *symbolize;	 /* none, local, fastlocal, remote, force, demangle=...; ':' between
				    them; NULL = local */
	bool no_cache;		 /* neither use nor keep what other runs found out about binaries */
	const char *build_id;	 /* of the main binary, where the profile has none; NULL = leave */
	const char *add_comment; /* NULL = none */
	/* Of what is fetched over HTTP; 0 = not set, NULL or "" = none. */
	int64_t seconds;			 /* how long to profile */
	int64_t timeout;			 /* seconds to wait for it */
	const char *tls_cert, *tls_key, *tls_ca; /* files */
};

SONDE_MUST int analyze_load(struct profile **out, const struct load_opts *opts,
			    const struct notes *notes, struct err *err);

/* ---- merge ---- */

struct merge_stats {
	size_t n_samples;
	char united[512]; /* how sample types differed; "" = they did not */
};

/* Several files as one profile, read one after the other: memory is that of the result and of the
 * largest file.  Sample types are united; nothing is symbolized.  One that cannot be read is an
 * error.  first (NULL = none) is a profile that comes before the files. */
SONDE_MUST int analyze_merge(struct profile **out, const struct profile *first,
			     const char *const *files, size_t n, struct merge_stats *stats,
			     struct err *err);

/* ---- report ---- */

enum report_kind {
	REPORT_TOP,
	REPORT_TREE,
	REPORT_PEEK,	/* wants a pattern */
	REPORT_LIST,	/* wants a pattern */
	REPORT_DISASM,	/* wants a pattern or an address */
	REPORT_WEBLIST, /* wants a pattern or an address; HTML */
	REPORT_DOT,
	REPORT_CALLGRIND,
	REPORT_TRACES,
	REPORT_TAGS,
	REPORT_FOLDED,	   /* stacks as flamegraph.pl reads them */
	REPORT_SPEEDSCOPE, /* www.speedscope.app */
	REPORT_FLAME,	   /* a page for a browser */
	REPORT_FIREFOX,	   /* profiler.firefox.com */
	REPORT_RAW,
	REPORT_COMMENTS,
	REPORT_PROTO,
	REPORT_TOPPROTO,
};

enum granularity {
	GRANULARITY_DEFAULT, /* functions; addresses in the reports that are about them */
	GRANULARITY_FUNCTIONS,
	GRANULARITY_FILEFUNCTIONS,
	GRANULARITY_FILES,
	GRANULARITY_LINES,
	GRANULARITY_ADDRESSES,
};

enum sort_order { SORT_FLAT, SORT_CUM };

enum report_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

/* Strings are never NULL: "" = not set. */
struct report_opts {
	const char *focus, *ignore, *hide, *show, *show_from, *prune_from;
	const char *tagfocus, *tagignore, *tagshow, *taghide, *tagroot, *tagleaf;
	enum granularity granularity;
	bool noinlines, showcolumns;
	enum sort_order sort;
	const char *sample_index; /* a name or a number */
	bool mean, relative_percentages, compact_labels, drop_negative, call_tree;
	bool trim;	   /* false: nodecount, nodefraction and edgefraction are 0 */
	int64_t nodecount; /* -1 = what the report likes; 0 = all */
	double nodefraction, edgefraction;
	const char *unit;
	double divide_by;
	const char *source_path, *trim_path;
	/* What pprof does not have: */
	bool by_binary;		   /* tell functions of one name in different binaries apart */
	bool exact_inlines;	   /* mark as inlined what was inlined, whatever the filters left */
	bool tag_keys;		   /* name the frames of tagroot and tagleaf "key=value" */
	bool both_percentages;	   /* also of what the filters left */
	enum report_format format; /* JSON and CSV only for reports that are tables (table.h) */
	bool intel_syntax;	   /* of REPORT_DISASM and REPORT_WEBLIST; else AT&T's */
	bool guarded_sources;	   /* show no file but what source_rule.h allows */
};

void report_opts_init(struct report_opts *opts);

/* Print one report.  The profile is changed by the filters and the aggregation: it is good for one
 * report. pattern is the regular expression of the kinds that want one.  Nothing is printed
 * when the result is an error of the options or of the pattern.  REPORT_PROTO and REPORT_TOPPROTO write to the descriptor of out. */
SONDE_MUST int analyze_report(struct profile *p, enum report_kind kind, const char *pattern,
			      const struct report_opts *opts, FILE *out, const struct notes *notes,
			      struct err *err);

struct diff_opts {
	bool normalize;	   /* scale after to the total of before */
	double fail_above; /* how much more, in percent of the total before, is too much; 0 = no
			      limit */
};

/* The lines above a report that say where the profile comes from.  *total is what 100 % would be.
 * The profile is changed. */
SONDE_MUST int analyze_describe(struct profile *p, const struct report_opts *opts, FILE *out,
				int64_t *total, const struct notes *notes, struct err *err);

/* The index of a sample type by name or number; "" = the profile's default. */
SONDE_MUST int analyze_sample_index(const struct profile *p, const char *name, size_t *index,
				    struct err *err);

/* A table of what changed for each function between two profiles, and how much of it is more than
 * sampling noise.  *n_above is how many rows are beyond fail_above and beyond noise; a note names
 * each.  Both profiles are changed. */
SONDE_MUST int analyze_diff(struct profile *before, struct profile *after,
			    const struct diff_opts *diff_opts, const struct report_opts *opts,
			    FILE *out, size_t *n_above, const struct notes *notes, struct err *err);

/* What one must ask before believing a profile, answered from the profile: is it enough, whole and
 * named, what kind of cost is it, and what to look at next.  With a second profile (NULL = none):
 * can the two be compared?  names are those of the files, for the commands that are proposed.  Both
 * profiles are changed. */
SONDE_MUST int analyze_check(struct profile *p, struct profile *other, const char *const names[2],
			     const struct report_opts *opts, FILE *out, const struct notes *notes,
			     struct err *err);

#endif
