/* trace_text.c - the text of traces: what stands before each stack, and a line for each frame. */
#include "analyze/trace_text.h"
#include "analyze/arith.h"
#include "analyze/label_texts.h"
#include "analyze/measure.h"
#include "analyze/sample_text.h"
#include "base/utf8.h"

#include <string.h>

static const char separator[] =
	"-----------+-------------------------------------------------------\n";

enum {
	VALUE_WIDTH = 10,
	MARGIN = VALUE_WIDTH + 3, /* of names */
	VALUES = 256,
};

/* The text of a value is long to make and often the same. */
struct value_text {
	int64_t value;
	unsigned char n; /* 0 = not made yet */
	char text[23];
};

/* "             name (inline)\n".  The first line stands behind the value. */
static void write_frame(const struct sample_format *f, struct report *r, struct text *to,
			uint32_t node, bool is_inline)
{
	const struct node_name *name = node_name(&r->nodes, node);

	text_fill(to, ' ', MARGIN);
	text_put(to, name->s, name->n);
	text_add(to, is_inline ? " (inline)\n" : "\n");
}

static const char *label_value(struct report *r, const struct label *l)
{
	if (!l->is_num)
		return profile_str(r->profile, l->str);
	return measure_label(r->scratch, l->num,
			     profile_str(r->profile, label_units_get(&r->units, l->key)), "auto");
}

/* "       key:  value value" */
static void write_labels(struct report *r, struct text *t, const struct label *labels, size_t n)
{
	const char *key = profile_str(r->profile, labels->key);
	size_t shown = utf8_count(key, strlen(key));

	text_printf(t, "%*s%s: ", shown < VALUE_WIDTH ? (int)(VALUE_WIDTH - shown) : 0, "", key);
	for (size_t i = 0; i < n; i++) {
		text_add(t, " ");
		text_add(t, label_value(r, &labels[i]));
	}
	text_add(t, "\n");
}

static void put_labels(struct sample_writer *w, size_t sample)
{
	struct label_texts texts = label_texts_make(&w->r, sample, write_labels);

	for (size_t i = 0; i < texts.n; i++)
		text_add(w->to, texts.v[i]);
}

static void make_value(struct sample_writer *w, struct value_text *kept, int64_t value)
{
	const char *text = report_value(&w->r, value);
	size_t n = strlen(text), shown = utf8_count(text, n);

	kept->n = 0;
	if (n <= VALUE_WIDTH && shown == n) {
		kept->value = value;
		kept->n = VALUE_WIDTH;
		memset(kept->text, ' ', VALUE_WIDTH - n);
		memcpy(kept->text + VALUE_WIDTH - n, text, n);
		return;
	}
	if (shown < VALUE_WIDTH)
		text_fill(w->to, ' ', VALUE_WIDTH - shown);
	text_put(w->to, text, n);
}

/* The value, padded on its left. */
static void put_value(struct sample_writer *w, int64_t value)
{
	struct value_text *values = w->own, *kept = &values[hash_mix((uint64_t)value) % VALUES];

	if (!kept->n || kept->value != value)
		make_value(w, kept, value);
	text_put(w->to, kept->text, kept->n);
}

static bool write_beginning(const struct sample_format *f, struct sample_writer *w, size_t sample)
{
	const struct profile *p = w->r.profile;
	const int64_t *values = p->values.v + sample * p->sample_types.n;
	int64_t value = values[w->r.value_index];

	if (p->stack_at.v[sample] == p->stack_at.v[sample + 1])
		return false;
	text_put(w->to, separator, sizeof(separator) - 1);
	if (p->label_at.v[sample] < p->label_at.v[sample + 1])
		put_labels(w, sample);
	if (w->r.opts.mean && values[0] != 0)
		value = div64(value, values[0]);
	put_value(w, value);
	return true;
}

void trace_text_print(struct report *r)
{
	static const struct sample_format format = {
		.frame = write_frame,
		.skip = VALUE_WIDTH,
		.before = write_beginning,
		.own_bytes = VALUES * sizeof(struct value_text),
	};

	sample_text_print(r, &format, NULL, r->profile->n_samples);
	fwrite_unlocked(separator, 1, sizeof(separator) - 1, r->out);
}
