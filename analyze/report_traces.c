/* report_traces.c - every sample with its stack, streamed: nothing is held but the names. */
#include "analyze/arith.h"
#include "analyze/label_texts.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/utf8.h"

#include <string.h>

static const char separator[] =
	"-----------+-------------------------------------------------------\n";

static const char *value_text(struct report *r, const struct label *l)
{
	if (!l->is_num)
		return profile_str(r->profile, l->str);
	return measure_label(r->scratch, l->num,
			     profile_str(r->profile, label_units_get(&r->units, l->key)), "auto");
}

/* "       key:  value value" */
static void write_line(struct report *r, struct text *t, const struct label *labels, size_t n)
{
	const char *key = profile_str(r->profile, labels->key);
	size_t shown = utf8_count(key, strlen(key));

	text_printf(t, "%*s%s: ", shown < 10 ? (int)(10 - shown) : 0, "", key);
	for (size_t i = 0; i < n; i++) {
		text_add(t, " ");
		text_add(t, value_text(r, &labels[i]));
	}
	text_add(t, "\n");
}

static void print_labels(struct report *r, size_t sample)
{
	struct label_texts texts = label_texts_make(r, sample, write_line);

	for (size_t i = 0; i < texts.n; i++)
		report_put(r, texts.v[i]);
}

static void print_frames(struct report *r, const char *value, const uint32_t *stack, size_t n)
{
	const struct nodes *t = &r->nodes;

	for (size_t s = 0; s < n; s++) {
		uint32_t first = t->at.v[stack[s]], end = t->at.v[stack[s] + 1];

		for (uint32_t i = first; i < end; i++) {
			const struct node_name *name = node_name(&r->nodes, t->of.v[i]);

			if (s == 0 && i == first)
				report_put_right(r, value, 10);
			else
				fwrite_unlocked("          ", 1, 10, r->out);
			fwrite_unlocked("   ", 1, 3, r->out);
			fwrite_unlocked(name->s, 1, name->n, r->out);
			report_put(r, i + 1 < end ? " (inline)\n" : "\n");
		}
	}
}

static void print_sample(struct report *r, size_t i)
{
	const struct profile *p = r->profile;
	size_t stack_at = p->stack_at.v[i], n_stack = p->stack_at.v[i + 1] - stack_at;
	const int64_t *values = p->values.v + i * p->sample_types.n;
	int64_t v = values[r->value_index];

	if (n_stack == 0)
		return;
	report_put(r, separator);
	if (p->label_at.v[i] < p->label_at.v[i + 1])
		print_labels(r, i);
	if (r->opts.mean && values[0] != 0)
		v = div64(v, values[0]);
	print_frames(r, report_value(r, v), p->stack.v + stack_at, n_stack);
}

int report_traces(struct report *r, struct err *err)
{
	if (header_print_profile(r) == 0)
		report_put(r, "\n");
	nodes_init(&r->nodes, r->profile, false);
	r->nodes_ready = true;
	nodes_assign(&r->nodes);
	for (size_t i = 0; i < r->profile->n_samples; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_sample(r, i);
		arena_rewind(r->scratch, mark);
	}
	report_put(r, separator);
	return 0;
}
