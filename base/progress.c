/* progress.c - a place in memory, written and read piece by piece. */
#include "base/progress.h"

static struct progress *place;

void progress_to(struct progress *p)
{
	place = p;
}

void progress_begin(const char *step, size_t total)
{
	if (!place)
		return;
	__atomic_store_n(&place->total, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&place->done, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&place->step, step, __ATOMIC_RELAXED);
	__atomic_store_n(&place->total, total, __ATOMIC_RELEASE);
}

void progress_add(size_t n)
{
	if (place)
		__atomic_add_fetch(&place->done, n, __ATOMIC_RELAXED);
}

struct progress progress_read(const struct progress *p)
{
	struct progress now = { .total = __atomic_load_n(&p->total, __ATOMIC_ACQUIRE),
				.step = __atomic_load_n(&p->step, __ATOMIC_RELAXED),
				.done = __atomic_load_n(&p->done, __ATOMIC_RELAXED) };

	if (now.done > now.total)
		now.done = now.total;
	return now;
}
