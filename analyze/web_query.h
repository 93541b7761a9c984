/* web_query.h - what stands behind the '?' of a page's address: pprof's short names of the report
 * options, and our own.
 *
 * pprof's names: f i h s sf prunefrom tf ti ts th si g sort n nf ef unit rel calltree trim noinlines
 * mean dropneg compact showcolumns intel norm.  An empty value leaves the option as the command line set it.
 * Our own are read by those who answer: group, inv, rec, z, w, d, re, name.
 */
#ifndef SONDE_ANALYZE_WEB_QUERY_H
#define SONDE_ANALYZE_WEB_QUERY_H

#include "analyze/analyze.h"
#include "base/arena.h"

struct web_param {
	const char *key, *value;
};

struct web_query {
	struct arena *arena; /* of all texts; owned by whoever made the query */
	VEC(struct web_param) params;
};

/* Copies both. */
void web_query_add(struct web_query *q, const char *key, const char *value);
void web_query_release(struct web_query *q); /* not the arena */

const char *web_query_get(const struct web_query *q, const char *key); /* "" = not there */
bool web_query_flag(const struct web_query *q, const char *key);       /* t, true, yes, y, 1 */
int64_t web_query_number(const struct web_query *q, const char *key, int64_t otherwise);

/* The path with the query behind it, as an address; in the arena. */
const char *web_query_address(const struct web_query *q, const char *path);

/* The options of a report: those given, changed by the query. */
SONDE_MUST int web_query_options(const struct web_query *q, struct report_opts *opts,
				 struct err *err);

/* What decides the numbers of a view, and nothing else, as one text to compare views by. */
const char *web_query_key(const struct web_query *q);

#endif
