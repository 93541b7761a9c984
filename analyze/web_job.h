/* web_job.h - one question on its way from the server to an answer and back. */
#ifndef SONDE_ANALYZE_WEB_JOB_H
#define SONDE_ANALYZE_WEB_JOB_H

#include "analyze/web_query.h"

#include <stddef.h>

struct web_answer {
	int rc;		 /* enum sonde_status */
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
	struct web_job *next; /* in a list */
	struct web_job *same; /* the next one that gets the same answer */
};

/* Make a text the answer; frees what was there. */
void web_answer_text(struct web_answer *a, unsigned status, const char *text);

/* In the order in which they came. */
struct web_jobs {
	struct web_job *first, *last;
};

void web_jobs_add(struct web_jobs *jobs, struct web_job *job);
struct web_job *web_jobs_take(struct web_jobs *jobs); /* the first; NULL = none */

/* Do two ask for the same answer? */
bool web_job_is_same(const struct web_job *a, const struct web_job *b);

/* It has its answer: give it to those that asked the same, too. */
void web_job_finish(struct web_job *job);
void web_job_refuse(struct web_job *job, unsigned status, const char *text);

/* The first of those that get its answer whose client has not closed its connection; NULL = nobody waits. */
const struct web_job *web_job_waiting(const struct web_job *job);

#endif
