/* callgrind_names.h - names as the callgrind format has them: numbered at their first use, and made
 * distinct where several functions of one file share theirs.
 */
#ifndef SONDE_ANALYZE_CALLGRIND_NAMES_H
#define SONDE_ANALYZE_CALLGRIND_NAMES_H

#include "analyze/report.h"

/* The names of one kind that were used so far. */
struct name_numbers {
	struct hash_map map;
	VEC(str_id) used;
};

void name_numbers_release(struct name_numbers *n);

/* "(1) main" the first time, "(1)" from then on; "" for no name.  In the report's scratch arena. */
const char *name_numbers_use(struct name_numbers *n, struct report *r, str_id name);

/* For each node its function name, " [1/2]" after it where that is not the only function of this
 * name in its file; 0 for nodes that are not shown.  By node, in the report's arena. */
str_id *callgrind_distinct_names(struct report *r);

#endif
