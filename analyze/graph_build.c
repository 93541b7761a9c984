/* graph_build.c - sum the samples up into nodes and edges.
 *
 * Every frame of every sample is visited, and nearly each visit is to memory that is not in the
 * nearest cache.  So the walk touches integers only, and is made of loops without branches on what
 * they load, which lets the processor fetch for many frames at a time: first the stack becomes a
 * list of steps, then the nodes of all steps are asked for, then added to.
 *
 * Each core walks a range of the samples with sums of its own; those of the ranges are added up in
 * order, so that the graph is the same for any number of cores.
 */
#include "analyze/arith.h"
#include "analyze/edge_table.h"
#include "base/parallel.h"

#include <string.h>

#define CLEAR(vec, count)                                                                          \
	(VEC_MUST(vec, (count) + 1), (vec)->n = (count),                                           \
	 memset((vec)->v, 0, ((vec)->n + 1) * sizeof(*(vec)->v)))

enum { INTO = 1, OUT_OF = 2 };

enum {
	FRAMES_OF_A_PART = 1 << 17, /* fewer are not worth a thread */
	CALLS_OF_A_BATCH = 64,
	STEPS = 512, /* taken at a time */
	FEW = 4,     /* steps of most locations, at most */
};

/* A step on the way from the root to the leaf: a node, or the number of nodes for "left out", whose
 * sums nobody reads. */
#define STEP_INLINE  0x80000000u /* inlined into the step before */
#define STEP_NODE(s) ((s) & ~STEP_INLINE)

struct sums {
	int64_t cum;
	uint32_t seen; /* number of the last sample that met the node, plus 1 */
};

struct walk {
	struct graph *g;
	uint32_t left_out;	   /* the step for it */
	VEC(unsigned char) wanted; /* by node: which of its edges are counted, INTO | OUT_OF */
	VEC(uint32_t) at, steps;   /* by location, n + 1: its steps are steps[at[l] .. at[l + 1]) */
};

/* The sample at hand. */
struct sample {
	int64_t w, dw;
	uint32_t stamp; /* its number plus 1 */
	uint32_t from;	/* the node met last; left_out = none yet */
	bool residual;	/* something after that is left out */
};

/* A range of the samples, and what it adds up to. */
struct part {
	const struct walk *k;
	size_t first, end;
	VEC(struct sums) node;
	VEC(int64_t) flat, flat_div, cum_div; /* the _div only for means */
	struct edge_table edges;
	struct sample sample;
	size_t n_path, n_calls;
	uint32_t path[STEPS];
	struct call calls[STEPS];
};

/* ---- one sample ---- */

static void add_cum(struct part *t, uint32_t node)
{
	struct node_tags *tags = t->k->g->opts.tags;
	const struct sample *sample = &t->sample;
	struct sums *s = &t->node.v[node];

	if (s->seen == sample->stamp)
		return;
	s->seen = sample->stamp;
	s->cum = add64(s->cum, sample->w);
	if (t->cum_div.n)
		t->cum_div.v[node] = add64(t->cum_div.v[node], sample->dw);
	if (tags && node != t->k->left_out)
		node_tags_add_cum(tags, node, sample->stamp - 1, sample->w, sample->dw);
}

static void add_nodes_of_path(struct part *t)
{
	for (size_t i = 0; i < t->n_path; i++)
		__builtin_prefetch(&t->node.v[STEP_NODE(t->path[i])], 1);
	for (size_t i = 0; i < t->n_path; i++)
		add_cum(t, STEP_NODE(t->path[i]));
}

static void add_edges_of_path(struct part *t)
{
	const unsigned char *wanted = t->k->wanted.v;
	struct sample *s = &t->sample;

	t->n_calls = 0;
	for (size_t i = 0; i < t->n_path; i++) {
		uint32_t node = STEP_NODE(t->path[i]), from = s->from;

		if (node == t->k->left_out) {
			s->residual = true;
			continue;
		}
		if (from != t->k->left_out && from != node &&
		    ((wanted[node] & INTO) | (wanted[from] & OUT_OF)))
			t->calls[t->n_calls++] =
				(struct call){ .src = from,
					       .dest = node,
					       .residual = s->residual,
					       .is_inline = t->path[i] & STEP_INLINE,
					       .w = s->w,
					       .dw = s->dw };
		s->from = node;
		s->residual = false;
	}
	edge_table_add(&t->edges, t->calls, t->n_calls, s->stamp);
}

