/* session_guests.c - children that keep their samples in the spool of this process, and being one.
 *
 * A guest finds no place for a file, so that it cannot write a profile either: its samples are part of what its host's spool
 * becomes, whoever reads that.
 */
#include "sampler/session.h"
#include "sampler/spool_file.h"
#include "sampler/spool_reserve.h"
#include "sampler/threads.h"

#include <errno.h>
#include <unistd.h>

bool session_is_guest(void)
{
	int cancel;
	const struct spool *spool = session_hold(&cancel);
	bool is = spool && spool->is_guest;

	session_let_go(cancel);
	return is;
}

static enum session_guests state_of(const struct spool_header *h)
{
	if (!h || !atomic_load(&h->magic) || h->state == SPOOL_FREE)
		return GUESTS_NONE;
	if (h->state == SPOOL_FINISHED || (kill(h->pid, 0) && errno == ESRCH))
		return GUESTS_ENDED;
	return GUESTS_LIVE;
}

enum session_guests session_guests(void)
{
	int cancel;
	const struct spool *spool = session_hold(&cancel);
	enum session_guests most = GUESTS_NONE;

	if (spool && spool->reserve && !spool->is_guest)
		for (unsigned i = 0; i < SPOOL_MAX_GUESTS; i++) {
			enum session_guests one = state_of(spool_reserve_header(spool->reserve, i));

			most = one > most ? one : most;
		}
	session_let_go(cancel);
	return most;
}

void session_discard(void)
{
	int cancel;
	const struct spool *spool = session_hold(&cancel);

	if (spool && !spool->is_guest)
		unlink(spool->path);
	else if (spool && threads_quiet())
		atomic_store(&spool->header->state, SPOOL_FREE);
	session_let_go(cancel);
}
