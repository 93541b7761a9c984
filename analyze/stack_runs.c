/* stack_runs.c - follow the runs that are there as long as a stack is theirs; the rest is a new one. */
#include "analyze/stack_runs.h"

/* The entry of the run that begins with node below parent, or the place for one. */
static uint32_t *find_run(struct stack_runs *t, uint64_t parent, uint32_t node, uint64_t h)
{
	uint32_t *at = hash_map_first(&t->map, h);

	for (; *at != HASH_MAP_NONE; at = hash_map_next(&t->map, at, h)) {
		const struct stack_run *run = &t->v.v[*at];

		if (run->parent == parent && run->node == node)
			break;
	}
	return at;
}

/* From here to the leaf.  Returns the leaf's place. */
static uint64_t add_run(struct stack_runs *t, uint64_t parent, uint32_t node,
			struct stack_steps steps)
{
	*VEC_PUSH(&t->v) = (struct stack_run){ parent, t->n_places, node, steps };
	while (stack_steps_next(&steps, t->r) != NODE_NONE)
		t->n_places++;
	return t->n_places - 1;
}

uint64_t stack_runs_add(struct stack_runs *t, size_t sample)
{
	struct stack_steps s = stack_steps_of(t->r, sample), before = s;
	struct stack_steps run = { 0, 0, 0 }; /* what is followed */
	uint64_t place = STACK_RUNS_ROOT;
	uint32_t node;

	for (; (node = stack_steps_next(&s, t->r)) != NODE_NONE; before = s) {
		uint64_t h;
		uint32_t *at;

		if (stack_steps_next(&run, t->r) == node) {
			place++;
			continue;
		}
		h = hash_add(hash_mix(place), node);
		at = find_run(t, place, node, h);
		if (*at == HASH_MAP_NONE) {
			*at = (uint32_t)t->v.n;
			hash_map_added(&t->map, at, h);
			return add_run(t, place, node, before);
		}
		place = t->v.v[*at].first;
		run = t->v.v[*at].steps;
		stack_steps_next(&run, t->r);
	}
	return place;
}

void stack_runs_release(struct stack_runs *t)
{
	VEC_RELEASE(&t->v);
	hash_map_release(&t->map);
}
