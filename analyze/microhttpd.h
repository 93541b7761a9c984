/* microhttpd.h - libmicrohttpd, loaded when a page is to be served: it brings a TLS library and its
 * whole family along, which no report should wait for. */
#ifndef SONDE_ANALYZE_MICROHTTPD_H
#define SONDE_ANALYZE_MICROHTTPD_H

#include "base/err.h"

#include <microhttpd.h>

#define MICROHTTPD_FUNCTIONS(X)                                                                    \
	X(start_daemon)                                                                            \
	X(stop_daemon)                                                                             \
	X(quiesce_daemon)                                                                          \
	X(get_daemon_info)                                                                         \
	X(suspend_connection)                                                                      \
	X(resume_connection)                                                                       \
	X(get_connection_info)                                                                     \
	X(get_connection_values)                                                                   \
	X(lookup_connection_value)                                                                 \
	X(create_response_from_buffer)                                                             \
	X(add_response_header)                                                                     \
	X(queue_response)                                                                          \
	X(destroy_response)

/* The functions of the library, named without their MHD_. */
struct microhttpd {
#define MICROHTTPD_MEMBER(name) __typeof__(&MHD_##name) name;
	MICROHTTPD_FUNCTIONS(MICROHTTPD_MEMBER)
#undef MICROHTTPD_MEMBER
};

/* Loaded once and never unloaded.  Not thread-safe before the first success. */
SONDE_MUST int microhttpd_load(const struct microhttpd **out, struct err *err);

#endif
