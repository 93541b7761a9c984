/* report_speedscope.c - a file for www.speedscope.app: the frames, then a profile for each sample
 * type, which is every stack with its weight.
 *
 * Its format: https://www.speedscope.app/file-format-schema.json
 */
#include "analyze/arith.h"
#include "analyze/json.h"
#include "analyze/paths.h"
#include "analyze/report_stacks.h"

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

static void write_stack(struct json *j, const struct report *r, size_t sample)
{
	const struct profile *p = r->profile;
	const uint32_t *at = r->nodes.at.v, *of = r->nodes.of.v;

	json_line(j);
	json_open(j, NULL, '[');
	for (size_t s = p->stack_at.v[sample + 1]; s-- > p->stack_at.v[sample];)
		for (uint32_t i = at[p->stack.v[s] + 1]; i-- > at[p->stack.v[s]];)
			json_int(j, NULL, of[i]);
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
	json_open(j, "samples", '[');
	for (size_t i = 0; i < r->profile->n_samples; i++)
		if (stacks_value(r, i) > 0)
			write_stack(j, r, i);
	json_close(j, ']');
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
