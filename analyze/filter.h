/* filter.h - which frames and samples of a profile take part: focus, ignore, hide, show, show_from,
 * prune_from.
 *
 * A frame matches by the name of a function in it, the file of a function, or (but for prune_from)
 * the file of its mapping.  The profile is changed in place: samples go, stacks get shorter,
 * inlined lines of locations go.
 */
#ifndef SONDE_ANALYZE_FILTER_H
#define SONDE_ANALYZE_FILTER_H

#include "analyze/analyze.h"
#include "analyze/label_units.h"

/* Apply every filter of opts in pprof's order; a note says which of them matched nothing. */
SONDE_MUST int filter_profile(struct profile *p, const struct report_opts *opts,
			      const struct label_units *units, const struct notes *notes,
			      struct err *err);

/* Note for each line whether its function was inlined: it is not the last of its location, which
 * the filters may change. */
void filter_mark_inlines(struct profile *p);

#endif
