/* label_texts.c - group the labels of a sample by kind and key, and sort their texts. */
#include "analyze/label_texts.h"

#include <stdlib.h>
#include <string.h>

static int same_group(const struct label *x, const struct label *y)
{
	return x->is_num == y->is_num && x->key == y->key;
}

static int by_group(const void *a, const void *b)
{
	const struct label *x = *(const struct label *const *)a,
			   *y = *(const struct label *const *)b;

	if (x->is_num != y->is_num)
		return x->is_num ? 1 : -1;
	if (x->key != y->key)
		return x->key > y->key ? 1 : -1;
	return (x > y) - (x < y); /* the order of the file */
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A copy of the labels with those of one key next to each other, strings first. */
static struct label *group(struct arena *a, const struct label *labels, size_t n)
{
	const struct label **order = ARENA_ARRAY(a, const struct label *, n);
	struct label *grouped = ARENA_ARRAY(a, struct label, n);

	for (size_t i = 0; i < n; i++)
		order[i] = &labels[i];
	qsort(order, n, sizeof(*order), by_group);
	for (size_t i = 0; i < n; i++)
		grouped[i] = *order[i];
	return grouped;
}

static size_t group_end(const struct label *grouped, size_t n, size_t i)
{
	size_t end = i + 1;

	while (end < n && same_group(&grouped[i], &grouped[end]))
		end++;
	return end;
}

struct label_texts label_texts_make(struct report *r, size_t sample, label_text_fn write)
{
	const struct profile *p = r->profile;
	size_t at = p->label_at.v[sample], n = p->label_at.v[sample + 1] - at;
	const struct label *grouped = group(r->scratch, p->labels.v + at, n);
	struct label_texts texts = { .v = ARENA_ARRAY(r->scratch, const char *, n) };
	struct text t = { VEC_INIT };

	for (size_t i = 0, end; i < n; i = end) {
		end = group_end(grouped, n, i);
		t.v.n = 0;
		write(r, &t, grouped + i, end - i);
		texts.v[texts.n++] = arena_strndup(r->scratch, t.v.v, t.v.n);
		texts.n_strings += !grouped[i].is_num;
	}
	text_release(&t);
	qsort(texts.v, texts.n_strings, sizeof(*texts.v), by_text);
	qsort(texts.v + texts.n_strings, texts.n - texts.n_strings, sizeof(*texts.v), by_text);
	return texts;
}
