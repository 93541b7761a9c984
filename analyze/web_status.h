/* web_status.h - what the page may know of work that is under way. */
#ifndef SONDE_ANALYZE_WEB_STATUS_H
#define SONDE_ANALYZE_WEB_STATUS_H

#include "analyze/json.h"
#include "base/progress.h"

/* What a worker is at. */
struct web_shown {
	const char *what; /* the question; NULL = nothing */
	int64_t since;	  /* milliseconds of the monotonic clock */
	size_t n_clients; /* that get the same answer */
};

/* As members of an object: the step of loading, progress[0], and an array "running" of what each of n
 * processes does for a question, with its own progress; the first is the one that loads. */
void web_status_print(const struct progress *progress, const struct web_shown *shown, size_t n,
		      struct json *j);

#endif
