/* redundant_edges.c - find residual edges beside which another path exists.
 *
 * Of the calls into a node only those lighter than its lightest real call are looked at, so that no
 * edge vanishes next to a lighter one.
 */
#include "analyze/redundant_edges.h"

#include <string.h>

struct search {
	struct graph *g;
	VEC(uint32_t) queue;
	VEC(uint32_t) seen; /* by node: the number of the last search that met it */
	uint32_t number;
};

/* Enter the callers of a node into the queue; true when src is one of them. */
static bool add_callers(struct search *s, uint32_t node, const struct edge *without)
{
	const struct graph *g = s->g;

	for (uint32_t i = g->in_at.v[node]; i < g->in_at.v[node + 1]; i++) {
		const struct edge *e = &g->edges.v[g->in.v[i]];

		if (e == without || e->dropped || s->seen.v[e->src] == s->number)
			continue;
		if (e->src == without->src)
			return true;
		s->seen.v[e->src] = s->number;
		*VEC_PUSH(&s->queue) = e->src;
	}
	return false;
}

static bool has_other_path(struct search *s, const struct edge *e)
{
	s->number++;
	s->seen.v[e->dest] = s->number;
	s->queue.n = 0;
	*VEC_PUSH(&s->queue) = e->dest;
	for (size_t i = 0; i < s->queue.n; i++)
		if (add_callers(s, s->queue.v[i], e))
			return true;
	return false;
}

static void drop_into(struct search *s, uint32_t node)
{
	struct graph *g = s->g;

	for (uint32_t i = g->in_at.v[node + 1]; i-- > g->in_at.v[node];) {
		struct edge *e = &g->edges.v[g->in.v[i]];

		if (!e->residual)
			break;
		e->dropped = has_other_path(s, e);
	}
}

void redundant_edges_drop(struct graph *g)
{
	struct search s = { .g = g };

	VEC_MUST(&s.seen, g->node.n + 1);
	memset(s.seen.v, 0, (g->node.n + 1) * sizeof(*s.seen.v));
	for (size_t i = g->order.n; i-- > 0;)
		drop_into(&s, g->order.v[i]);
	VEC_RELEASE(&s.queue);
	VEC_RELEASE(&s.seen);
}
