/* kept.c - one sample of each thread, drawn by lot from all that it had, each in proportion to its weight.
 *
 * kept_draw() runs inside the handler: arithmetic.
 *
 * When a thread ends it is known what it used and what its signals stood for.  The difference is laid on a moment of the
 * thread that was seen: which one is chance, so that no function gains by it.
 */
#include "sampler/kept.h"
#include "sampler/live.h"
#include "sampler/spool.h"
#include "sampler/store.h"

void kept_forget(struct thread *t)
{
	t->kept.segment = NULL;
	t->kept.of = 0;
}

static uint64_t next_random(struct thread *t)
{
	t->kept.random = t->kept.random * 6364136223846793005ULL + 1442695040888963407ULL +
			 (uint64_t)t->tid * 2;
	return t->kept.random;
}

void kept_draw(struct thread *t, struct segment *s, uint32_t stack, uint32_t context,
	       uint64_t weight)
{
	struct kept_sample *k = &t->kept;

	k->of += weight;
	if (k->segment && (uint64_t)((unsigned __int128)next_random(t) * k->of >> 64) >= weight)
		return;
	k->segment = s;
	k->stack = stack;
	k->context = context;
	k->weight = weight;
}

int64_t kept_add(struct thread *t, int64_t periods)
{
	struct kept_sample *k = &t->kept;
	struct spool_header *h = live.header;

	if (!k->segment)
		return 0;
	if (periods < -(int64_t)k->weight)
		periods = -(int64_t)k->weight;
	if (periods == 0 || !store_count(k->segment, k->stack, k->context, (uint64_t)periods))
		return 0;
	k->weight += (uint64_t)periods;
	atomic_fetch_add_explicit(&h->weight, (uint64_t)periods, memory_order_relaxed);
	return periods;
}
