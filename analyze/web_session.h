/* web_session.h - the thread that has questions answered.
 *
 * Questions wait in a queue.  The thread answers what takes no time itself and gives the rest to
 * processes (web_crew.h), which also load the profile.
 */
#ifndef SONDE_ANALYZE_WEB_SESSION_H
#define SONDE_ANALYZE_WEB_SESSION_H

#include "analyze/web.h"
#include "analyze/web_job.h"

struct web_session;

/* It may be asked from now on; it loads and answers when it is started. */
SONDE_MUST int web_session_open(struct web_session **out, const struct web_opts *opts,
				const struct notes *notes, struct err *err);
SONDE_MUST int web_session_start(struct web_session *s, struct err *err);
void web_session_ask(struct web_session *s, struct web_job *job);
SONDE_MUST int web_session_failed(struct web_session *s, struct err *err); /* to load */
void web_session_close(struct web_session *s); /* answers what is queued with 503 first */

/* Is there an answer to such a path, and does asking change something? */
enum web_kind { WEB_UNKNOWN, WEB_QUESTION, WEB_CHANGE };
enum web_kind web_session_kind(const char *what);

/* What is being done now, as JSON; needs no waiting.  malloc'ed. */
char *web_session_status(struct web_session *s);

#endif
