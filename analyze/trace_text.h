/* trace_text.h - every sample with its stack as text, as traces prints it. */
#ifndef SONDE_ANALYZE_TRACE_TEXT_H
#define SONDE_ANALYZE_TRACE_TEXT_H

#include "analyze/report.h"

/* All samples to r->out; the nodes have been assigned. */
void trace_text_print(struct report *r);

#endif
