/* report_folded.c - a line for each distinct stack, as flamegraph.pl and its family read it:
 * "root;caller;leaf value".
 *
 * Stacks are equal when their nodes are.  Lines come in the order in which the profile has the
 * stacks first, so that nothing but one sum for each is held, and a hash for each sample.
 */
#include "analyze/arith.h"
#include "analyze/report_stacks.h"
#include "analyze/sample_text.h"
#include "base/parallel.h"

#include <inttypes.h>

struct folded {
	struct report *r;
	struct hash_map map;
	VEC(uint32_t) samples; /* by stack: the sample that had it first */
	VEC(int64_t) sums;     /* by stack */
	uint64_t *hashes;      /* by sample */
};

static uint64_t hash_stack(const struct report *r, size_t sample)
{
	struct stack_steps s = stack_steps_of(r, sample);
	uint64_t h = 0;

	for (uint32_t node; (node = stack_steps_next(&s, r)) != NODE_NONE;)
		h = hash_add(h, node);
	return h;
}

enum { SAMPLES_OF_A_PIECE = 4096 };

static void hash_piece(void *ctx, size_t piece)
{
	struct folded *f = ctx;
	size_t i = piece * SAMPLES_OF_A_PIECE, end = i + SAMPLES_OF_A_PIECE;

	for (; i < end && i < f->r->profile->n_samples; i++)
		f->hashes[i] = hash_stack(f->r, i);
}

static bool same_stack(const struct report *r, size_t a, size_t b)
{
	struct stack_steps x = stack_steps_of(r, a), y = stack_steps_of(r, b);
	uint32_t node;

	do {
		node = stack_steps_next(&x, r);
		if (stack_steps_next(&y, r) != node)
			return false;
	} while (node != NODE_NONE);
	return true;
}

static void add_sample(struct folded *f, size_t sample)
{
	uint64_t h = f->hashes[sample];
	int64_t value = stacks_value(f->r, sample);
	uint32_t *at;

	for (at = hash_map_first(&f->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&f->map, at, h)) {
		if (!same_stack(f->r, f->samples.v[*at], sample))
			continue;
		f->sums.v[*at] = add64(f->sums.v[*at], value);
		return;
	}
	*at = (uint32_t)f->samples.n;
	hash_map_added(&f->map, at, h);
	*VEC_PUSH(&f->samples) = (uint32_t)sample;
	*VEC_PUSH(&f->sums) = value;
}

static void add_samples(struct folded *f)
{
	size_t n = f->r->profile->n_samples;

	f->hashes = ARENA_ARRAY(f->r->arena, uint64_t, n);
	parallel_run(hash_piece, f, n / SAMPLES_OF_A_PIECE + 1);
	for (size_t i = 0; i < n; i++)
		add_sample(f, i);
}

/* ";name", without the characters that part names and lines. */
static void write_frame(const struct sample_format *format, struct report *r, struct text *to,
			uint32_t node, bool is_inline)
{
	size_t first = to->v.n + 1;

	text_add(to, ";");
	text_add(to, node_name(&r->nodes, node)->s);
	for (size_t i = first; i < to->v.n; i++) {
		char *c = &to->v.v[i];

		if (*c == ';')
			*c = ':';
		else if (*c == '\n' || *c == '\r')
			*c = ' ';
	}
}

static bool is_written(const struct sample_format *format, struct sample_writer *w, size_t i)
{
	const struct folded *f = format->ctx;
	struct stack_steps s = stack_steps_of(f->r, f->samples.v[i]);

	return f->sums.v[i] != 0 && stack_steps_next(&s, f->r) != NODE_NONE;
}

static void write_sum(const struct sample_format *format, struct sample_writer *w, size_t i)
{
	const struct folded *f = format->ctx;

	text_printf(w->to, " %" PRId64 "\n", f->sums.v[i]);
}

int report_folded(struct report *r, struct err *err)
{
	struct folded f = { .r = r };
	const struct sample_format format = { .ctx = &f,
					      .root_first = true,
					      .frame = write_frame,
					      .skip = 1,
					      .before = is_written,
					      .after = write_sum };

	stacks_make_nodes(r, false);
	add_samples(&f);
	sample_text_print(r, &format, f.samples.v, f.samples.n);
	hash_map_release(&f.map);
	VEC_RELEASE(&f.samples);
	VEC_RELEASE(&f.sums);
	return 0;
}
