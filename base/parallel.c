/* parallel.c - threads that take the next piece of work until there is none. */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>

struct crew {
	parallel_fn fn;
	void *ctx;
	size_t n, next; /* next is taken atomically */
};

size_t parallel_width(void)
{
	static size_t width; /* 0 = not asked yet; whoever asks finds the same */
	size_t known = __atomic_load_n(&width, __ATOMIC_RELAXED);
	cpu_set_t cores;
	int n;

	if (known)
		return known;
	n = sched_getaffinity(0, sizeof(cores), &cores) ? 1 : CPU_COUNT(&cores);
	known = n < 1 ? 1 : n > PARALLEL_MOST ? PARALLEL_MOST : (size_t)n;
	__atomic_store_n(&width, known, __ATOMIC_RELAXED);
	return known;
}

static void *work(void *arg)
{
	struct crew *c = arg;
	size_t piece;

	while ((piece = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED)) < c->n)
		c->fn(c->ctx, piece);
	return NULL;
}

void parallel_run(parallel_fn fn, void *ctx, size_t n)
{
	struct crew crew = { .fn = fn, .ctx = ctx, .n = n };
	size_t wanted = n < parallel_width() ? n : parallel_width(), n_threads = 0;
	pthread_t threads[PARALLEL_MOST];

	while (n_threads + 1 < wanted &&
	       pthread_create(&threads[n_threads], NULL, work, &crew) == 0)
		n_threads++;
	work(&crew);
	while (n_threads > 0)
		pthread_join(threads[--n_threads], NULL);
}
