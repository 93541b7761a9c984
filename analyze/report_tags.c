/* report_tags.c - for each label key its values and how much of the profile they have. */
#include "analyze/arith.h"
#include "analyze/columns.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/table.h"
#include "analyze/text.h"

#include <stdlib.h>
#include <string.h>

struct tag {
	const char *key, *value;
	int64_t sum;
};

/* The sum of each (key, printed value). */
struct tags {
	struct hash_map map;
	VEC(struct tag) v;
};

static void add(struct tags *t, struct report *r, str_id key, str_id value, int64_t weight)
{
	uint64_t h = hash_mix((uint64_t)key << 32 |
			      value); /* reversible: equal hashes are equal pairs */
	uint32_t *at = hash_map_first(&t->map, h);

	if (*at == HASH_MAP_NONE) {
		*at = (uint32_t)t->v.n;
		hash_map_added(&t->map, at, h);
		*VEC_PUSH(&t->v) = (struct tag){ profile_str(r->profile, key),
						 profile_str(r->profile, value), 0 };
	}
	t->v.v[*at].sum = add64(t->v.v[*at].sum, weight);
}

/* The printed value of a label as a string of the profile. */
static str_id value_of(struct report *r, const struct label *l)
{
	struct arena_mark mark = arena_mark(r->scratch);
	const char *unit;
	str_id id;

	if (!l->is_num)
		return l->str;
	unit = profile_str(r->profile, label_units_get(&r->units, l->key));
	id = profile_intern(r->profile, measure_label(r->scratch, l->num, unit, r->output_unit));
	arena_rewind(r->scratch, mark);
	return id;
}

static void collect(struct tags *t, struct report *r)
{
	const struct profile *p = r->profile;

	for (size_t i = 0; i < p->n_samples; i++) {
		int64_t weight = p->values.v[i * p->sample_types.n + r->value_index];

		for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++)
			add(t, r, p->labels.v[l].key, value_of(r, &p->labels.v[l]), weight);
	}
}

static int by_key_and_weight(const void *a, const void *b)
{
	const struct tag *x = a, *y = b;
	int order = strcmp(x->key, y->key);
	int64_t wx = abs64(x->sum), wy = abs64(y->sum);

	if (!order)
		order = (wx < wy) - (wx > wy);
	return order ? order : strcmp(x->value, y->value);
}

static const char *share_of_shown(struct report *r, int64_t value)
{
	if (!r->opts.both_percentages)
		return "";
	return arena_printf(r->scratch, ", %s of shown",
			    measure_percentage(r->scratch, value, r->filtered_total));
}

static void write_value(struct report *r, struct text *t, const struct tag *tag)
{
	text_printf(t, " \t%s", report_value(r, tag->sum));
	if (r->total > 0)
		text_printf(t, " (%s%s)", report_percentage(r, tag->sum),
			    share_of_shown(r, tag->sum));
	text_printf(t, ":\t %s\n", tag->value);
}

/* All values of one key; its blank line ends the columns. */
static void write_key(struct report *r, struct text *t, const struct tag *tags, size_t n)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum = add64(sum, tags[i].sum);
	text_printf(t, "%s:\t Total %s of %s", tags->key, report_value(r, sum),
		    report_value(r, r->total));
	if (r->total > 0)
		text_printf(t, " (%s%s)", report_percentage(r, sum), share_of_shown(r, sum));
	text_add(t, "\n");
	for (size_t i = 0; i < n; i++)
		write_value(r, t, &tags[i]);
	text_add(t, "\n");
}

static void write_table(struct report *r, const struct tags *tags)
{
	static const char *const columns[] = {
		"key", "value", "weight", "percent", "percent_filtered", "unit"
	};
	struct table t;

	table_begin(&t, r->out, r->opts.format, "tags");
	table_profile(&t, "profile", r);
	table_rows(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < tags->v.n; i++) {
		const struct tag *tag = &tags->v.v[i];

		table_row(&t);
		table_text(&t, tag->key);
		table_text(&t, tag->value);
		table_value(&t, r, tag->sum);
		table_percent(&t, tag->sum, r->total);
		table_percent(&t, tag->sum, r->filtered_total);
		table_unit(&t, r);
	}
	table_end(&t);
}

static void print_text(struct report *r, const struct tags *tags)
{
	struct text t = { VEC_INIT };

	for (size_t i = 0, end; i < tags->v.n; i = end) {
		struct arena_mark mark = arena_mark(r->scratch);

		for (end = i + 1; end < tags->v.n && tags->v.v[end].key == tags->v.v[i].key; end++)
			;
		write_key(r, &t, tags->v.v + i, end - i);
		arena_rewind(r->scratch, mark);
	}
	columns_print(r->out, t.v.v, t.v.n);
	text_release(&t);
}

int report_tags(struct report *r, struct err *err)
{
	struct tags tags = { .v = VEC_INIT };

	collect(&tags, r);
	if (tags.v.n)
		qsort(tags.v.v, tags.v.n, sizeof(*tags.v.v), by_key_and_weight);
	if (r->opts.format == FORMAT_TEXT)
		print_text(r, &tags);
	else
		write_table(r, &tags);
	hash_map_release(&tags.map);
	VEC_RELEASE(&tags.v);
	return 0;
}
