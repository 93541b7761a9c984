/* report_traces.c - every sample with its stack, streamed: nothing is held but the names. */
#include "analyze/arith.h"
#include "analyze/label_texts.h"
#include "analyze/measure.h"
#include "analyze/report.h"
#include "analyze/table.h"
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

enum { VALUE_WIDTH = 10 };

/* The whole line of each frame, made when it is first met: there are few frames and many lines. */
struct frame_lines {
	struct report *r;
	struct node_name *line; /* by place in nodes.of */
};

static const struct node_name *frame_line(struct frame_lines *f, uint32_t i)
{
	struct report *r = f->r;
	struct node_name *line = &f->line[i];

	if (!line->s) {
		line->s = arena_printf(r->arena, "%*s   %s%s\n", VALUE_WIDTH, "",
				       node_name(&r->nodes, r->nodes.of.v[i])->s,
				       r->nodes.inlined.v[i] ? " (inline)" : "");
		line->n = strlen(line->s);
	}
	return line;
}

static void print_frames(struct frame_lines *f, const char *value, const uint32_t *stack, size_t n)
{
	const struct nodes *t = &f->r->nodes;
	size_t skip = VALUE_WIDTH; /* the first line has the value there */

	report_put_right(f->r, value, VALUE_WIDTH);
	for (size_t s = 0; s < n; s++) {
		uint32_t end = t->at.v[stack[s] + 1];

		for (uint32_t i = t->at.v[stack[s]]; i < end; i++, skip = 0) {
			const struct node_name *line = frame_line(f, i);

			fwrite_unlocked(line->s + skip, 1, line->n - skip, f->r->out);
		}
	}
}

static void print_sample(struct frame_lines *f, size_t i)
{
	struct report *r = f->r;
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
	print_frames(f, report_value(r, v), p->stack.v + stack_at, n_stack);
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
	struct frame_lines f = { .r = r };
	struct header header = { VEC_INIT };

	header_add_profile(&header, r);
	header_print(&header, r);
	if (header.lines.n == 0)
		report_put(r, "\n");
	header_release(&header);
	f.line = ARENA_ARRAY(r->arena, struct node_name, r->nodes.of.n);
	for (size_t i = 0; i < r->profile->n_samples; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_sample(&f, i);
		arena_rewind(r->scratch, mark);
	}
	report_put(r, separator);
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
