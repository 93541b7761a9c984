/* web_text.h - answers that are reports as the command line has them.  Each changes the profile,
 * which is a copy. */
#ifndef SONDE_ANALYZE_WEB_TEXT_H
#define SONDE_ANALYZE_WEB_TEXT_H

#include "analyze/web_query.h"

/* Callers and callees of the functions that f= matches. */
SONDE_MUST int web_text_peek(struct profile *copy, const struct report_opts *opts,
			     const struct web_query *q, FILE *out, struct err *err);

/* The loaded profile, without any filter. */
SONDE_MUST int web_text_download(struct profile *copy, const struct report_opts *opts,
				 const struct web_query *q, FILE *out, struct err *err);

#endif
