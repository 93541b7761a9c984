/* decode_samples.c - the samples, which are the bulk of every file, by all cores.
 *
 * The samples come in runs.  A first pass over all runs counts frames and labels, after which every
 * run knows its place in the columns; the second pass fills them.  The count of frames is that of
 * the bytes that end a number, so the second pass, which stops at the first number that is none,
 * never writes more.  A label that says nothing is dropped and leaves a gap at the end of its run;
 * gaps are closed last.
 */
#include "base/parallel.h"
#include "writer/decode.h"

#include <string.h>

/* A run at work.  The positions are those of the columns. */
struct run {
	const struct sample_run *what;
	size_t stack, labels;	      /* counted; later where the run begins */
	size_t stack_end, labels_end; /* where it has come to */
	uint32_t largest;	      /* location */
	int rc;
	struct err err;
};

struct work {
	const struct decoder *d;
	struct run *runs;
};

static int fail_at(const struct decoder *d, struct run *r, const uint8_t *at, const char *what)
{
	return err_set(&r->err, PROTO_MALFORMED, "malformed profile: %s at byte %zu", what,
		       (size_t)(at - d->start));
}

static int unknown_location(struct run *r, uint64_t id)
{
	return err_set(&r->err, PROTO_REFUSED,
		       "malformed profile: a sample names the unknown location %llu",
		       (unsigned long long)id);
}

/* ---- first pass: count ---- */

/* Numbers in n bytes: each ends with a byte whose highest bit is clear. */
static size_t count_numbers(const uint8_t *p, size_t n)
{
	const uint64_t low_bits = 0x0101010101010101ULL;
	size_t count = 0;
	uint64_t w;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		count += (~w >> 7 & low_bits) * low_bits >> 56; /* the sum of its eight bytes */
	}
	for (; n; p++, n--)
		count += !(*p & 0x80);
	return count;
}

static void count_sample(struct run *r, struct wire w)
{
	struct wire_field f;

	while (wire_next(&w, &f))
		if (f.number == 1)
			r->stack += f.type == WIRE_BYTES ? count_numbers(f.data, f.u) : 1;
		else if (f.number == 3)
			r->labels++;
}

static void count_run(void *ctx, size_t i)
{
	const struct work *work = ctx;
	struct run *r = &work->runs[i];
	struct wire w = { r->what->at, work->d->end, NULL };
	struct wire_field f;

	for (size_t n = r->what->n; n && wire_next(&w, &f);) {
		if (f.number != F_SAMPLE)
			continue;
		count_sample(r, wire_message(&w, &f));
		n--;
	}
}

/* From counts to places; the columns get room for all. */
static void place_runs(struct decoder *d, struct run *runs)
{
	struct profile *p = d->p;
	size_t stack = 0, labels = 0, n_samples = d->n_of[F_SAMPLE];

	for (size_t i = 0; i < d->runs.n; i++) {
		size_t n_stack = runs[i].stack, n_labels = runs[i].labels;

		runs[i].stack = runs[i].stack_end = stack;
		runs[i].labels = runs[i].labels_end = labels;
		stack += n_stack;
		labels += n_labels;
	}
	VEC_MUST(&p->values, n_samples * p->sample_types.n);
	VEC_MUST(&p->stack, stack);
	VEC_MUST(&p->labels, labels);
	VEC_MUST(&p->stack_at, n_samples + 1);
	VEC_MUST(&p->label_at, n_samples + 1);
}

/* ---- second pass: fill ---- */

static int fill_stack(const struct decoder *d, struct run *r, struct wire *w,
		      const struct wire_field *f)
{
	const struct id_map *locations = &d->locations;
	uint32_t *stack = d->p->stack.v;
	struct wire ids;

	if (f->type != WIRE_BYTES) {
		uint64_t id = wire_u64(w, f);
		uint32_t index = id_map_get(locations, id);

		if (w->error)
			return 0;
		r->largest = index > r->largest ? index : r->largest;
		stack[r->stack_end++] = index;
		return index == PROFILE_NONE ? unknown_location(r, id) : 0;
	}
	ids = wire_message(w, f);
	while (ids.pos < ids.end) {
		uint64_t id = wire_varint(&ids);
		uint32_t index = id_map_get(locations, id);

		if (ids.error)
			return fail_at(d, r, ids.pos, ids.error);
		if (index == PROFILE_NONE)
			return unknown_location(r, id);
		r->largest = index > r->largest ? index : r->largest;
		stack[r->stack_end++] = index;
	}
	return 0;
}

/* The value number *n of the sample, if there may be so many: the count is checked at its end. */
static void fill_value(const struct decoder *d, size_t sample, size_t *n, uint64_t value)
{
	size_t n_types = d->n_types;

	if (*n < n_types)
		d->p->values.v[sample * n_types + *n] = (int64_t)value;
	++*n;
}

static int fill_values(const struct decoder *d, struct run *r, struct wire *w,
		       const struct wire_field *f, size_t sample, size_t *n)
{
	struct wire numbers;

	if (f->type != WIRE_BYTES) {
		fill_value(d, sample, n, wire_u64(w, f));
		return 0;
	}
	numbers = wire_message(w, f);
	while (numbers.pos < numbers.end && !numbers.error)
		fill_value(d, sample, n, wire_varint(&numbers));
	return numbers.error ? fail_at(d, r, numbers.pos, numbers.error) : 0;
}

