/* edge_table.c - open addressing with linear probing, at most half full, over an array of edges. */
#include "analyze/edge_table.h"
#include "analyze/arith.h"

#include <string.h>

enum { SLOTS_MIN = 1024, SLOTS_AT_FIRST = 1 << 16 };
#define EDGE_NONE UINT32_MAX

void edge_table_release(struct edge_table *t)
{
	VEC_RELEASE(&t->v);
	VEC_RELEASE(&t->slots);
}

static void make_slots(struct edge_table *t, size_t n)
{
	VEC_MUST(&t->slots, n);
	memset(t->slots.v, 0xff, n * sizeof(*t->slots.v));
	t->slots.n = n;
}

void edge_table_clear(struct edge_table *t, size_t n_calls)
{
	size_t slots = SLOTS_MIN;

	while (slots < n_calls / 4 && slots < SLOTS_AT_FIRST)
		slots *= 2;
	t->v.n = 0;
	make_slots(t, slots);
}

static size_t first_slot(const struct edge_table *t, uint32_t src, uint32_t dest)
{
	return hash_mix((uint64_t)src << 32 | dest) & (t->slots.n - 1);
}

static void reserve(struct edge_table *t, size_t n)
{
	size_t slots = t->slots.n;

	while (n * 2 > slots)
		slots *= 2;
	if (slots == t->slots.n)
		return;
	make_slots(t, slots);
	for (uint32_t i = 0; i < t->v.n; i++) {
		size_t at = first_slot(t, t->v.v[i].src, t->v.v[i].dest);

		while (t->slots.v[at] != EDGE_NONE)
			at = (at + 1) & (slots - 1);
		t->slots.v[at] = i;
	}
}

static struct edge *find(struct edge_table *t, const struct call *c)
{
	size_t at = c->slot;
	uint32_t i;

	while ((i = t->slots.v[at]) != EDGE_NONE) {
		struct edge *e = &t->v.v[i];

		if (e->src == c->src && e->dest == c->dest)
			return e;
		at = (at + 1) & (t->slots.n - 1);
	}
	t->slots.v[at] = (uint32_t)t->v.n;
	*VEC_PUSH(&t->v) =
		(struct edge){ .src = c->src, .dest = c->dest, .is_inline = c->is_inline };
	return &t->v.v[t->v.n - 1];
}

static void add(struct edge_table *t, const struct call *c, uint32_t stamp)
{
	struct edge *e = find(t, c);

	if (stamp && e->seen == stamp)
		return;
	e->seen = stamp;
	e->weight = add64(e->weight, c->w);
	e->weight_div = add64(e->weight_div, c->dw);
	e->residual |= c->residual;
	e->is_inline &= c->is_inline;
}

void edge_table_add(struct edge_table *t, struct call *calls, size_t n, uint32_t stamp)
{
	reserve(t, t->v.n + n);
	for (size_t i = 0; i < n; i++) {
		calls[i].slot = first_slot(t, calls[i].src, calls[i].dest);
		__builtin_prefetch(&t->slots.v[calls[i].slot]);
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t edge = t->slots.v[calls[i].slot];

		if (edge != EDGE_NONE)
			__builtin_prefetch(&t->v.v[edge], 1);
	}
	for (size_t i = 0; i < n; i++)
		add(t, &calls[i], stamp);
}
