/* web_session.h - the loaded profile, and the thread that has questions about it answered.
 *
 * The thread loads first; questions wait in a queue.  It answers what takes no time itself and gives
 * the rest to workers (web_worker.h), a few at a time.  A question that takes longer than it may is
 * ended, and so is one whose asker has gone.  The workers whose views were used last are kept, so a
 * zoom or a search does not filter the profile anew.
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
bool web_session_is_loading(struct web_session *s);			   /* NULL is fine */
void web_session_close(struct web_session *s); /* answers what is queued with 503 first */

/* Is there an answer to such a path, and does asking change something? */
enum web_kind { WEB_UNKNOWN, WEB_QUESTION, WEB_CHANGE };
enum web_kind web_session_kind(const char *what);

/* What is being done now, as JSON; needs no waiting.  malloc'ed. */
char *web_session_status(struct web_session *s);

#endif
