/* web_headers.h - who asks, and may he?
 *
 * A page of another site that lets its own name mean our address (DNS rebinding) still sends that
 * name as Host; and whatever else it has a browser send says where it comes from.
 */
#ifndef SONDE_ANALYZE_WEB_HEADERS_H
#define SONDE_ANALYZE_WEB_HEADERS_H

#include "analyze/microhttpd.h"

#include <stdbool.h>

/* What the headers of a request say; texts live as long as the request, NULL = nothing. */
struct web_headers {
	const char *host;	 /* Host: "name:port" */
	const char *origin;	 /* Origin */
	const char *site, *mode; /* Sec-Fetch-Site, Sec-Fetch-Mode */
	const char *own;	 /* X-Sonde, which only the page itself can send */
	bool takes_gzip;
	bool is_ambiguous; /* two Hosts or lengths: whoever stands between may read it otherwise */
};

void web_headers_read(struct web_headers *h, const struct microhttpd *mhd,
		      struct MHD_Connection *c);

/* Is the Host an address, localhost, or the name that we were told to listen at? */
bool web_headers_are_for(const struct web_headers *h, const char *own_name);

/* A link from elsewhere may open the page, but no foreign page may use the data. */
bool web_headers_are_foreign(const struct web_headers *h);

/* Another site's page can send a form but not our header, unless it is allowed to, which nobody
 * is. */
bool web_headers_are_of_page(const struct web_headers *h);

#endif
