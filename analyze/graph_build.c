/* graph_build.c - sum the samples up into nodes and edges.
 *
 * Every frame of every sample is visited, and nearly each visit is to memory that is not in the
 * nearest cache.  So the walk touches integers only, and is made of short loops, each of which asks
 * memory for what the next one needs, for many frames at a time: the frames that matter, then the
 * steps that they stand for, then the sums of their nodes, then the edges between them.
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
	FRAMES = 128, /* of a stack, taken at a time */
	STEPS = 512,  /* on the way through them */
	FEW = 3,      /* steps of most locations, at most */
};

/* A step on the way from the root to the leaf: a node, or the number of nodes for "left out", whose
 * sums nobody reads. */
#define STEP_INLINE   0x80000000u /* inlined into the step before */
#define STEP_RESIDUAL 0x40000000u /* frames before it are left out */
#define STEP_NODE(s)  ((s) & ~(STEP_INLINE | STEP_RESIDUAL))

/* The steps of a location, outermost first. */
struct stop {
	uint32_t n;
	uint32_t step[FEW]; /* or where they begin in walk.steps, if they are more */
};

struct sums {
	int64_t cum;
	uint32_t seen; /* number of the last sample that met the node, plus 1 */
};

struct walk {
	struct graph *g;
	uint32_t left_out;	   /* the step for it */
	bool only_edges;	   /* the sums of nodes are known */
	VEC(unsigned char) wanted; /* by node: which of its edges are counted, INTO | OUT_OF */
	VEC(struct stop) stop;	   /* by location */
	VEC(uint32_t) steps;	   /* of locations with many */
	VEC(bool) met;		   /* by location: is any step not left out?  Empty = all are met */
};

/* The sample at hand. */
struct sample {
	int64_t w, dw;
	uint32_t stamp; /* its number plus 1 */
	uint32_t from;	/* the node met last; left_out = none yet */
	bool residual;	/* something after that is left out */
	bool gap;	/* the frames before those at hand are left out */
};

/* A range of the samples, and what it adds up to. */
struct part {
	const struct walk *k;
	size_t first, end;
	VEC(struct sums) node;
	VEC(int64_t) flat, flat_div, cum_div; /* the _div only for means */
	struct edge_table edges;
	struct sample sample;
	size_t n_frames, n_path, n_calls;
	uint32_t frame[FRAMES]; /* locations | STEP_RESIDUAL */
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
		s->residual |= (t->path[i] & STEP_RESIDUAL) != 0;
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
	if (!t->k->only_edges)
		add_nodes_of_path(t);
	if (t->k->g->opts.edges != GRAPH_EDGES_NONE)
		add_edges_of_path(t);
	t->n_path = 0;
}

/* Any number of steps, where they may not fit. */
static void append_many(struct part *t, const struct stop *stop, uint32_t residual)
{
	const uint32_t *steps = stop->n > FEW ? t->k->steps.v + stop->step[0] : stop->step;

	for (uint32_t i = 0; i < stop->n; i++) {
		if (t->n_path == STEPS)
			take_path(t);
		t->path[t->n_path++] = steps[i] | (i == 0 ? residual : 0);
	}
}

/* The frames that matter of stack[0 .. n), from the root to the leaf. */
static void choose_frames(struct part *t, const uint32_t *stack, size_t n)
{
	const struct stop *stop = t->k->stop.v;
	const bool *met = t->k->met.v;
	bool was_met = !t->sample.gap;
	size_t n_frames = 0;

	if (!t->k->met.n) {
		for (size_t i = n; i-- > 0;) {
			t->frame[n_frames++] = stack[i];
			__builtin_prefetch(&stop[stack[i]]);
		}
		t->n_frames = n_frames;
		return;
	}
	for (size_t i = n; i-- > 0;) {
		bool is_met = met[stack[i]];

		t->frame[n_frames] = stack[i] | (was_met ? 0 : STEP_RESIDUAL);
		n_frames += is_met;
		was_met = is_met;
	}
	for (size_t i = 0; i < n_frames; i++)
		__builtin_prefetch(&stop[STEP_NODE(t->frame[i])]);
	t->n_frames = n_frames;
	t->sample.gap = !was_met;
}

static void take_frames(struct part *t)
{
	const struct stop *stops = t->k->stop.v;
	size_t n_path = t->n_path;

	for (size_t i = 0; i < t->n_frames; i++) {
		uint32_t frame = t->frame[i];
		const struct stop *stop = &stops[STEP_NODE(frame)];

		if (stop->n > FEW || n_path > STEPS - FEW) {
			t->n_path = n_path;
			append_many(t, stop, frame & STEP_RESIDUAL);
			n_path = t->n_path;
			continue;
		}
		memcpy(t->path + n_path, stop->step, sizeof(stop->step)); /* all: n is any */
		t->path[n_path] |= frame & STEP_RESIDUAL;
		n_path += stop->n;
	}
	t->n_path = n_path;
}

