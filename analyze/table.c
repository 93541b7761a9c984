/* table.c - the cells of a report, and what JSON says beside them. */
#include "analyze/table.h"
#include "analyze/arith.h"
#include "analyze/measure.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { SCHEMA = 1 };

/* ---- units ---- */

static bool unit_is_chosen(const struct report *r)
{
	return strcmp(r->opts.unit, "minimum") != 0 && strcmp(r->opts.unit, "auto") != 0;
}

static const char *unit_name(const struct report *r)
{
	if (!unit_is_chosen(r))
		return r->sample_unit;
	return measure_scale(1, r->sample_unit, r->opts.unit).unit;
}

/* How much of the unit one unit of the profile is. */
static double unit_size(const struct report *r)
{
	return unit_is_chosen(r) ? measure_scale(1, r->sample_unit, r->opts.unit).value : 1;
}

/* ---- beside the rows ---- */

void table_begin(struct table *t, FILE *out, enum report_format format, const char *report)
{
	*t = (struct table){ .out = out, .is_json = format == FORMAT_JSON, .json = { out, false } };
	if (!t->is_json)
		return;
	json_open(&t->json, NULL, '{');
	json_text(&t->json, "report", report);
	json_int(&t->json, "schema", SCHEMA);
}

static void write_filters(struct json *j, const struct report_opts *o)
{
	const struct {
		const char *name, *text;
	} filters[] = {
		{ "focus", o->focus },	       { "ignore", o->ignore },
		{ "hide", o->hide },	       { "show", o->show },
		{ "show_from", o->show_from }, { "prune_from", o->prune_from },
		{ "tagfocus", o->tagfocus },   { "tagignore", o->tagignore },
		{ "tagshow", o->tagshow },     { "taghide", o->taghide },
		{ "tagroot", o->tagroot },     { "tagleaf", o->tagleaf },
	};

	json_open(j, "filters", '{');
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (*filters[i].text)
			json_text(j, filters[i].name, filters[i].text);
	json_close(j, '}');
}

static void write_time(struct json *j, int64_t nanos)
{
	time_t seconds = (time_t)(nanos / 1000000000);
	char text[64];
	struct tm tm;

	if (!nanos || !gmtime_r(&seconds, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm)) {
		json_null(j, "time");
		return;
	}
	json_text(j, "time", text);
}

static void write_amount(struct json *j, const char *key, const struct report *r, int64_t value)
{
	double amount = (double)value * r->ratio * unit_size(r);

	if (r->ratio == 1 && !unit_is_chosen(r))
		json_int(j, key, value);
	else
		json_real(j, key, amount);
}

void table_profile(struct table *t, const char *key, const struct report *r)
{
	const struct profile *p = r->profile;
	struct json *j = &t->json;

	if (!t->is_json)
		return;
	json_line(j);
	json_open(j, key, '{');
	if (p->mappings.n) {
		json_text(j, "file", profile_str(p, p->mappings.v[0].file));
		json_text(j, "build_id", profile_str(p, p->mappings.v[0].build_id));
	}
	json_text(j, "sample_type", r->sample_type);
	json_text(j, "unit", unit_name(r));
	write_time(j, p->time_nanos);
	json_int(j, "duration_nanoseconds", p->duration_nanos);
	write_amount(j, "total", r, r->total);
	write_amount(j, "filtered_total", r, r->filtered_total);
	json_int(j, "samples", (int64_t)p->n_samples);
	write_filters(j, &r->opts);
	json_open(j, "comments", '[');
	for (size_t i = 0; i < p->comments.n; i++)
		json_text(j, NULL, profile_str(p, p->comments.v[i]));
	json_close(j, ']');
	json_close(j, '}');
}

void table_left_out(struct table *t, const struct left_out *left, bool edges)
{
	if (!t->is_json)
		return;
	json_line(&t->json);
	json_open(&t->json, "left_out", '{');
	json_int(&t->json, "nodes", (int64_t)left->nodes);
	json_int(&t->json, "candidates", (int64_t)left->candidates);
	if (edges)
		json_int(&t->json, "edges", (int64_t)left->edges);
	json_close(&t->json, '}');
}

/* ---- rows ---- */

void table_rows(struct table *t, const char *const *columns, size_t n)
{
	t->columns = columns;
	t->n_columns = t->at = n;
	if (t->is_json) {
		json_line(&t->json);
		json_open(&t->json, "rows", '[');
		return;
	}
	for (size_t i = 0; i < n; i++)
		fprintf(t->out, "%s%s", i ? "," : "", columns[i]);
}

