/* web_job.h - one question on its way from the server to an answer and back. */
#ifndef SONDE_ANALYZE_WEB_JOB_H
#define SONDE_ANALYZE_WEB_JOB_H

#include "analyze/web_query.h"

#include <stddef.h>

struct web_answer {
	unsigned status; /* of HTTP */
	const char *type;
	const char *extension; /* of a file to be saved; NULL = to be shown */
	char *body;	       /* malloc'ed */
	size_t n;
	bool packed; /* the body is gzip'd */
};

/* The answer is there when done(job) is called, on the session's thread or, when it is closing, at
 * once. */
struct web_job {
	const char *what;	/* path behind /ui/ */
	struct web_query query; /* with an arena of its own */
	int upload;		/* descriptor of a file that came with it, or -1 */
	int client;		/* socket of who asks, to see that nobody waits any more, or -1 */
	bool takes_gzip;
	struct web_answer answer;
	void (*done)(struct web_job *job);
	void *ctx;
	struct web_job *next;
};

/* Make a text the answer; frees what was there. */
void web_answer_text(struct web_answer *a, unsigned status, const char *text);

#endif
