/* merge.c - add up the rows of several profiles.
 *
 * Each source is walked once; merge_code.c moves what its samples refer to.  Rows are found by a hash over the moved
 * stack and labels and compared column by column on a hit, so that nothing is allocated for a sample but its place in the
 * columns.
 */
#include "analyze/merge.h"
#include "analyze/arith.h"
#include "analyze/merge_code.h"
#include "base/hash.h"
#include "base/oom.h"

#include <stdlib.h>
#include <string.h>

struct placed_label {
	struct label label;
	size_t place;
};

struct merger {
	struct profile *p; /* the result */
	size_t n_sources;
	struct code_merger code;
	struct hash_map samples;
	VEC(bool) has_comment; /* by string */

	/* of the source at hand */
	const struct profile *src;
	VEC(str_id) string_of;

	/* of the sample at hand, in terms of the result */
	VEC(uint32_t) stack;
	VEC(struct label) labels;
	VEC(struct placed_label) placed;
};

/* ---- samples ---- */

/* String labels before numeric ones, those of one key together. */
static int order_of_labels(const struct label *a, const struct label *b)
{
	if (a->is_num != b->is_num)
		return a->is_num ? 1 : -1;
	return a->key < b->key ? -1 : a->key > b->key;
}

static int compare_placed(const void *pa, const void *pb)
{
	const struct placed_label *a = pa, *b = pb;
	int order = order_of_labels(&a->label, &b->label);

	return order ? order : a->place < b->place ? -1 : a->place > b->place;
}

/* Two samples have the same labels if these are equal in this order. */
static void sort_labels(struct merger *m)
{
	size_t n = m->labels.n, i = 1;

	while (i < n && order_of_labels(&m->labels.v[i - 1], &m->labels.v[i]) <= 0)
		i++;
	if (i >= n)
		return;
	VEC_MUST(&m->placed, n);
	for (i = 0; i < n; i++)
		m->placed.v[i] = (struct placed_label){ m->labels.v[i], i };
	qsort(m->placed.v, n, sizeof(*m->placed.v), compare_placed);
	for (i = 0; i < n; i++)
		m->labels.v[i] = m->placed.v[i].label;
}

static void map_row(struct merger *m, size_t sample)
{
	const struct profile *src = m->src;
	size_t from = src->stack_at.v[sample], end = src->stack_at.v[sample + 1];

	VEC_MUST(&m->stack, end - from);
	m->stack.n = m->labels.n = 0;
	for (size_t i = from; i < end; i++)
		m->stack.v[m->stack.n++] = code_merger_location(&m->code, src->stack.v[i]);
	for (size_t i = src->label_at.v[sample]; i < src->label_at.v[sample + 1]; i++) {
		struct label label = src->labels.v[i];

		label.key = m->string_of.v[label.key];
		label.str = label.is_num ? 0 : m->string_of.v[label.str];
		label.unit = m->string_of.v[label.unit];
		*VEC_PUSH(&m->labels) = label;
	}
	sort_labels(m);
}

static bool same_labels(const struct label *a, const struct label *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].key != b[i].key || a[i].str != b[i].str || a[i].unit != b[i].unit ||
		    a[i].is_num != b[i].is_num || (a[i].is_num && a[i].num != b[i].num))
			return false;
	return true;
}

static bool is_row(const struct merger *m, size_t sample)
{
	const struct profile *p = m->p;
	size_t stack_at = p->stack_at.v[sample], n_stack = p->stack_at.v[sample + 1] - stack_at;
	size_t label_at = p->label_at.v[sample], n_labels = p->label_at.v[sample + 1] - label_at;

	return n_stack == m->stack.n && n_labels == m->labels.n &&
	       (n_stack == 0 ||
		memcmp(p->stack.v + stack_at, m->stack.v, n_stack * sizeof(uint32_t)) == 0) &&
	       same_labels(p->labels.v + label_at, m->labels.v, n_labels);
}

static uint64_t hash_row(const struct merger *m)
{
	uint64_t h = m->stack.n ? hash_bytes(m->stack.v, m->stack.n * sizeof(uint32_t)) : 0;

	for (size_t i = 0; i < m->labels.n; i++) {
		const struct label *label = &m->labels.v[i];

		h = hash_add(h, (uint64_t)label->key << 32 |
					(label->is_num ? label->unit : label->str));
		if (label->is_num)
			h = hash_add(h, (uint64_t)label->num);
	}
	return h;
}

static bool is_zero(const struct profile *p, size_t sample)
{
	const int64_t *values = p->values.v + sample * p->sample_types.n;

	for (size_t i = 0; i < p->sample_types.n; i++)
		if (values[i])
			return false;
	return true;
}

