/* report_traces.c - every sample with its stack, as text (trace_text.c) or as a table. */
#include "analyze/arith.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/sample_text.h"
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

/* The table, in another stream and at another place: the first in a list, a row or all, or not. */
static struct table table_at(const struct sample_format *f, FILE *out, bool is_first)
{
	struct table t = *(const struct table *)f->ctx;

	t.out = t.json.out = out;
	t.in_row = t.json.comma = !is_first;
	t.first_in_list = is_first;
	return t;
}

static void write_frame(const struct sample_format *f, struct report *r, struct text *to,
			uint32_t node, bool is_inline)
{
	FILE *out = text_file(to);
	struct table t = table_at(f, out, false);

	table_item(&t, node_name(&r->nodes, node)->s);
	fclose(out);
}

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

/* Ends the row before it. */
static bool begin_row(const struct sample_format *f, struct sample_writer *w, size_t i)
{
	struct report *r = &w->r;
	const struct profile *p = r->profile;
	const int64_t *values = p->values.v + i * p->sample_types.n;
	int64_t v = values[r->value_index];
	struct table t = table_at(f, sample_writer_file(w), i == 0);

	if (r->opts.mean && values[0] != 0)
		v = div64(v, values[0]);
	table_row(&t);
	table_value(&t, r, v);
	table_unit(&t, r);
	table_list(&t);
	for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++)
		write_label(&t, r, &p->labels.v[l]);
	table_list_end(&t);
	table_list(&t);
	fflush(t.out);
	return true;
}

static void end_row(const struct sample_format *f, struct sample_writer *w, size_t i)
{
	struct table t = table_at(f, sample_writer_file(w), false);

	table_list_end(&t);
	fflush(t.out);
}

static void write_table(struct report *r)
{
	static const char *const columns[] = { "value", "unit", "labels", "stack" };
	struct table t;
	const struct sample_format format = {
		.ctx = &t, .frame = write_frame, .skip = 1, .before = begin_row, .after = end_row
	};

	table_begin(&t, r->out, r->opts.format, "traces");
	table_profile(&t, "profile", r);
	table_rows(&t, columns, sizeof(columns) / sizeof(columns[0]));
	sample_text_print(r, &format, NULL, r->profile->n_samples);
	t.in_row = r->profile->n_samples > 0;
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
