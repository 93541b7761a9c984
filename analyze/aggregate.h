/* aggregate.h - forget what the report is not to tell apart: lines, files, addresses, inlined
 * frames. */
#ifndef SONDE_ANALYZE_AGGREGATE_H
#define SONDE_ANALYZE_AGGREGATE_H

#include "analyze/analyze.h"

void aggregate(struct profile *p, const struct report_opts *opts);

#endif
