/* session_window.c - the part of the time that is sampled, where it is not all: `sonde record --delay --duration`.
 *
 * Every process of the tree looks at the same clock, and its keeper is who looks: no signal, timer or descriptor of the
 * host's is touched.  Before the window no thread has a timer or an event, and after it none has one any more.
 */
#include "sampler/live.h"
#include "sampler/session.h"
#include "sampler/spool_file.h"
#include "sampler/threads.h"

static struct session_window window;
static _Atomic enum { WINDOW_IS_OPEN, WINDOW_IS_AHEAD, WINDOW_IS_OVER } state;

static uint64_t now_ns(void)
{
	return session_clock_ns(CLOCK_MONOTONIC);
}

bool session_window_has_passed(const struct session_window *w)
{
	return w->until_ns && now_ns() >= w->until_ns;
}

bool session_window_begin(const struct session_window *w)
{
	window = *w;
	state = w->from_ns && now_ns() < w->from_ns ? WINDOW_IS_AHEAD : WINDOW_IS_OPEN;
	return state == WINDOW_IS_AHEAD;
}

bool session_window_is_ahead(void)
{
	return state == WINDOW_IS_AHEAD;
}

bool session_window_is_over(void)
{
	return state == WINDOW_IS_OVER;
}

bool session_window_cancel(void)
{
	bool was_ahead = state == WINDOW_IS_AHEAD;

	if (was_ahead)
		state = WINDOW_IS_OVER;
	return was_ahead;
}

static void open_window(void)
{
	int cancel;
	const struct spool *spool = session_hold(&cancel);

	if (spool && state == WINDOW_IS_AHEAD) {
		state = WINDOW_IS_OPEN;
		session_account_from(spool->header, session_clock_ns(CLOCK_PROCESS_CPUTIME_ID));
		atomic_store(&spool->header->state, SPOOL_RUNNING);
		atomic_store(&live.sampling, true);
		(void)threads_start_all(); /* what has no timer is counted */
	}
	session_let_go(cancel);
}

static void close_window(void)
{
	int cancel;
	const struct spool *spool = session_hold(&cancel);

	if (spool && atomic_load(&live.sampling)) {
		atomic_store(&live.sampling, false);
		threads_stop_all();
		session_note_clocks(true);
		session_mark_finished();
		state = WINDOW_IS_OVER;
	}
	session_let_go(cancel);
}

bool session_window_lasts(void)
{
	if (state == WINDOW_IS_AHEAD && now_ns() >= window.from_ns)
		open_window();
	if (!session_window_has_passed(&window))
		return true;
	close_window();
	return false;
}

long session_window_pause_ns(long most)
{
	uint64_t at = state == WINDOW_IS_AHEAD ? window.from_ns : window.until_ns, now;

	if (!at)
		return most;
	now = now_ns();
	if (at <= now)
		return 0;
	return at - now < (uint64_t)most ? (long)(at - now) : most;
}
