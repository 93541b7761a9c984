/* web_child.h - what keepers and workers do in their processes (web_worker.h). */
#ifndef SONDE_ANALYZE_WEB_CHILD_H
#define SONDE_ANALYZE_WEB_CHILD_H

#include "analyze/web_worker.h"

#include <sys/resource.h>

/* The server asks a keeper for a worker with this and the worker's end of a socket pair; the answer is the
 * worker's pid, or -1. */
struct web_order {
	struct progress *progress;
	rlim_t cpu_seconds; /* that it may use; RLIM_INFINITY = any */
};

/* Load, answer, and make workers until the server closes the other end of fd.  Never returns.
 * server is its pid. */
void web_child_keep(struct web_loaded *l, const struct web_question *q, struct web_job *job, int fd,
		    pid_t server);

bool web_send_all(int fd, const void *bytes, size_t n);
bool web_receive_all(int fd, void *bytes, size_t n);

#endif
