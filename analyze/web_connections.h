/* web_connections.h - no client can keep others out by opening connections and saying nothing.
 *
 * All connections in the order in which something last happened to them.  When there are many, or
 * one has been at the same request for too long, the oldest is closed, unless it waits for an
 * answer of ours.  For the thread that serves the connections.
 */
#ifndef SONDE_ANALYZE_WEB_CONNECTIONS_H
#define SONDE_ANALYZE_WEB_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct web_connection {
	int fd;
	bool waits;    /* for us */
	int64_t since; /* milliseconds of the monotonic clock */
	struct web_connection *older, *newer;
};

struct web_connections {
	struct web_connection *oldest, *newest;
	size_t n;
};

/* NULL = out of memory: the connection is not watched. */
struct web_connection *web_connections_add(struct web_connections *all, int fd);
void web_connections_remove(struct web_connections *all, struct web_connection *c); /* frees it */

/* Its request is over, or it waits for us from now on. */
void web_connections_touch(struct web_connections *all, struct web_connection *c, bool waits);

#endif
