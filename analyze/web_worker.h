/* web_worker.h - child processes of the server: keepers, which have a profile, and workers, which answer questions
 * about it.
 *
 * The server itself never reads a profile.  A keeper is forked for that; what it reads may take too
 * long, or all the memory, or be of no interest any more: then it is ended, with whatever it
 * started itself, and the server stays as it was.  Workers are forked by the keeper, but are
 * children of the server like the keeper itself; they have their own copy of the profile for the
 * price of a page table, and may be ended, too.  A worker with a key keeps the view of that key and
 * waits for more questions about it; one without answers one and ends.
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
	bool stays;		  /* for more questions, or for workers to be made */
};

struct web_worker {
	pid_t pid; /* 0 = there is none */
	int fd;	   /* of a stream socket */
	char *key;
	struct web_job *job;	 /* under way; NULL = it waits */
	int64_t since, deadline; /* of the job, in milliseconds of the monotonic clock */
	uint64_t used;
	struct progress *progress; /* of the job; in memory that all processes share */
	struct web_head head;
	size_t got; /* bytes of head and body */
};

/* Begin to load as the job says; it becomes a keeper when its answer is 200.  seconds 0 = no limit of time.
 * An error leaves no process. */
SONDE_MUST int web_keeper_start(struct web_worker *w, struct web_loaded *l,
				const struct web_question *q, struct web_job *job, unsigned seconds,
				struct err *err);

/* Have the keeper make a worker, and give it a first job.  An error leaves no worker. */
SONDE_MUST int web_worker_start(struct web_worker *w, struct web_worker *keeper, const char *key,
				struct web_job *job, unsigned seconds, struct err *err);

/* Ask one that waits; false: it is not there any more. */
bool web_worker_ask(struct web_worker *w, struct web_job *job, unsigned seconds);

/* Read what has come, without waiting.  The job when it has its answer, if only that the worker
 * died; one that does not stay is ended then. */
struct web_job *web_worker_read(struct web_worker *w);

int64_t web_now_ms(void); /* of the monotonic clock */

/* Milliseconds that the job under way may still take; 0 = none. */
int web_worker_left(const struct web_worker *w);

/* The job that was under way, without an answer; NULL = none. */
struct web_job *web_worker_end(struct web_worker *w);

#endif