static void take_path(struct part *t)
{
	add_nodes_of_path(t);
	if (t->k->g->opts.edges != GRAPH_EDGES_NONE)
		add_edges_of_path(t);
	t->n_path = 0;
}

/* Any number of steps, where they may not fit. */
static void append_many(struct part *t, const uint32_t *steps, size_t n)
{
	while (n > 0) {
		size_t some = STEPS - t->n_path < n ? STEPS - t->n_path : n;

		memcpy(t->path + t->n_path, steps, some * sizeof(*steps));
		t->n_path += some;
		steps += some;
		n -= some;
		if (t->n_path == STEPS)
			take_path(t);
	}
}

static void add_sample(struct part *t, const uint32_t *stack, size_t n)
{
	const uint32_t *at = t->k->at.v, *steps = t->k->steps.v;

	for (size_t i = n; i-- > 0;) {
		const uint32_t *first = steps + at[stack[i]];
		size_t n_steps = at[stack[i] + 1] - at[stack[i]];

		if (n_steps > FEW || t->n_path > STEPS - FEW) {
			append_many(t, first, n_steps);
			continue;
		}
		memcpy(t->path + t->n_path, first, FEW * sizeof(*first)); /* more than it has */
		t->n_path += n_steps;
	}
	take_path(t);
}

/* The innermost node, if it is kept: what is left out takes its own weight with it. */
static void add_flat(struct part *t, uint32_t location)
{
	struct node_tags *tags = t->k->g->opts.tags;
	const struct sample *s = &t->sample;
	uint32_t node = STEP_NODE(t->k->steps.v[t->k->at.v[location + 1] - 1]);

	if (node == t->k->left_out)
		return;
	t->flat.v[node] = add64(t->flat.v[node], s->w);
	if (t->flat_div.n)
		t->flat_div.v[node] = add64(t->flat_div.v[node], s->dw);
	if (tags)
		node_tags_add_flat(tags, node, s->stamp - 1, s->w, s->dw);
}

/* ---- a range of samples ---- */

static void walk_part(void *ctx, size_t piece)
{
	struct part *t = (struct part *)ctx + piece;
	const struct graph *g = t->k->g;
	const struct profile *p = g->nodes->profile;
	size_t types = p->sample_types.n;

	CLEAR(&t->node, g->node.n);
	CLEAR(&t->flat, g->node.n);
	if (g->opts.mean) {
		CLEAR(&t->flat_div, g->node.n);
		CLEAR(&t->cum_div, g->node.n);
	}
	edge_table_clear(&t->edges);
	for (size_t i = t->first; i < t->end; i++) {
		const int64_t *values = p->values.v + i * types;
		const uint32_t *stack = p->stack.v + p->stack_at.v[i];
		size_t n = p->stack_at.v[i + 1] - p->stack_at.v[i];

		t->sample = (struct sample){ .w = values[g->opts.value_index],
					     .dw = g->opts.mean ? values[0] : 0,
					     .stamp = (uint32_t)i + 1,
					     .from = t->k->left_out };
		if (n == 0 || (t->sample.w == 0 && t->sample.dw == 0))
			continue;
		add_sample(t, stack, n);
		add_flat(t, stack[0]);
	}
}

/* Ranges of about equally many frames. */
static void divide(struct part *parts, size_t n, const struct walk *k)
{
	const struct profile *p = k->g->nodes->profile;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t frames = p->stack.n / n * (i + 1);

		parts[i] = (struct part){ .k = k, .first = at };
		while (at < p->n_samples && (i + 1 == n || p->stack_at.v[at] < frames))
			at++;
		parts[i].end = at;
	}
}

static void add_edges(struct edge_table *to, const struct edge *edges, size_t n)
{
	struct call calls[CALLS_OF_A_BATCH];

	for (size_t i = 0, k; i < n; i += k) {
		for (k = 0; k < CALLS_OF_A_BATCH && i + k < n; k++) {
			const struct edge *e = &edges[i + k];

			calls[k] = (struct call){ .src = e->src,
						  .dest = e->dest,
						  .residual = e->residual,
						  .is_inline = e->is_inline,
						  .w = e->weight,
						  .dw = e->weight_div };
		}
		edge_table_add(to, calls, k, 0);
	}
}

