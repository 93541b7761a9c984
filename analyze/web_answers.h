/* web_answers.h - the questions that the page asks about a view, answered as the
 * members of a JSON object.
 *
 * Trees go as columns, nodes in depth-first order:
 *
 *	"frames": {"id": [..], "name": [..], "file": [..], "module": [..]}    those that the nodes use
 *	"nodes": {"frame": [..], "depth": [..], "value": [..], "self": [..], "inline": [..], "hidden": [..]}
 *
 * "frame" is an index into frames, -1 for the root; "hidden" is how many children were left out
 * because they would be narrower than half a pixel.  With a base there are "old" and "oldSelf"
 * besides.  Values are whole numbers of the sample type's unit.
 */
#ifndef SONDE_ANALYZE_WEB_ANSWERS_H
#define SONDE_ANALYZE_WEB_ANSWERS_H

#include "analyze/json.h"
#include "analyze/web_view.h"

/* The tree below the node that z= names ("3.17.4": frames from the root on), w= pixels wide, d=
 * levels deep. An error when there is no such node. */
SONDE_MUST int web_answer_flame(struct web_view *v, const struct web_query *q, struct json *j,
				struct err *err);

/* name= in the middle: what it calls and who calls it. */
SONDE_MUST int web_answer_function(struct web_view *v, const struct web_query *q, struct json *j,
				   struct err *err);

/* All functions with what they cost, heaviest first. */
SONDE_MUST int web_answer_top(struct web_view *v, const struct web_query *q, struct json *j,
			      struct err *err);

/* The frames that re= matches and what share of the tree they cover. */
SONDE_MUST int web_answer_search(struct web_view *v, const struct web_query *q, struct json *j,
				 struct err *err);

/* What every answer about a view begins with; and the frames that it uses. */
void web_print_head(struct web_view *v, struct json *j);
void web_print_frames(struct web_view *v, const uint32_t *frames, size_t n, struct json *j);

/* Header of the profile: sample types, labels with their values, comments.  base is the name of what it is compared
 * with, "" = nothing. */
void web_answer_info(const struct profile *master, const struct report_opts *opts,
		     const char *title, const char *base, bool compared, struct json *j);

#endif
