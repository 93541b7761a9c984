/* url.h - which sources are addresses in the web, and what is asked of them. */
#ifndef SONDE_ANALYZE_URL_H
#define SONDE_ANALYZE_URL_H

#include "base/arena.h"

#include <stdint.h>

/* The URL that a source stands for, with the length of the profile in its query, or NULL if it
 * cannot be one: "http://host/debug/pprof/profile", and "host:8080/debug/pprof/profile" too.
 * seconds <= 0 = as the URL says.  *timeout (<= 0 = not set) becomes the seconds to wait for it.
 * In arena a. */
const char *url_of_source(struct arena *a, const char *source, int64_t seconds, int64_t *timeout);

/* Where the server of a profile tells the names of addresses, or NULL. */
const char *url_of_symbols(struct arena *a, const char *url);

#endif
