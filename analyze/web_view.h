/* web_view.h - one way to look at the loaded profile: filtered by a query, as a tree of calls, kept
 * for the next question about it. */
#ifndef SONDE_ANALYZE_WEB_VIEW_H
#define SONDE_ANALYZE_WEB_VIEW_H

#include "analyze/flame_tree.h"
#include "analyze/report.h"
#include "analyze/web_query.h"

struct web_view {
	char *key; /* web_query_key() */
	uint64_t used;
	struct profile *profile; /* filtered, without its samples */
	struct report report;
	struct flame_tree tree;
	str_id *file, *module; /* by frame; in the arena of the report */
	bool compared;	       /* with a base */
	double quantum;	       /* what one sample adds to a value, on average; 0 = not known */
	char *notes;	       /* what the filters had to say, a line each */
};

/* master is not changed.  *out is NULL after an error. */
SONDE_MUST int web_view_new(struct web_view **out, const struct profile *master,
			    const struct report_opts *opts, const struct web_query *q, bool compared,
			    struct err *err);
void web_view_free(struct web_view *v); /* NULL is fine */

/* The name of a frame as the reports have it. */
const char *web_view_name(struct web_view *v, uint32_t frame);

#endif
