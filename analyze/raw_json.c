/* raw_json.c - the tables of a profile as JSON: samples refer to locations, locations to mappings, by
 * id.
 */
#include "analyze/table.h"

#include <inttypes.h>

static void write_type(struct json *j, const struct profile *p, const char *key,
		       const struct value_type *type)
{
	json_open(j, key, '{');
	json_text(j, "type", profile_str(p, type->type));
	json_text(j, "unit", profile_str(p, type->unit));
	json_close(j, '}');
}

static void write_header(struct json *j, const struct profile *p)
{
	json_line(j);
	json_open(j, "sample_types", '[');
	for (size_t i = 0; i < p->sample_types.n; i++)
		write_type(j, p, NULL, &p->sample_types.v[i]);
	json_close(j, ']');
	json_text(j, "default_sample_type", profile_str(p, p->default_sample_type));
	write_type(j, p, "period_type", &p->period_type);
	json_int(j, "period", p->period);
	json_int(j, "time_nanoseconds", p->time_nanos);
	json_int(j, "duration_nanoseconds", p->duration_nanos);
	json_text(j, "drop_frames", profile_str(p, p->drop_frames));
	json_text(j, "keep_frames", profile_str(p, p->keep_frames));
}

static void write_label(struct json *j, const struct profile *p, const struct label *l)
{
	json_open(j, NULL, '{');
	json_text(j, "key", profile_str(p, l->key));
	if (l->is_num) {
		json_int(j, "number", l->num);
		json_text(j, "unit", profile_str(p, l->unit));
	} else {
		json_text(j, "value", profile_str(p, l->str));
	}
	json_close(j, '}');
}

static void write_sample(struct json *j, const struct profile *p, size_t i)
{
	json_line(j);
	json_open(j, NULL, '{');
	json_open(j, "values", '[');
	for (size_t v = 0; v < p->sample_types.n; v++)
		json_int(j, NULL, p->values.v[i * p->sample_types.n + v]);
	json_close(j, ']');
	json_open(j, "locations", '[');
	for (size_t s = p->stack_at.v[i]; s < p->stack_at.v[i + 1]; s++)
		json_int(j, NULL, (int64_t)p->locations.v[p->stack.v[s]].id);
	json_close(j, ']');
	json_open(j, "labels", '[');
	for (size_t l = p->label_at.v[i]; l < p->label_at.v[i + 1]; l++)
		write_label(j, p, &p->labels.v[l]);
	json_close(j, ']');
	json_close(j, '}');
}

/* Addresses have 64 bits, which not every reader of JSON has for numbers. */
static void write_address(struct json *j, const char *key, uint64_t address)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, address);
	json_text(j, key, text);
}

static void write_line(struct json *j, const struct profile *p, const struct line *line)
{
	json_open(j, NULL, '{');
	if (line->function != PROFILE_NONE) {
		const struct function *f = &p->functions.v[line->function];

		json_text(j, "function", profile_str(p, f->name));
		json_text(j, "system_name", profile_str(p, f->system_name));
		json_text(j, "file", profile_str(p, f->filename));
		json_int(j, "start_line", f->start_line);
	}
	json_int(j, "line", line->line);
	json_int(j, "column", line->column);
	json_close(j, '}');
}

static void write_location(struct json *j, const struct profile *p, const struct location *l)
{
	json_line(j);
	json_open(j, NULL, '{');
	json_int(j, "id", (int64_t)l->id);
	write_address(j, "address", l->address);
	if (l->mapping == PROFILE_NONE)
		json_null(j, "mapping");
	else
		json_int(j, "mapping", (int64_t)p->mappings.v[l->mapping].id);
	json_bool(j, "is_folded", l->is_folded);
	json_open(j, "lines", '['); /* innermost inlined function first */
	for (uint32_t i = 0; i < l->n_lines; i++)
		write_line(j, p, &p->lines.v[l->first_line + i]);
	json_close(j, ']');
	json_close(j, '}');
}

static void write_mapping(struct json *j, const struct profile *p, const struct mapping *m)
{
	json_line(j);
	json_open(j, NULL, '{');
	json_int(j, "id", (int64_t)m->id);
	write_address(j, "start", m->start);
	write_address(j, "limit", m->limit);
	write_address(j, "offset", m->offset);
	json_text(j, "file", profile_str(p, m->file));
	json_text(j, "build_id", profile_str(p, m->build_id));
	json_bool(j, "has_functions", m->has_functions);
	json_bool(j, "has_filenames", m->has_filenames);
	json_bool(j, "has_line_numbers", m->has_line_numbers);
	json_bool(j, "has_inline_frames", m->has_inline_frames);
	json_close(j, '}');
}

void raw_write_json(struct report *r)
{
	const struct profile *p = r->profile;
	struct table t;
	struct json *j = &t.json;

	table_begin(&t, r->out, FORMAT_JSON, "raw");
	table_profile(&t, "profile", r);
	write_header(j, p);
	json_line(j);
	json_open(j, "samples", '[');
	for (size_t i = 0; i < p->n_samples; i++)
		write_sample(j, p, i);
	json_close(j, ']');
	json_line(j);
	json_open(j, "locations", '[');
	for (size_t i = 0; i < p->locations.n; i++)
		write_location(j, p, &p->locations.v[i]);
	json_close(j, ']');
	json_line(j);
	json_open(j, "mappings", '[');
	for (size_t i = 0; i < p->mappings.n; i++)
		write_mapping(j, p, &p->mappings.v[i]);
	json_close(j, ']');
	json_close(j, '}');
	putc_unlocked('\n', r->out);
}
