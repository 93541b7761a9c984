/* report_traces.c - every sample with its stack, as text (trace_text.c) or as a table. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/table.h"
#include "analyze/trace_text.h"

static const char *value_text(struct report *r, const struct label *l)
{
	if (!l->is_num)
		return profile_str(r->profile, l->str);
	return measure_label(r->scratch, l->num,
			     profile_str(r->profile, label_units_get(&r->units, l->key)), "auto");
}

/* ---- as a table ---- */

/* key=value; in JSON an object of its own, with the number and its unit. */
static void write_label(struct table *t, struct report *r, const struct label *l)
{
	const char *key = profile_str(r->profile, l->key);

	if (!t->is_json) {
		table_item(t, arena_printf(r->scratch, "%s=%s", key, value_text(r, l)));
		return;
	}
	json_open(&t->json, NULL, '{');
	json_text(&t->json, "key", key);
	if (l->is_num) {
		json_int(&t->json, "number", l->num);
		json_text(&t->json, "unit",
			  profile_str(r->profile, label_units_get(&r->units, l->key)));
	} else {
		json_text(&t->json, "value", profile_str(r->profile, l->str));
	}
	json_close(&t->json, '}');
}

static void write_sample(struct table *t, struct report *r, size_t i)
{
	const struct profile *p = r->profile;
	const int64_t *values = p->values.v + i * p->sample_types.n;
	int64_t v = values[r->value_index];

	if (r->opts.mean && values[0] != 0)
		v = div64(v, values[0]);
	table_row(t);
	table_value(t, r, v);
	table_unit(t, r);
	table_list(t);
	for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++)
		write_label(t, r, &p->labels.v[l]);
	table_list_end(t);
	table_list(t);
	for (size_t s = p->stack_at.v[i]; s < p->stack_at.v[i + 1]; s++) {
		uint32_t location = p->stack.v[s];

		for (uint32_t k = r->nodes.at.v[location]; k < r->nodes.at.v[location + 1]; k++)
			table_item(t, node_name(&r->nodes, r->nodes.of.v[k])->s);
	}
	table_list_end(t);
}

static void write_table(struct report *r)
{
	static const char *const columns[] = { "value", "unit", "labels", "stack" };
	struct table t;

	table_begin(&t, r->out, r->opts.format, "traces");
	table_profile(&t, "profile", r);
	table_rows(&t, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < r->profile->n_samples; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		write_sample(&t, r, i);
		arena_rewind(r->scratch, mark);
	}
	table_end(&t);
}

static void print_text(struct report *r)
{
	struct header header = { VEC_INIT };

	header_add_profile(&header, r);
	header_print(&header, r);
	if (header.lines.n == 0)
		report_put(r, "\n");
	header_release(&header);
	trace_text_print(r);
}

int report_traces(struct report *r, struct err *err)
{
	nodes_init(&r->nodes, r->profile, false);
	r->nodes.exact_inlines = r->opts.exact_inlines;
	r->nodes_ready = true;
	nodes_assign(&r->nodes);
	if (r->opts.format == FORMAT_TEXT)
		print_text(r);
	else
		write_table(r);
	return 0;
}
