/* web_session.h - the loaded profile and the one thread that answers questions about it.
 *
 * Questions wait in a queue and are answered in its order; the first thing the thread does is to
 * load.  The views used last are kept, so a zoom or a search does not filter the profile anew.
 */
#ifndef SONDE_ANALYZE_WEB_SESSION_H
#define SONDE_ANALYZE_WEB_SESSION_H

#include "analyze/web.h"
#include "analyze/web_query.h"

struct web_session;

struct web_answer {
	unsigned status; /* of HTTP */
	const char *type;
	const char *extension; /* of a file to be saved; NULL = to be shown */
	char *body;	       /* malloc'ed */
	size_t n;
};

/* One question.  The answer is there when done(job) is called, on the session's thread
 * or, when it is closing, at once. */
struct web_job {
	const char *what;	/* path behind /ui/ */
	struct web_query query; /* with an arena of its own */
	int upload;		/* descriptor of a file that came with it, or -1 */
	struct web_answer answer;
	void (*done)(struct web_job *job);
	void *ctx;
	struct web_job *next;
};

SONDE_MUST int web_session_open(struct web_session **out, const struct web_opts *opts,
				const struct notes *notes, struct err *err);
void web_session_ask(struct web_session *s, struct web_job *job);
SONDE_MUST int web_session_loaded(struct web_session *s, struct err *err);
void web_session_close(struct web_session *s); /* answers what is queued with 503 first */

/* Is there an answer to such a path, and does asking change something? */
enum web_kind { WEB_UNKNOWN, WEB_QUESTION, WEB_CHANGE };
enum web_kind web_session_kind(const char *what);

/* What is being done now, as JSON; needs no waiting.  malloc'ed. */
char *web_session_status(struct web_session *s);

#endif
