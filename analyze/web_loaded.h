/* web_loaded.h - what the page is about: the profile, and where it came from.
 *
 * The server knows only where from.  The profile itself is in the process that loaded it, the
 * keeper (web_worker.h), and in those that are made from it.
 */
#ifndef SONDE_ANALYZE_WEB_LOADED_H
#define SONDE_ANALYZE_WEB_LOADED_H

#include "analyze/web.h"
#include "analyze/web_job.h"

struct web_loaded {
	const struct web_opts *opts;
	const struct notes *notes;
	struct profile *profile; /* NULL in the server */
	bool compared;
	int opened; /* descriptor of what is read in the place of the sources: a profile that the page
		       sent, or what came from where it cannot be read again; -1 = none */
	char *opened_name; /* NULL = none */
	char *base_name;   /* of a base that the page sent; NULL = none */
	unsigned number;   /* of profiles that were loaded until now */
};

/* Begin with what the command line names.  For the server. */
void web_loaded_init(struct web_loaded *l, const struct web_opts *opts, const struct notes *notes);

/* Load what the options say; the profile that came with the job as the base of what is shown; or it in the
 * place of what is shown.  For the keeper. */
SONDE_MUST int web_loaded_first(struct web_loaded *l, struct err *err);
SONDE_MUST int web_loaded_compare(struct web_loaded *l, const struct web_job *job, struct err *err);
SONDE_MUST int web_loaded_open(struct web_loaded *l, const struct web_job *job, struct err *err);

/* Another process has opened what came with the job: the next comparison is with that.  For the
 * server. */
void web_loaded_remember(struct web_loaded *l, const struct web_job *job);

/* Names for the header of the page; borrowed. */
const char *web_loaded_title(const struct web_loaded *l);
const char *web_loaded_base(const struct web_loaded *l); /* "" = no base */
void web_loaded_release(struct web_loaded *l);

#endif
