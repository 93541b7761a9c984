/* edit.c - rewrite the sample columns front to back. */
#include "analyze/edit.h"

#include <string.h>

static void keep_row(struct profile *p, const struct row *row, size_t to)
{
	size_t types = p->sample_types.n, stack_at = p->stack_at.v[to],
	       label_at = p->label_at.v[to];

	memmove(p->values.v + to * types, row->values, types * sizeof(int64_t));
	if (row->n_stack)
		memmove(p->stack.v + stack_at, row->stack, row->n_stack * sizeof(uint32_t));
	if (row->n_labels)
		memmove(p->labels.v + label_at, row->labels, row->n_labels * sizeof(struct label));
	p->stack_at.v[to + 1] = stack_at + row->n_stack;
	p->label_at.v[to + 1] = label_at + row->n_labels;
}

void profile_edit_rows(struct profile *p, row_fn fn, void *ctx)
{
	size_t types = p->sample_types.n, kept = 0;
	size_t stack_at = 0,
	       label_at = 0; /* of sample i, which the entries of the tables may no longer say */

	for (size_t i = 0; i < p->n_samples; i++) {
		size_t stack_end = p->stack_at.v[i + 1], label_end = p->label_at.v[i + 1];
		struct row row = {
			.index = i,
			.values = p->values.v + i * types,
			.stack = p->stack.v + stack_at,
			.n_stack = stack_end - stack_at,
			.labels = p->labels.v + label_at,
			.n_labels = label_end - label_at,
		};

		if (fn(ctx, p, &row))
			keep_row(p, &row, kept++);
		stack_at = stack_end;
		label_at = label_end;
	}
	p->n_samples = kept;
	p->values.n = kept * types;
	p->stack_at.n = p->label_at.n = kept + 1;
	p->stack.n = p->stack_at.v[kept];
	p->labels.n = p->label_at.v[kept];
}

static bool without_label(void *ctx, const struct profile *p, struct row *row)
{
	str_id key = *(str_id *)ctx;
	size_t n = 0;

	for (size_t i = 0; i < row->n_labels; i++)
		if (row->labels[i].key != key)
			row->labels[n++] = row->labels[i];
	row->n_labels = n;
	return true;
}

void profile_remove_label(struct profile *p, str_id key)
{
	profile_edit_rows(p, without_label, &key);
}
