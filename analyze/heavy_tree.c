/* heavy_tree.c - take the heaviest boxes out of a queue.
 *
 * Every known box owns a range of the walkers, one for each sample that passes it.  Taking a box
 * moves its walkers one frame down and sorts them by the frames that they come to, so that each box
 * below it owns a part of the range.
 */
#include "analyze/heavy_tree.h"

#include <stdlib.h>
#include <string.h>

/* Where one sample is on its way from the root to the leaf. */
struct walker {
	size_t sample;
	size_t stack_at; /* one more than the place of the next location in profile.stack */
	uint32_t line;	 /* so many nodes of that location are left; 0 = none yet */
	uint32_t node;	 /* where it comes to now; NODE_NONE = it has ended */
	bool inlined;	 /* there, into where it came from */
};

/* A box that is known and not taken yet. */
struct waiting {
	uint64_t weight;
	size_t first, n; /* walkers */
	uint32_t node, parent;
	bool inlined;
};

struct group {
	uint64_t weight;
	size_t first, n;
	uint32_t node;
	bool inlined;
};

struct growing {
	struct heavy_tree *tree;
	const struct nodes *nodes;
	const struct heavy_cost *cost;
	struct walker *walkers, *scratch;
	uint32_t *group_of; /* by node; NODE_NONE between two boxes */
	VEC(struct group) groups;
	VEC(struct waiting) queue; /* a heap, the heaviest first */
};

static uint64_t weight_of(struct heavy_cost c)
{
	return (uint64_t)c.now + (uint64_t)c.before;
}

static void add_cost(struct heavy_cost *to, struct heavy_cost c)
{
	to->now = (int64_t)((uint64_t)to->now + (uint64_t)c.now);
	to->before = (int64_t)((uint64_t)to->before + (uint64_t)c.before);
}

/* ---- the queue ---- */

static bool is_before(const struct waiting *a, const struct waiting *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	return a->parent != b->parent ? a->parent < b->parent : a->node < b->node;
}