static void end_row(struct table *t)
{
	if (!t->is_json)
		putc_unlocked('\n', t->out);
	else if (t->in_row)
		json_close(&t->json, '}');
	t->in_row = false;
}

void table_row(struct table *t)
{
	end_row(t);
	t->in_row = true;
	t->at = 0;
	if (!t->is_json)
		return;
	json_line(&t->json);
	json_open(&t->json, NULL, '{');
}

void table_end(struct table *t)
{
	end_row(t);
	if (!t->is_json)
		return;
	json_close(&t->json, ']');
	json_close(&t->json, '}');
	putc_unlocked('\n', t->out);
}

/* ---- cells ---- */

/* The key of the next cell in JSON; its comma in CSV. */
static const char *next_cell(struct table *t)
{
	if (!t->is_json && t->at > 0)
		putc_unlocked(',', t->out);
	return t->columns[t->at++];
}

static void put_quoted(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '"')
			putc_unlocked('"', out);
		putc_unlocked(*s, out);
	}
}

void table_text(struct table *t, const char *s)
{
	const char *key;

	if (!s) {
		table_none(t);
		return;
	}
	key = next_cell(t);
	if (t->is_json) {
		json_text(&t->json, key, s);
	} else if (s[strcspn(s, ",\"\r\n")]) {
		putc_unlocked('"', t->out);
		put_quoted(t->out, s);
		putc_unlocked('"', t->out);
	} else {
		fputs(s, t->out);
	}
}

void table_int(struct table *t, int64_t v)
{
	const char *key = next_cell(t);

	if (t->is_json)
		json_int(&t->json, key, v);
	else
		fprintf(t->out, "%" PRId64, v);
}

void table_real(struct table *t, double v)
{
	const char *key = next_cell(t);

	if (t->is_json)
		json_real(&t->json, key, v);
	else if (isfinite(v))
		fprintf(t->out, "%.9g", v == 0 ? 0 : v);
}

void table_bool(struct table *t, bool v)
{
	const char *key = next_cell(t);

	if (t->is_json)
		json_bool(&t->json, key, v);
	else
		fputs(v ? "true" : "false", t->out);
}

void table_none(struct table *t)
{
	const char *key = next_cell(t);

	if (t->is_json)
		json_null(&t->json, key);
}

void table_value(struct table *t, const struct report *r, int64_t value)
{
	if (r->ratio == 1 && !unit_is_chosen(r))
		table_int(t, value);
	else
		table_real(t, (double)value * r->ratio * unit_size(r));
}

void table_amount(struct table *t, const struct report *r, double value)
{
	if (unit_is_chosen(r))
		table_real(t, value * unit_size(r));
	else
		table_int(t, int64_of(round(value)));
}

void table_unit(struct table *t, const struct report *r)
{
	table_text(t, unit_name(r));
}

void table_percent(struct table *t, int64_t value, int64_t total)
{
	table_real(t, total ? (double)value / (double)total * 100 : NAN);
}

/* The name is the function's, or what reports print in its stead. */
void table_node(struct table *t, struct report *r, uint32_t node)
{
	const struct node_info *i = &r->nodes.info.v[node];
	const char *name = profile_str(r->profile, i->name);
	char address[20];

	snprintf(address, sizeof(address), "0x%" PRIx64, i->address);
	table_text(t, *name ? name : node_name(&r->nodes, node)->s);
	table_text(t, i->file ? profile_str(r->profile, i->file) : NULL);
	if (i->line)
		table_int(t, i->line);
	else
		table_none(t);
	table_text(t, i->address ? address : NULL);
}

/* ---- lists ---- */

void table_list(struct table *t)
{
	const char *key = next_cell(t);

	t->first_in_list = true;
	if (t->is_json)
		json_open(&t->json, key, '[');
	else
		putc_unlocked('"', t->out);
}

void table_item(struct table *t, const char *s)
{
	if (t->is_json) {
		json_text(&t->json, NULL, s);
		return;
	}
	if (!t->first_in_list)
		putc_unlocked(';', t->out);
	t->first_in_list = false;
	put_quoted(t->out, s);
}

void table_list_end(struct table *t)
{
	if (t->is_json)
		json_close(&t->json, ']');
	else
		putc_unlocked('"', t->out);
}
