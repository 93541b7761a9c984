/* web_top.c - what each function costs, alone and with its callees, summed up from the tree. */
#include "analyze/arith.h"
#include "analyze/web_answers.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct total {
	struct flame_weight w; /* value: once for each sample, however often the function is in it */
	uint32_t frame, active;
	bool inlined, called;
};

struct walk {
	uint32_t node, next;
};

/* Depth first, counting how often each function is on the way from the root. */
static void sum_functions(const struct flame_tree *t, struct total *totals)
{
	const struct flame_node *nodes = t->nodes.v;
	VEC(struct walk) way = VEC_INIT;

	*VEC_PUSH(&way) = (struct walk){ 0, nodes[0].first_child };
	while (way.n) {
		struct walk *top = &way.v[way.n - 1];
		uint32_t node = top->next;
		const struct flame_node *n = &nodes[node == FLAME_NONE ? top->node : node];
		struct total *f = n->frame == FLAME_NONE ? NULL : &totals[n->frame];

		if (node == FLAME_NONE) {
			if (f)
				f->active--;
			way.n--;
			continue;
		}
		top->next = n->next_sibling;
		f->w.self = add64(f->w.self, n->w.self);
		f->w.old_self = add64(f->w.old_self, n->w.old_self);
		if (f->active++ == 0) {
			f->w.value = add64(f->w.value, n->w.value);
			f->w.old = add64(f->w.old, n->w.old);
		}
		f->inlined |= n->inlined;
		f->called |= !n->inlined;
		*VEC_PUSH(&way) = (struct walk){ node, n->first_child };
	}
	VEC_RELEASE(&way);
}

static int by_weight(const void *a, const void *b)
{
	const struct total *x = a, *y = b;
	double v = fabs((double)x->w.self) + fabs((double)x->w.old_self),
	       w = fabs((double)y->w.self) + fabs((double)y->w.old_self);

	if (v != w)
		return v < w ? 1 : -1;
	v = fabs((double)x->w.value) + fabs((double)x->w.old);
	w = fabs((double)y->w.value) + fabs((double)y->w.old);
	return v != w ? (v < w ? 1 : -1) : x->frame < y->frame ? -1 : 1;
}

static void print_column(const char *name, const struct total *t, size_t n, size_t offset,
			 struct json *j)
{
	json_open(j, name, '[');
	for (size_t i = 0; i < n; i++)
		json_int(j, NULL, *(const int64_t *)((const char *)&t[i].w + offset));
	json_close(j, ']');
}

static void print_totals(struct web_view *v, const struct total *t, size_t n, struct json *j)
{
	VEC(uint32_t) frames = VEC_INIT;

	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(&frames) = t[i].frame;
	web_print_frames(v, frames.v, n, j);
	print_column("flat", t, n, offsetof(struct flame_weight, self), j);
	print_column("cum", t, n, offsetof(struct flame_weight, value), j);
	if (v->compared) {
		print_column("oldFlat", t, n, offsetof(struct flame_weight, old_self), j);
		print_column("oldCum", t, n, offsetof(struct flame_weight, old), j);
	}
	json_open(j, "inline", '[');
	for (size_t i = 0; i < n; i++) /* 0 no, 1 always, 2 here and there */
		json_int(j, NULL, t[i].inlined ? 1 + t[i].called : 0);
	json_close(j, ']');
	VEC_RELEASE(&frames);
}

int web_answer_top(struct web_view *v, const struct web_query *q, struct json *j, struct err *err)
{
	size_t n_frames = v->report.nodes.info.n, n = 0;
	VEC(struct total) totals = VEC_INIT;
	int64_t most = web_query_number(q, "rows", 5000);

	VEC_MUST(&totals, n_frames + 1);
	memset(totals.v, 0, (n_frames + 1) * sizeof(*totals.v));
	for (uint32_t i = 0; i < n_frames; i++)
		totals.v[i].frame = i;
	sum_functions(&v->tree, totals.v);
	for (size_t i = 0; i < n_frames; i++)
		if (totals.v[i].inlined || totals.v[i].called)
			totals.v[n++] = totals.v[i];
	if (n)
		qsort(totals.v, n, sizeof(*totals.v), by_weight);
	web_print_head(v, j);
	json_int(j, "rows", (int64_t)n);
	print_totals(v, totals.v, most >= 0 && (uint64_t)most < n ? (size_t)most : n, j);
	VEC_RELEASE(&totals);
	return 0;
}