static int fill_label(const struct decoder *d, struct run *r, struct wire w)
{
	struct label label = { 0 };
	bool has_str = false, has_unit = false;
	struct wire_field f;

	while (wire_next(&w, &f))
		switch (f.number) {
		case 1:
			label.key = decode_string(d, &w, wire_u64(&w, &f));
			break;
		case 2:
			label.str = decode_string(d, &w, wire_u64(&w, &f));
			has_str = f.u != 0;
			break;
		case 3:
			label.num = (int64_t)wire_u64(&w, &f);
			break;
		case 4:
			label.unit = decode_string(d, &w, wire_u64(&w, &f));
			has_unit = f.u != 0;
			break;
		}
	if (w.error)
		return fail_at(d, r, w.pos, w.error);
	if (has_str) {
		label.num = 0;
		label.unit = 0;
	} else if (label.num == 0 && !has_unit) {
		return 0; /* pprof sees no value in it and drops it */
	}
	label.is_num = !has_str;
	d->p->labels.v[r->labels_end++] = label;
	return 0;
}

static int fill_sample(const struct decoder *d, struct run *r, struct wire w, size_t sample)
{
	size_t n_values = 0, n_types = d->n_types;
	struct wire_field f;
	int rc = 0;

	while (!rc && wire_next(&w, &f))
		switch (f.number) {
		case 1:
			rc = fill_stack(d, r, &w, &f);
			break;
		case 2:
			rc = fill_values(d, r, &w, &f, sample, &n_values);
			break;
		case 3:
			rc = fill_label(d, r, wire_message(&w, &f));
			break;
		}
	if (!rc && w.error)
		rc = fail_at(d, r, w.pos, w.error);
	if (rc)
		return rc;
	if (n_values != n_types)
		return err_set(&r->err, PROTO_REFUSED,
			       "malformed profile: sample %zu has %zu values for %zu sample types",
			       sample, n_values, n_types);
	d->p->stack_at.v[sample + 1] = r->stack_end;
	d->p->label_at.v[sample + 1] = r->labels_end;
	return 0;
}

static void fill_run(void *ctx, size_t i)
{
	const struct work *work = ctx;
	const struct decoder *d = work->d;
	struct run *r = &work->runs[i];
	size_t sample = r->what->first, end = sample + r->what->n;
	struct wire w = { r->what->at, d->end, NULL };
	struct wire_field f;

	while (!r->rc && sample < end && wire_next(&w, &f))
		if (f.number == F_SAMPLE)
			r->rc = fill_sample(d, r, wire_message(&w, &f), sample++);
}

/* Move the labels of every run down to where the run before ends. */
static void close_gaps(struct profile *p, const struct run *runs, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		size_t first = runs[i].what->first, gap = runs[i].labels - to,
		       n_labels = runs[i].labels_end - runs[i].labels;

		if (gap) {
			memmove(p->labels.v + to, p->labels.v + runs[i].labels,
				n_labels * sizeof(*p->labels.v));
			for (size_t s = first; s < first + runs[i].what->n; s++)
				p->label_at.v[s + 1] -= gap;
		}
		to += n_labels;
	}
	p->labels.n = to;
}

int decode_samples(struct decoder *d)
{
	struct profile *p = d->p;
	VEC(struct run) runs = VEC_INIT;
	struct work work = { .d = d };
	int rc = 0;

	for (size_t i = 0; i < d->runs.n; i++)
		*VEC_PUSH(&runs) = (struct run){ .what = &d->runs.v[i] };
	d->n_types = p->sample_types.n;
	work.runs = runs.v;
	parallel_run(count_run, &work, runs.n);
	place_runs(d, runs.v);
	parallel_run(fill_run, &work, runs.n);
	for (size_t i = 0; i < runs.n && !rc; i++)
		if ((rc = runs.v[i].rc))
			err_set(d->err, rc, "%s", runs.v[i].err.text);
	if (!rc && runs.n) {
		p->n_samples = d->n_of[F_SAMPLE];
		p->values.n = p->n_samples * p->sample_types.n;
		p->stack_at.n = p->label_at.n = p->n_samples + 1;
		p->stack.n = runs.v[runs.n - 1].stack_end;
		close_gaps(p, runs.v, runs.n);
	}
	VEC_RELEASE(&runs);
	return rc;
}

/* Room for what so many bytes can hold: frames of one byte, labels of two. */
static void make_room(struct profile *p, size_t bytes, size_t n_types)
{
	VEC_MUST(&p->values, p->values.n + n_types);
	VEC_MUST(&p->stack, p->stack.n + bytes);
	VEC_MUST(&p->labels, p->labels.n + bytes / 2);
	VEC_MUST(&p->stack_at, p->n_samples + 2);
	VEC_MUST(&p->label_at, p->n_samples + 2);
}

int decode_sample(struct decoder *d, const struct wire_field *f)
{
	struct profile *p = d->p;
	struct run r;
	int rc;

	make_room(p, f->u, d->n_types);
	r.stack_end = p->stack.n;
	r.labels_end = p->labels.n;
	r.largest = d->largest;
	r.err.text[0] = 0;
	rc = fill_sample(d, &r, (struct wire){ f->data, f->data + f->u, NULL }, p->n_samples);
	d->largest = r.largest;
	p->n_samples++;
	p->stack.n = r.stack_end;
	p->labels.n = r.labels_end;
	p->values.n += d->n_types;
	p->stack_at.n = p->label_at.n = p->n_samples + 1;
	return rc;
}
