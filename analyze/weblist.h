/* weblist.h - annotated source as pprof's weblist has it: which instructions and lines to show, and
 * their weights.  Room-internal: collected by weblist.c, printed by report_weblist.c.
 */
#ifndef SONDE_ANALYZE_WEBLIST_H
#define SONDE_ANALYZE_WEBLIST_H

#include "analyze/code_files.h"
#include "analyze/report.h"

struct web_call { /* a place where something was inlined */
	str_id file;
	int64_t line;
};

struct web_instruction {
	uint64_t address; /* of the process, or made up */
	uint64_t file_address;
	uint32_t bytes;
	const char *text; /* NULL = made up, for an address without a binary */
	str_id file;	  /* of the innermost function */
	int64_t line;
	int64_t flat, cum;
};

/* One instruction shown at one line of one file. */
struct web_entry {
	str_id file; /* as printed */
	int64_t line;
	uint32_t instruction;
	uint32_t order;		      /* as collected */
	str_id function;	      /* linkage name */
	const struct web_call *calls; /* from this line down to the instruction, outermost first */
	size_t n_calls;
};

struct weblist {
	struct report *report;
	struct code_files code;
	VEC(struct web_instruction) instructions;
	VEC(struct web_entry) entries; /* by file name, line and order */
	VEC(str_id) pretty;	       /* by linkage name: the name to print; 0 = none known */
};

/* Nothing matches: SONDE_ENOTFOUND. */
SONDE_MUST int weblist_collect(struct weblist *w, struct report *r, struct err *err);
void weblist_release(struct weblist *w);

#endif