static void add_nodes(struct graph *g, const struct part *t)
{
	for (size_t i = 0; i < g->node.n; i++) {
		struct graph_node *n = &g->node.v[i];

		n->cum = add64(n->cum, t->node.v[i].cum);
		n->flat = add64(n->flat, t->flat.v[i]);
		if (!g->opts.mean)
			continue;
		n->cum_div = add64(n->cum_div, t->cum_div.v[i]);
		n->flat_div = add64(n->flat_div, t->flat_div.v[i]);
	}
}

static void release_part(struct part *t)
{
	VEC_RELEASE(&t->node);
	VEC_RELEASE(&t->flat);
	VEC_RELEASE(&t->flat_div);
	VEC_RELEASE(&t->cum_div);
	edge_table_release(&t->edges);
}

static void walk_all(const struct walk *k)
{
	struct graph *g = k->g;
	size_t most = g->opts.tags ? 1 : parallel_width(); /* tags have one table */
	size_t n = 1 + g->nodes->profile->stack.n / FRAMES_OF_A_PART;
	VEC(struct part) parts = VEC_INIT;
	struct edge_table *edges;

	n = n < most ? n : most;
	VEC_MUST(&parts, n);
	divide(parts.v, n, k);
	parallel_run(walk_part, parts.v, n);
	edges = &parts.v[0].edges;
	for (size_t i = 0; i < n; i++) {
		add_nodes(g, &parts.v[i]);
		if (i > 0)
			add_edges(edges, parts.v[i].edges.v.v, parts.v[i].edges.v.n);
	}
	VEC_RELEASE(&g->edges);
	g->edges.v = edges->v.v;
	g->edges.n = edges->v.n;
	g->edges.cap = edges->v.cap;
	edges->v.v = NULL;
	for (size_t i = 0; i < n; i++)
		release_part(&parts.v[i]);
	VEC_RELEASE(&parts);
}

/* ---- what to visit ---- */

static void mark_inlined(struct walk *k)
{
	const struct nodes *t = k->g->nodes;

	for (size_t l = 0; l + 1 < t->at.n; l++)
		for (uint32_t i = t->at.v[l]; i < t->at.v[l + 1]; i++)
			if (t->inlined.v[i])
				k->wanted.v[t->of.v[i]] = INTO;
}

static void mark_wanted(struct walk *k)
{
	const struct graph *g = k->g;

	CLEAR(&k->wanted, g->node.n);
	switch (g->opts.edges) {
	case GRAPH_EDGES_NONE:
		break;
	case GRAPH_EDGES_INLINED:
		mark_inlined(k);
		break;
	case GRAPH_EDGES_NEAR:
		for (size_t i = 0; i < g->node.n; i++)
			k->wanted.v[i] = g->opts.near[i] ? INTO | OUT_OF : 0;
		break;
	case GRAPH_EDGES_ALL:
		memset(k->wanted.v, INTO, k->wanted.n);
		break;
	}
}

/* The steps of each location, outermost first; neighbours that are left out are one step. */
static void make_steps(struct walk *k, const unsigned char *kept)
{
	const struct nodes *t = k->g->nodes;

	VEC_MUST(&k->steps, t->of.n + FEW); /* add_sample() reads on behind the last one */
	VEC_MUST(&k->at, t->at.n);
	for (size_t l = 0; l + 1 < t->at.n; l++) {
		uint32_t first = (uint32_t)k->steps.n;

		k->at.v[l] = first;
		for (uint32_t i = t->at.v[l + 1]; i-- > t->at.v[l];) {
			uint32_t node = t->of.v[i];

			if (!kept || kept[node])
				k->steps.v[k->steps.n++] =
					node | (t->inlined.v[i] ? STEP_INLINE : 0);
			else if (k->steps.n == first || k->steps.v[k->steps.n - 1] != k->left_out)
				k->steps.v[k->steps.n++] = k->left_out;
		}
	}
	k->at.v[t->at.n - 1] = (uint32_t)k->steps.n;
}

void graph_build(struct graph *g, const unsigned char *kept)
{
	struct walk k = { .g = g, .left_out = (uint32_t)g->nodes->info.n };

	if (g->opts.tags)
		node_tags_clear(g->opts.tags);
	CLEAR(&g->node, g->nodes->info.n);
	make_steps(&k, kept);
	mark_wanted(&k);
	walk_all(&k);
	graph_collect_nodes(g);
	VEC_RELEASE(&k.wanted);
	VEC_RELEASE(&k.at);
	VEC_RELEASE(&k.steps);
}