static void push(struct growing *g, struct waiting w)
{
	size_t i = g->queue.n;

	*VEC_PUSH(&g->queue) = w;
	while (i > 0 && is_before(&w, &g->queue.v[(i - 1) / 2])) {
		g->queue.v[i] = g->queue.v[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	g->queue.v[i] = w;
}

static struct waiting pop(struct growing *g)
{
	struct waiting first = g->queue.v[0], last = g->queue.v[--g->queue.n];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < g->queue.n; i = child) {
		if (child + 1 < g->queue.n && is_before(&g->queue.v[child + 1], &g->queue.v[child]))
			child++;
		if (!is_before(&g->queue.v[child], &last))
			break;
		g->queue.v[i] = g->queue.v[child];
	}
	if (g->queue.n)
		g->queue.v[i] = last;
	return first;
}

/* ---- growing ---- */

static void step(const struct growing *g, struct walker *w)
{
	const struct profile *p = g->nodes->profile;
	const uint32_t *at = g->nodes->at.v;

	while (w->line == 0) {
		if (w->stack_at == p->stack_at.v[w->sample]) {
			w->node = NODE_NONE;
			return;
		}
		w->stack_at--;
		w->line = at[p->stack.v[w->stack_at] + 1] - at[p->stack.v[w->stack_at]];
	}
	w->line--;
	w->node = g->nodes->of.v[at[p->stack.v[w->stack_at]] + w->line];
	w->inlined = g->nodes->inlined.v[at[p->stack.v[w->stack_at]] + w->line];
}

static struct group *find_group(struct growing *g, uint32_t node)
{
	if (g->group_of[node] == NODE_NONE) {
		g->group_of[node] = (uint32_t)g->groups.n;
		*VEC_PUSH(&g->groups) = (struct group){ .node = node };
	}
	return &g->groups.v[g->group_of[node]];
}

/* Move the walkers of a box down; those that end here are its own cost. */
static void move_walkers(struct growing *g, struct heavy_box *box, const struct waiting *w)
{
	for (size_t i = w->first; i < w->first + w->n; i++) {
		struct walker *walker = &g->walkers[i];
		struct group *group;

		step(g, walker);
		if (walker->node == NODE_NONE) {
			add_cost(&box->self, g->cost[walker->sample]);
			continue;
		}
		group = find_group(g, walker->node);
		group->n++;
		group->inlined |= walker->inlined;
		group->weight += weight_of(g->cost[walker->sample]);
	}
}

/* Sort the walkers that are left by their group. */
static void sort_walkers(struct growing *g, const struct waiting *w)
{
	size_t at = w->first;

	memcpy(g->scratch, g->walkers + w->first, w->n * sizeof(*g->walkers));
	for (size_t i = 0; i < g->groups.n; i++) {
		g->groups.v[i].first = at;
		at += g->groups.v[i].n;
		g->groups.v[i].n = 0;
	}
	for (size_t i = 0; i < w->n; i++) {
		struct group *group;

		if (g->scratch[i].node == NODE_NONE)
			continue;
		group = &g->groups.v[g->group_of[g->scratch[i].node]];
		g->walkers[group->first + group->n++] = g->scratch[i];
	}
}

static void take(struct growing *g)
{
	struct waiting w = pop(g);
	uint32_t number = (uint32_t)g->tree->boxes.n;
	struct heavy_box box = { .node = w.node, .parent = w.parent, .inlined = w.inlined };

	g->groups.n = 0;
	move_walkers(g, &box, &w);
	sort_walkers(g, &w);
	*VEC_PUSH(&g->tree->boxes) = box;
	for (size_t i = 0; i < g->groups.n; i++) {
		const struct group *group = &g->groups.v[i];

		g->group_of[group->node] = NODE_NONE;
		push(g, (struct waiting){ group->weight, group->first, group->n, group->node,
					  number, group->inlined });
	}
}

/* What is still known is small. */
static void leave_out(struct growing *g, const struct waiting *w)
{
	struct heavy_box *box = &g->tree->boxes.v[w->parent];

	box->n_small++;
	for (size_t i = w->first; i < w->first + w->n; i++)
		add_cost(&box->small, g->cost[g->walkers[i].sample]);
}

static size_t start_walkers(struct growing *g)
{
	const struct profile *p = g->nodes->profile;
	size_t n = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		if (weight_of(g->cost[i]))
			g->walkers[n++] =
				(struct walker){ .sample = i, .stack_at = p->stack_at.v[i + 1] };
	return n;
}

void heavy_tree_build(struct heavy_tree *t, const struct nodes *nodes,
		      const struct heavy_cost *cost, size_t n_boxes)
{
	struct growing g = { .tree = t, .nodes = nodes, .cost = cost };
	struct arena *a = arena_new(ARENA_DIE);
	size_t samples = nodes->profile->n_samples;

	*t = (struct heavy_tree){ .boxes = VEC_INIT };
	g.walkers = ARENA_ARRAY(a, struct walker, samples + 1);
	g.scratch = ARENA_ARRAY(a, struct walker, samples + 1);
	g.group_of = ARENA_ARRAY(a, uint32_t, nodes->info.n + 1);
	memset(g.group_of, 0xff, (nodes->info.n + 1) * sizeof(*g.group_of));
	push(&g,
	     (struct waiting){ .n = start_walkers(&g), .node = NODE_NONE, .parent = NODE_NONE });
	take(&g);
	while (g.queue.n && (n_boxes == 0 || t->boxes.n <= n_boxes))
		take(&g);
	for (size_t i = 0; i < g.queue.n; i++)
		leave_out(&g, &g.queue.v[i]);
	VEC_RELEASE(&g.groups);
	VEC_RELEASE(&g.queue);
	arena_free(a);
}

void heavy_tree_release(struct heavy_tree *t)
{
	VEC_RELEASE(&t->boxes);
}