static void add_sample(struct part *t, const uint32_t *stack, size_t n)
{
	size_t some;

	for (; n > 0; n -= some) {
		some = n < FRAMES ? n : FRAMES;
		choose_frames(t, stack + n - some, some);
		take_frames(t);
		take_path(t);
	}
}

/* The innermost node, if it is kept: what is left out takes its own weight with it. */
static void add_flat(struct part *t, uint32_t location)
{
	struct node_tags *tags = t->k->g->opts.tags;
	const struct sample *s = &t->sample;
	const struct stop *stop = &t->k->stop.v[location];
	uint32_t last = stop->n - 1, node;

	node = STEP_NODE(stop->n > FEW ? t->k->steps.v[stop->step[0] + last] : stop->step[last]);

	if (node == t->k->left_out)
		return;
	t->flat.v[node] = add64(t->flat.v[node], s->w);
	if (t->flat_div.n)
		t->flat_div.v[node] = add64(t->flat_div.v[node], s->dw);
	if (tags)
		node_tags_add_flat(tags, node, s->stamp - 1, s->w, s->dw);
}

/* ---- a range of samples ---- */

static void clear_sums(struct part *t)
{
	const struct graph *g = t->k->g;

	CLEAR(&t->node, g->node.n);
	CLEAR(&t->flat, g->node.n);
	if (g->opts.mean) {
		CLEAR(&t->flat_div, g->node.n);
		CLEAR(&t->cum_div, g->node.n);
	}
}

static void walk_part(void *ctx, size_t piece)
{
	struct part *t = (struct part *)ctx + piece;
	const struct graph *g = t->k->g;
	const struct profile *p = g->nodes->profile;
	size_t types = p->sample_types.n;

	if (!t->k->only_edges)
		clear_sums(t);
	edge_table_clear(&t->edges,
			 g->opts.edges ? p->stack_at.v[t->end] - p->stack_at.v[t->first] : 0);
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
		if (!t->k->only_edges)
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
		if (!k->only_edges)
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

/* The steps of one location behind the others; neighbours that are left out are one step. */
static struct stop make_stop(struct walk *k, size_t location, const unsigned char *kept)
{
	const struct nodes *t = k->g->nodes;
	uint32_t at = t->at.v[location], end = t->at.v[location + 1], first = (uint32_t)k->steps.n;
	struct stop stop = { .step = { first } };

	for (uint32_t i = end; i-- > at;) {
		uint32_t node = t->of.v[i];

		if (!kept || kept[node])
			k->steps.v[k->steps.n++] = node | (t->inlined.v[i] ? STEP_INLINE : 0);
		else if (k->steps.n == first || k->steps.v[k->steps.n - 1] != k->left_out)
			k->steps.v[k->steps.n++] = k->left_out;
	}
	stop.n = (uint32_t)k->steps.n - first;
	if (stop.n <= FEW) {
		memcpy(stop.step, k->steps.v + first, stop.n * sizeof(*stop.step));
		k->steps.n = first;
	}
	return stop;
}

static void make_stops(struct walk *k, const unsigned char *kept)
{
	const struct nodes *t = k->g->nodes;
	size_t n = t->at.n - 1;

	VEC_MUST(&k->steps, t->of.n + 1);
	VEC_MUST(&k->stop, n + 1);
	for (size_t i = 0; i < n; i++)
		k->stop.v[i] = make_stop(k, i, kept);
	if (!kept)
		return;
	VEC_MUST(&k->met, n + 1);
	for (size_t i = 0; i < n; i++)
		k->met.v[i] = k->stop.v[i].n != 1 || k->stop.v[i].step[0] != k->left_out;
	k->met.n = n;
}

static void build(struct walk *k, const unsigned char *kept)
{
	k->left_out = (uint32_t)k->g->nodes->info.n;
	make_stops(k, kept);
	mark_wanted(k);
	walk_all(k);
	graph_collect_nodes(k->g);
	VEC_RELEASE(&k->wanted);
	VEC_RELEASE(&k->stop);
	VEC_RELEASE(&k->steps);
	VEC_RELEASE(&k->met);
}

void graph_build(struct graph *g, const unsigned char *kept)
{
	if (g->opts.tags)
		node_tags_clear(g->opts.tags);
	CLEAR(&g->node, g->nodes->info.n);
	build(&(struct walk){ .g = g }, kept);
}

void graph_build_edges(struct graph *g, const unsigned char *kept)
{
	for (size_t i = 0; kept && i < g->node.n; i++)
		if (!kept[i])
			g->node.v[i] = (struct graph_node){ 0 };
	build(&(struct walk){ .g = g, .only_edges = true }, kept);
}
