/* web_text.h - answers that are reports as the command line has them.
 *
 * {"text": .., "notes": ..}: the text of peek and disasm, the HTML of source, the SVG of graph, and
 * what there is to say about it, a line each.  f= is what to look for; for the graph it is the focus, as in
 * any other report.
 */
#ifndef SONDE_ANALYZE_WEB_TEXT_H
#define SONDE_ANALYZE_WEB_TEXT_H

#include "analyze/json.h"
#include "analyze/web.h"

/* The profile is changed: give a copy. */
SONDE_MUST int web_text_report(struct profile *copy, enum report_kind kind,
			       const struct report_opts *opts, web_draw_fn draw, struct json *j,
			       struct err *err);

/* A report for another tool. */
SONDE_MUST int web_text_export(struct profile *copy, enum report_kind kind,
			       const struct report_opts *opts, FILE *out, struct err *err);

/* The profile as a file. */
SONDE_MUST int web_text_download(const struct profile *p, FILE *out, struct err *err);

#endif
