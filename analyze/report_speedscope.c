/* report_speedscope.c - a file for www.speedscope.app: the frames, then a profile for each sample
 * type, which is every stack with its weight.
 *
 * Its format: https://www.speedscope.app/file-format-schema.json
 */
#include "analyze/arith.h"
#include "analyze/json.h"
#include "analyze/paths.h"
#include "analyze/report_stacks.h"
#include "analyze/sample_text.h"

#include <inttypes.h>
#include <string.h>

static const char *unit_of(const char *unit)
{
	static const char *const known[] = { "nanoseconds", "microseconds", "milliseconds",
					     "seconds", "bytes" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(unit, known[i]) == 0)
			return known[i];
	return "none";
}

static void write_frames(struct json *j, struct report *r)
{
	json_open(j, "shared", '{');
	json_open(j, "frames", '[');
	for (uint32_t i = 0; i < r->nodes.info.n; i++) {
		const struct node_info *info = &r->nodes.info.v[i];

		json_line(j);
		json_open(j, NULL, '{');
		json_text(j, "name", stacks_name(r, i));
		if (info->file)
			json_text(j, "file", profile_str(r->profile, info->file));
		if (info->line > 0)
			json_int(j, "line", info->line);
		if (info->column > 0)
			json_int(j, "col", info->column);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

static void write_frame(const struct sample_format *format, struct report *r, struct text *to,
			uint32_t node, bool is_inline)
{
	text_printf(to, ",%" PRIu32, node);
}

/* format->ctx: the first sample that is written. */
static bool begin_stack(const struct sample_format *format, struct sample_writer *w, size_t sample)
{
	if (stacks_value(&w->r, sample) <= 0)
		return false;
	text_add(w->to, sample == *(const size_t *)format->ctx ? "\n[" : ",\n[");
	return true;
}

static void end_stack(const struct sample_format *format, struct sample_writer *w, size_t sample)
{
	text_add(w->to, "]");
}

static void write_stacks(struct json *j, struct report *r)
{
	size_t first = 0;
	const struct sample_format format = { .ctx = &first,
					      .root_first = true,
					      .frame = write_frame,
					      .skip = 1,
					      .before = begin_stack,
					      .after = end_stack };

	while (first < r->profile->n_samples && stacks_value(r, first) <= 0)
		first++;
	json_open(j, "samples", '[');
	sample_text_print(r, &format, NULL, r->profile->n_samples);
	json_close(j, ']');
}

static void write_profile(struct json *j, struct report *r)
{
	const struct value_type *type = &r->profile->sample_types.v[r->value_index];
	int64_t sum = 0;

	json_line(j);
	json_open(j, NULL, '{');
	json_text(j, "type", "sampled");
	json_text(j, "name", profile_str(r->profile, type->type));
	json_text(j, "unit", unit_of(profile_str(r->profile, type->unit)));
	json_int(j, "startValue", 0);
	write_stacks(j, r);
	json_open(j, "weights", '[');
	for (size_t i = 0; i < r->profile->n_samples; i++) {
		int64_t value = stacks_value(r, i);

		if (value <= 0)
			continue;
		json_int(j, NULL, value);
		sum = add64(sum, value);
	}
	json_close(j, ']');
	json_int(j, "endValue", sum);
	json_close(j, '}');
}

/* Every sample type but those that a comparison left negative. */
static void write_profiles(struct json *j, struct report *r)
{
	size_t chosen = r->value_index, written = 0, active = 0;

	json_open(j, "profiles", '[');
	for (size_t i = 0; i < r->profile->sample_types.n; i++) {
		r->value_index = i;
		if (r->opts.mean ? i != chosen : stacks_refuse_negative(r, "", NULL) != 0)
			continue;
		if (i == chosen)
			active = written;
		write_profile(j, r);
		written++;
	}
	r->value_index = chosen;
	json_close(j, ']');
	json_int(j, "activeProfileIndex", (int64_t)active);
}

int report_speedscope(struct report *r, struct err *err)
{
	const struct profile *p = r->profile;
	struct json j = { r->out, false };
	int rc = stacks_refuse_negative(r, "speedscope", err);

	if (rc)
		return rc;
	stacks_make_nodes(r, true);
	json_open(&j, NULL, '{');
	json_text(&j, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_text(&j, "exporter", "sonde@" SONDE_VERSION);
	json_text(&j, "name",
		  p->mappings.n ? path_base(r->scratch, profile_str(p, p->mappings.v[0].file))
				: r->sample_type);
	write_frames(&j, r);
	write_profiles(&j, r);
	json_close(&j, '}');
	putc_unlocked('\n', r->out);
	return 0;
}
