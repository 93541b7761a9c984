/* node_tags.c - sum up the labels of samples by node.
 *
 * The texts of the labels are made once for each sample, the sums anew with each build of the
 * graph.
 */
#include "analyze/node_tags.h"
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/text.h"

#include <stdlib.h>
#include <string.h>

/* A sample is one allocation, of one size.  A file that gives it thousands would make every frame
 * of the sample count as many tags. */
enum { SIZES_MAX = 32 };

/* ---- the labels of samples ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All "key:value" but the mark of a base profile, sorted. */
static str_id join_labels(struct profile *p, size_t sample, str_id base, struct arena *scratch)
{
	size_t at = p->label_at.v[sample], end = p->label_at.v[sample + 1], n = 0;
	const char **texts = ARENA_ARRAY(scratch, const char *, end - at);
	struct text t = { VEC_INIT };
	str_id id = 0;

	for (size_t i = at; i < end; i++) {
		const struct label *l = &p->labels.v[i];

		if (!l->is_num && l->key != base)
			texts[n++] = arena_printf(scratch, "%s:%s", profile_str(p, l->key),
						  profile_str(p, l->str));
	}
	if (n == 0)
		return 0;
	qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 0; i < n; i++)
		text_printf(&t, "%s%s", i ? "\\n" : "", texts[i]);
	id = strtab_add(p->strings, t.v.v, t.v.n);
	text_release(&t);
	return id;
}

static void read_sizes(struct node_tags *t, struct profile *p, size_t sample, str_id key,
		       const char *output_unit, struct arena *scratch)
{
	size_t first = t->sizes.n;

	for (size_t i = p->label_at.v[sample]; i < p->label_at.v[sample + 1]; i++) {
		const struct label *l = &p->labels.v[i];
		const char *text;

		if (!l->is_num || l->key != key || t->sizes.n == first + SIZES_MAX)
			continue;
		text = measure_label(scratch, l->num, t->unit, output_unit);
		*VEC_PUSH(&t->sizes) = (struct sample_size){ profile_intern(p, text), l->num };
	}
}

void node_tags_init(struct node_tags *t, struct profile *p, const struct label_units *units,
		    const char *output_unit)
{
	str_id base = profile_intern(p, "pprof::base"), bytes = profile_intern(p, "bytes");
	struct arena *scratch = arena_new(ARENA_DIE);

	*t = (struct node_tags){ .unit = profile_str(p, label_units_get(units, bytes)) };
	hash_map_init(&t->map);
	VEC_MUST(&t->labels, p->n_samples + 1);
	VEC_MUST(&t->size_at, p->n_samples + 1);
	for (size_t i = 0; i < p->n_samples; i++) {
		struct arena_mark mark = arena_mark(scratch);

		t->labels.v[i] = join_labels(p, i, base, scratch);
		t->size_at.v[i] = t->sizes.n;
		read_sizes(t, p, i, bytes, output_unit, scratch);
		arena_rewind(scratch, mark);
	}
	t->size_at.v[p->n_samples] = t->sizes.n;
	arena_free(scratch);
}

void node_tags_release(struct node_tags *t)
{
	VEC_RELEASE(&t->v);
	VEC_RELEASE(&t->first);
	VEC_RELEASE(&t->labels);
	VEC_RELEASE(&t->size_at);
	VEC_RELEASE(&t->sizes);
	hash_map_release(&t->map);
}

/* ---- sums ---- */

void node_tags_clear(struct node_tags *t)
{
	t->v.n = t->first.n = 0;
	hash_map_release(&t->map);
}

static uint32_t *first_of(struct node_tags *t, uint32_t node)
{
	while (t->first.n <= node)
		*VEC_PUSH(&t->first) = TAG_NONE;
	return &t->first.v[node];
}

static struct tag_sums *find(struct node_tags *t, const struct node_tag *want)
{
	uint64_t h = hash_add(hash_mix((uint64_t)want->node << 32 | want->labels),
			      want->is_num ? (uint64_t)want->text + 1 : 0);
	uint32_t *at, *first;

	for (at = hash_map_first(&t->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&t->map, at, h)) {
		struct node_tag *tag = &t->v.v[*at];

		if (tag->node == want->node && tag->labels == want->labels &&
		    tag->is_num == want->is_num && tag->text == want->text)
			return &tag->sums;
	}
	*at = (uint32_t)t->v.n;
	hash_map_added(&t->map, at, h);
	*VEC_PUSH(&t->v) = *want;
	first = first_of(t, want->node);
	t->v.v[t->v.n - 1].next = *first;
	*first = (uint32_t)t->v.n - 1;
	return &t->v.v[t->v.n - 1].sums;
}

static void add_to(struct tag_sums *sums, const struct tag_sums *by)
{
	sums->flat = add64(sums->flat, by->flat);
	sums->flat_div = add64(sums->flat_div, by->flat_div);
	sums->cum = add64(sums->cum, by->cum);
	sums->cum_div = add64(sums->cum_div, by->cum_div);
}

static void add(struct node_tags *t, uint32_t node, size_t sample, const struct tag_sums *by)
{
	struct node_tag tag = { .node = node, .labels = t->labels.v[sample] };

	if (tag.labels)
		add_to(find(t, &tag), by);
	tag.is_num = true;
	for (size_t i = t->size_at.v[sample]; i < t->size_at.v[sample + 1]; i++) {
		tag.text = t->sizes.v[i].text;
		tag.value = t->sizes.v[i].value;
		add_to(find(t, &tag), by);
	}
}

void node_tags_add_cum(struct node_tags *t, uint32_t node, size_t sample, int64_t w, int64_t dw)
{
	add(t, node, sample, &(struct tag_sums){ .cum = w, .cum_div = dw });
}

void node_tags_add_flat(struct node_tags *t, uint32_t node, size_t sample, int64_t w, int64_t dw)
{
	add(t, node, sample, &(struct tag_sums){ .flat = w, .flat_div = dw });
}

/* ---- use ---- */

static bool is_heavy(const struct node_tags *t, const struct node_tag *tag)
{
	return abs64(tag->sums.flat) >= t->least || abs64(tag->sums.cum) >= t->least;
}

#define FOR_TAGS(i, t, node)                                                                       \
	for (uint32_t i = (node) < (t)->first.n ? (t)->first.v[node] : TAG_NONE; i != TAG_NONE;    \
	     i = (t)->v.v[i].next)

size_t node_tags_count_flat(const struct node_tags *t, uint32_t node)
{
	size_t n = 0;

	FOR_TAGS(i, t, node)
	n += t->v.v[i].sums.flat != 0 && is_heavy(t, &t->v.v[i]);
	return n;
}

size_t node_tags_count(const struct node_tags *t, uint32_t node)
{
	size_t n = 0;

	FOR_TAGS(i, t, node)
	n++;
	return n;
}

size_t node_tags_list(const struct node_tags *t, uint32_t node, bool is_num, str_id labels,
		      const struct node_tag **v)
{
	size_t n = 0;

	FOR_TAGS(i, t, node)
	{
		const struct node_tag *tag = &t->v.v[i];

		if (is_heavy(t, tag) && tag->is_num == is_num && (!is_num || tag->labels == labels))
			v[n++] = tag;
	}
	return n;
}
