/* web_crew.h - the processes that work for a session, and who of them works on what.
 *
 * One has the profile (the keeper), one may be loading what shall replace it, some answer questions.
 * Meanwhile the others' questions are answered from the profile that is there.  A question that
 * takes longer than it may is ended, and so is one that nobody waits for; equal ones at the same
 * time are answered once.  The workers whose views were used last are kept, so a zoom or a search
 * does not filter the profile anew.
 */
#ifndef SONDE_ANALYZE_WEB_CREW_H
#define SONDE_ANALYZE_WEB_CREW_H

#include "analyze/web_status.h"
#include "analyze/web_worker.h"

#include <poll.h>

enum {
	MAX_VIEWS = 4,
	MAX_RUNNING = 4,
	MAX_WORKERS = MAX_VIEWS + MAX_RUNNING,
	MAX_PLACES = 1 + MAX_WORKERS, /* progress and what is shown: the loader's first */
	MAX_FDS = 2 * MAX_PLACES,
};

struct web_crew {
	struct web_loaded loaded; /* without the profile */
	struct web_worker loader, keeper, workers[MAX_WORKERS];
	size_t most_running;
	uint64_t clock;
	struct web_jobs waiting;
	size_t n_waiting;
};

/* progress[MAX_PLACES] must be shared with processes that are forked.  first loads what the command line names. */
void web_crew_init(struct web_crew *c, const struct web_opts *opts, const struct notes *notes,
		   struct progress *progress, struct web_job *first);
void web_crew_release(struct web_crew *c,
		      const char *why); /* ends all; refuses what has no answer */

/* Have it answered, now or later. */
void web_crew_add(struct web_crew *c, struct web_job *job);

void web_crew_refuse(struct web_crew *c, unsigned status, const char *why); /* what waits */

/* Give what waits to processes, as far as there are any for it now. */
void web_crew_give(struct web_crew *c);

/* What to wait for, at most MAX_FDS, and for how many milliseconds, -1 = any time. */
nfds_t web_crew_fds(const struct web_crew *c, struct pollfd *fds, int *timeout);

/* See what has come and what is over. */
void web_crew_look(struct web_crew *c);

void web_crew_show(const struct web_crew *c, struct web_shown *shown); /* [MAX_PLACES] */

#endif
