/* fetch.h - get bytes over HTTP: several sources at once, because some take half a minute to answer.
 *
 * libcurl does it, a library that is loaded when first needed.
 */
#ifndef SONDE_ANALYZE_FETCH_H
#define SONDE_ANALYZE_FETCH_H

#include "analyze/analyze.h"

struct download {
	const char *url;  /* http:, https: or https+insecure:, which believes any certificate */
	const char *post; /* the body of a POST; NULL = GET */
	int64_t timeout;  /* seconds; 0 = none */
	char *body;	  /* what came, n bytes; malloc'ed */
	size_t n;
	char problem[512]; /* why nothing came; "" = all is well */
};

struct tls_files {
	const char *cert, *key, *ca; /* NULL = none */
};

/* Run all of them to the end.  Only what concerns all is an error; the problems of each are in it. */
SONDE_MUST int fetch_all(struct download *downloads, size_t n, const struct tls_files *tls,
			 struct err *err);
void download_release(struct download *d);

#endif
