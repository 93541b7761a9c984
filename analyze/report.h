/* report.h - one report in the making: what all report_*.c share.  Private to analyze/. */
#ifndef SONDE_ANALYZE_REPORT_H
#define SONDE_ANALYZE_REPORT_H

#include "analyze/analyze.h"
#include "analyze/graph.h"
#include "analyze/label_units.h"
#include "analyze/node_tags.h"
#include "analyze/regex.h"
#include "base/arena.h"

struct report {
	struct profile *profile;
	struct report_opts opts; /* with what the kind of report forces */
	enum report_kind kind;
	FILE *out;
	const struct notes *notes;
	struct regex *symbol; /* the pattern of peek, list, disasm and weblist */
	struct label_units units;

	size_t value_index;
	const char *sample_type, *sample_unit;
	const char *output_unit;
	double ratio;		/* 1 / divide_by */
	int64_t total;		/* what 100 % is */
	int64_t filtered_total; /* the same of what the filters left; only for tables */

	struct nodes nodes;
	struct graph graph;
	struct node_tags tags; /* of pictures only */
	bool nodes_ready;

	struct arena *arena;   /* lives as long as the report */
	struct arena *scratch; /* texts of one row */
};

/* Filter and aggregate the profile, compute the total.  Close it in any case. */
SONDE_MUST int report_open(struct report *r, struct profile *p, enum report_kind kind,
			   const char *pattern, const struct report_opts *opts, FILE *out,
			   const struct notes *notes, struct err *err);
void report_close(struct report *r);

/* What was left out of a graph. */
struct left_out {
	size_t nodes;	   /* lighter than the node cut-off */
	size_t candidates; /* nodes after that cut, before the limit of nodecount */
	size_t edges;	   /* lighter than the edge cut-off */
};

/* report_graph.c: build r->graph from the filtered samples and cut it down by the options. */
void report_make_nodes(struct report *r); /* done by the first build, if not before */
void report_build_graph(struct report *r, enum graph_edges edges);
struct left_out report_trim_graph(struct report *r, enum graph_edges edges);
void report_choose_unit(struct report *r); /* one unit for all numbers, by the smallest node */

/* report.c: texts in r->scratch. */
const char *report_value(struct report *r, int64_t value);
const char *report_percentage(struct report *r, int64_t value); /* of r->total */
void report_put_right(struct report *r, const char *text, size_t width);
void report_put(struct report *r, const char *text);

/* The columns that top and tree have: own cost, running sum and cost with callees, with their
 * shares; with both_percentages also of what the filters left. */
void report_put_costs_legend(struct report *r);
void report_put_costs(struct report *r, int64_t flat, int64_t sum, int64_t cum);

/* report_disasm.c: is the pattern a number, as an address is? */
bool report_pattern_address(const struct report *r, uint64_t *address);

/* report_header.c: the lines above a report, in r->arena. */
struct header {
	VEC(const char *) lines;
};

void header_add_profile(struct header *h, struct report *r); /* where it comes from */
void header_add_filters(struct header *h, struct report *r);
void header_add_shown(struct header *h, struct report *r, const struct left_out *left);
void header_print(struct header *h, struct report *r);
void header_release(struct header *h);
void report_print_header(struct report *r, const struct left_out *left); /* all of that */

/* The reports, one file each.  An error means that nothing was printed. */
int report_top(struct report *r, struct err *err);
int report_tree(struct report *r, struct err *err);
int report_list(struct report *r, struct err *err);
int report_disasm(struct report *r, struct err *err);
int report_weblist(struct report *r, struct err *err);
int report_traces(struct report *r, struct err *err);
int report_tags(struct report *r, struct err *err);
int report_dot(struct report *r, struct err *err);
int report_callgrind(struct report *r, struct err *err);
int report_folded(struct report *r, struct err *err);
int report_speedscope(struct report *r, struct err *err);
int report_flame(struct report *r, struct err *err);
int report_firefox(struct report *r, struct err *err);
int report_raw(struct report *r, struct err *err);
void raw_write_json(struct report *r); /* raw_json.c */
int report_comments(struct report *r, struct err *err);
int report_proto(struct report *r, struct err *err);
int report_topproto(struct report *r, struct err *err);

#endif
