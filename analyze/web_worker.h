/* web_worker.h - a child process that answers questions.
 *
 * It has its own copy of the loaded profile for the price of a page table, and what it does may take
 * too long, or all the memory, or be of no interest any more: then it is ended, with whatever it
 * started itself, and the server stays as it was.  A worker with a key keeps the view of that
 * key and waits for more questions about it; one without answers one and ends.
 */
#ifndef SONDE_ANALYZE_WEB_WORKER_H
#define SONDE_ANALYZE_WEB_WORKER_H

#include "analyze/web_question.h"
#include "base/progress.h"

#include <sys/types.h>

/* What precedes the body of an answer. */
struct web_head {
	struct web_answer answer; /* its texts are at the same address in both processes */
	size_t n_nodes;		  /* of the view; 0 = there is none */
};

struct web_worker {
	pid_t pid; /* 0 = there is none */
	int fd;	   /* of a stream socket */
	char *key;
	struct web_job *job; /* under way; NULL = it waits */
	int64_t deadline;    /* of the job, in milliseconds of the monotonic clock */
	uint64_t used;
	struct progress *progress; /* of the job; in memory that both processes share */
	struct web_head head;
	size_t got; /* bytes of head and body */
};

/* Begin with a first job.  An error leaves no worker. */
SONDE_MUST int web_worker_start(struct web_worker *w, struct web_loaded *l, const char *key,
				struct web_job *job, struct err *err);

/* Ask one that waits; false: it is not there any more. */
bool web_worker_ask(struct web_worker *w, struct web_job *job, const struct web_opts *opts);

/* Read what has come, without waiting.  The job when it has its answer, if only that the worker
 * died; one that answers once is ended then. */
struct web_job *web_worker_read(struct web_worker *w);

int64_t web_now_ms(void); /* of the monotonic clock */

/* Milliseconds that the job under way may still take; 0 = none. */
int web_worker_left(const struct web_worker *w);

/* The job that was under way, without an answer; NULL = none. */
struct web_job *web_worker_end(struct web_worker *w);

#endif
