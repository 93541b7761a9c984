/* report_folded.c - a line for each distinct stack, as flamegraph.pl and its family read it:
 * "root;caller;leaf value".
 *
 * Stacks are equal when their nodes are.  Lines come in the order in which the profile has the
 * stacks first, so that nothing but one sum for each is held.
 */
#include "analyze/arith.h"
#include "analyze/report_stacks.h"

#include <inttypes.h>
#include <string.h>

struct folded_stack {
	size_t sample; /* that had it first */
	int64_t sum;
};

struct folded {
	struct report *r;
	struct hash_map map;
	VEC(struct folded_stack) stacks;
	struct node_name *names; /* by node; as they stand in a line */
};

/* A walk along the nodes of a sample, from the root to the leaf. */
struct steps {
	const struct report *r;
	size_t first, at; /* in profile.stack */
	uint32_t line;	  /* so many nodes of this location are left */
};

static struct steps steps_of(const struct report *r, size_t sample)
{
	const struct profile *p = r->profile;

	return (struct steps){ r, p->stack_at.v[sample], p->stack_at.v[sample + 1], 0 };
}

/* NODE_NONE at the end. */
static uint32_t next_node(struct steps *s)
{
	const uint32_t *at = s->r->nodes.at.v, *stack = s->r->profile->stack.v;

	while (s->line == 0) {
		if (s->at == s->first)
			return NODE_NONE;
		s->at--;
		s->line = at[stack[s->at] + 1] - at[stack[s->at]];
	}
	return s->r->nodes.of.v[at[stack[s->at]] + --s->line];
}

static uint64_t hash_stack(const struct report *r, size_t sample)
{
	struct steps s = steps_of(r, sample);
	uint64_t h = 0;

	for (uint32_t node; (node = next_node(&s)) != NODE_NONE;)
		h = hash_add(h, node);
	return h;
}

static bool same_stack(const struct report *r, size_t a, size_t b)
{
	struct steps x = steps_of(r, a), y = steps_of(r, b);
	uint32_t node;

	do {
		node = next_node(&x);
		if (next_node(&y) != node)
			return false;
	} while (node != NODE_NONE);
	return true;
}

static void add_sample(struct folded *f, size_t sample)
{
	uint64_t h = hash_stack(f->r, sample);
	int64_t value = stacks_value(f->r, sample);
	uint32_t *at;

	for (at = hash_map_first(&f->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&f->map, at, h)) {
		struct folded_stack *old = &f->stacks.v[*at];

		if (!same_stack(f->r, old->sample, sample))
			continue;
		old->sum = add64(old->sum, value);
		return;
	}
	*at = (uint32_t)f->stacks.n;
	hash_map_added(&f->map, at, h);
	*VEC_PUSH(&f->stacks) = (struct folded_stack){ sample, value };
}

/* Without the characters that part names and lines. */
static const struct node_name *line_name(struct folded *f, uint32_t node)
{
	struct node_name *name = &f->names[node];
	char *s;

	if (name->s)
		return name;
	s = arena_strdup(f->r->arena, node_name(&f->r->nodes, node)->s);
	name->s = s;
	name->n = strlen(s);
	for (; *s; s++) {
		if (*s == ';')
			*s = ':';
		else if (*s == '\n' || *s == '\r')
			*s = ' ';
	}
	return name;
}

static void print_stack(struct folded *f, const struct folded_stack *stack)
{
	struct steps s = steps_of(f->r, stack->sample);
	uint32_t node = next_node(&s);

	if (node == NODE_NONE || stack->sum == 0)
		return;
	while (node != NODE_NONE) {
		const struct node_name *name = line_name(f, node);

		fwrite_unlocked(name->s, 1, name->n, f->r->out);
		node = next_node(&s);
		putc_unlocked(node == NODE_NONE ? ' ' : ';', f->r->out);
	}
	fprintf(f->r->out, "%" PRId64 "\n", stack->sum);
}

int report_folded(struct report *r, struct err *err)
{
	struct folded f = { .r = r };

	stacks_make_nodes(r, false);
	f.names = ARENA_ARRAY(r->arena, struct node_name, r->nodes.info.n);
	for (size_t i = 0; i < r->profile->n_samples; i++)
		add_sample(&f, i);
	for (size_t i = 0; i < f.stacks.n; i++)
		print_stack(&f, &f.stacks.v[i]);
	hash_map_release(&f.map);
	VEC_RELEASE(&f.stacks);
	return 0;
}