static void add_sample(struct merger *m, size_t sample)
{
	size_t n_types = m->p->sample_types.n;
	const int64_t *values = m->src->values.v + sample * n_types;
	uint64_t h;
	uint32_t *at;

	map_row(m, sample);
	h = hash_row(m);
	for (at = hash_map_first(&m->samples, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&m->samples, at, h))
		if (is_row(m, *at)) {
			int64_t *sum = m->p->values.v + *at * n_types;

			for (size_t i = 0; i < n_types; i++)
				sum[i] = add64(sum[i], values[i]);
			return;
		}
	*at = (uint32_t)m->p->n_samples;
	hash_map_added(&m->samples, at, h);
	profile_add_sample(m->p, values, m->stack.v, m->stack.n, m->labels.v, m->labels.n);
}

/* ---- sources ---- */

static void start_source(struct merger *m, const struct profile *src)
{
	size_t n = strtab_count(src->strings);

	m->src = src;
	VEC_MUST(&m->string_of, n);
	for (str_id id = 0; id < n; id++)
		m->string_of.v[id] = strtab_add(m->p->strings, profile_str(src, id),
						strtab_len(src->strings, id));
}

static void add_comments(struct merger *m)
{
	VEC_MUST(&m->has_comment, strtab_count(m->p->strings)); /* what is new in it is zero */
	for (size_t i = 0; i < m->src->comments.n; i++) {
		str_id comment = m->string_of.v[m->src->comments.v[i]];

		if (!m->has_comment.v[comment])
			*VEC_PUSH(&m->p->comments) = comment;
		m->has_comment.v[comment] = true;
	}
}

/* As pprof has it, a later source without a time makes the result one without. */
static void add_header(struct merger *m)
{
	const struct profile *src = m->src;
	struct profile *p = m->p;

	if (p->time_nanos == 0 || src->time_nanos < p->time_nanos)
		p->time_nanos = src->time_nanos;
	p->duration_nanos = add64(p->duration_nanos, src->duration_nanos);
	if (p->period == 0 || p->period < src->period)
		p->period = src->period;
	if (!p->default_sample_type)
		p->default_sample_type = m->string_of.v[src->default_sample_type];
	if (!p->doc_url)
		p->doc_url = m->string_of.v[src->doc_url];
	add_comments(m);
}

static void start_result(struct merger *m)
{
	const struct profile *src = m->src;

	for (size_t i = 0; i < src->sample_types.n; i++)
		*VEC_PUSH(&m->p->sample_types) = (struct value_type){
			m->string_of.v[src->sample_types.v[i].type],
			m->string_of.v[src->sample_types.v[i].unit],
		};
	m->p->period_type.type = m->string_of.v[src->period_type.type];
	m->p->period_type.unit = m->string_of.v[src->period_type.unit];
	m->p->drop_frames = m->string_of.v[src->drop_frames];
	m->p->keep_frames = m->string_of.v[src->keep_frames];
}

static void add_source(struct merger *m, const struct profile *src, bool is_first)
{
	start_source(m, src);
	if (is_first)
		start_result(m);
	add_header(m);
	code_merger_start(&m->code, src, m->string_of.v);
	if (hash_map_reserve(&m->samples, m->samples.n + src->n_samples))
		oom();
	for (size_t i = 0; i < src->n_samples; i++)
		if (!is_zero(src, i))
			add_sample(m, i);
}

static void release(struct merger *m)
{
	hash_map_release(&m->samples);
	code_merger_release(&m->code);
	VEC_RELEASE(&m->has_comment);
	VEC_RELEASE(&m->string_of);
	VEC_RELEASE(&m->stack);
	VEC_RELEASE(&m->labels);
	VEC_RELEASE(&m->placed);
}

static bool has_zeros(const struct profile *p)
{
	for (size_t i = 0; i < p->n_samples; i++)
		if (is_zero(p, i))
			return true;
	return false;
}

struct merger *merger_new(void)
{
	struct merger *m = calloc(1, sizeof(*m));

	if (!m)
		oom();
	m->code.p = m->p = profile_new();
	return m;
}

void merger_add(struct merger *m, const struct profile *p)
{
	add_source(m, p, m->n_sources++ == 0);
}

struct profile *merger_profile(struct merger *m)
{
	return m->p;
}

void merger_free(struct merger *m)
{
	if (!m)
		return;
	release(m);
	profile_free(m->p);
	free(m);
}

struct profile *merger_take(struct merger *m)
{
	struct profile *p = m->p;

	m->p = NULL;
	merger_free(m);
	if (!has_zeros(p))
		return p;
	/* Samples that cancelled out go, with all that only they refer to. */
	m = merger_new();
	merger_add(m, p);
	profile_free(p);
	return merger_take(m);
}

int profile_merge(struct profile **out, struct profile *const *in, size_t n, struct err *err)
{
	struct merger *m;
	int rc = n ? 0 : err_set(err, SONDE_EUSAGE, "no profiles to merge");

	for (size_t i = 1; i < n && !rc; i++)
		rc = profile_check_compatible(in[0], in[i], err);
	if (rc)
		return rc;
	m = merger_new();
	for (size_t i = 0; i < n; i++)
		merger_add(m, in[i]);
	*out = merger_take(m);
	return 0;
}
