/* report_raw.c - the profile's own tables as text. */
#include "analyze/clock_text.h"
#include "analyze/label_texts.h"
#include "analyze/report.h"

#include <inttypes.h>
#include <string.h>

static const char label_indent[] = "                ";

static void print_header(struct report *r)
{
	const struct profile *p = r->profile;
	const char *duration = duration_text(r->scratch, p->duration_nanos);

	for (size_t i = 0; i < p->comments.n; i++)
		fprintf(r->out, "Comment: %s\n", profile_str(p, p->comments.v[i]));
	if (p->doc_url)
		fprintf(r->out, "Doc: %s\n", profile_str(p, p->doc_url));
	fprintf(r->out, "PeriodType: %s %s\n", profile_str(p, p->period_type.type),
		profile_str(p, p->period_type.unit));
	fprintf(r->out, "Period: %" PRId64 "\n", p->period);
	if (p->time_nanos)
		fprintf(r->out, "Time: %s\n", clock_full_text(r->scratch, p->time_nanos));
	if (p->duration_nanos) /* pprof shows 4 characters of it; a micro sign has two bytes */
		fprintf(r->out, "Duration: %.*s\n",
			memchr(duration, 0xc2, strnlen(duration, 4)) ? 5 : 4, duration);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "type/unit type/unit[dflt]", without blanks around. */
static void print_types(struct report *r)
{
	const struct profile *p = r->profile;
	struct text t = { VEC_INIT };
	size_t from = 0;

	for (size_t i = 0; i < p->sample_types.n; i++)
		text_printf(&t, "%s/%s%s ", profile_str(p, p->sample_types.v[i].type),
			    profile_str(p, p->sample_types.v[i].unit),
			    p->sample_types.v[i].type == p->default_sample_type ? "[dflt]" : "");
	while (from < t.v.n && is_space(t.v.v[from]))
		from++;
	while (t.v.n > from && is_space(t.v.v[t.v.n - 1]))
		t.v.n--;
	fprintf(r->out, "Samples:\n%.*s\n", (int)(t.v.n - from), t.v.v + from);
	text_release(&t);
}

/* ---- samples ---- */

static bool any_unit(const struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (labels[i].is_num && labels[i].unit)
			return true;
	return false;
}

/* "key:[value value]" */
static void write_label(struct report *r, struct text *t, const struct label *labels, size_t n)
{
	const struct profile *p = r->profile;
	bool units = any_unit(labels, n);

	text_printf(t, "%s:[", profile_str(p, labels->key));
	for (size_t i = 0; i < n; i++) {
		if (i)
			text_add(t, " ");
		if (!labels[i].is_num)
			text_add(t, profile_str(p, labels[i].str));
		else
			text_printf(t, "%" PRId64, labels[i].num);
		if (units)
			text_printf(t, " %s", profile_str(p, labels[i].unit));
	}
	text_add(t, "]");
}

static void print_texts(struct report *r, const char **texts, size_t n)
{
	if (n == 0)
		return;
	report_put(r, label_indent);
	for (size_t i = 0; i < n; i++) {
		if (i)
			report_put(r, " ");
		report_put(r, texts[i]);
	}
	report_put(r, "\n");
}

/* "id ": most of the text, and printf would be most of the time. */
static void print_id(FILE *out, uint64_t id)
{
	char text[24], *at = text + sizeof(text);

	*--at = ' ';
	do
		*--at = (char)('0' + id % 10);
	while (id /= 10);
	fwrite_unlocked(at, 1, (size_t)(text + sizeof(text) - at), out);
}

static void print_sample(struct report *r, size_t i)
{
	const struct profile *p = r->profile;
	struct label_texts labels;

	for (size_t t = 0; t < p->sample_types.n; t++)
		fprintf(r->out, " %10" PRId64, p->values.v[i * p->sample_types.n + t]);
	report_put(r, ": ");
	for (size_t s = p->stack_at.v[i]; s < p->stack_at.v[i + 1]; s++)
		print_id(r->out, p->locations.v[p->stack.v[s]].id);
	report_put(r, "\n");
	if (p->label_at.v[i] == p->label_at.v[i + 1])
		return;
	labels = label_texts_make(r, i, write_label);
	print_texts(r, labels.v, labels.n_strings);
	print_texts(r, labels.v + labels.n_strings, labels.n - labels.n_strings);
}

/* ---- locations and mappings ---- */

static void print_line(struct report *r, const struct line *line)
{
	const struct profile *p = r->profile;
	const struct function *f;

	if (line->function == PROFILE_NONE) {
		report_put(r, "??\n");
		return;
	}
	f = &p->functions.v[line->function];
	fprintf(r->out, "%s %s:%" PRId64 ":%" PRId64 " s=%" PRId64, profile_str(p, f->name),
		profile_str(p, f->filename), line->line, line->column, f->start_line);
	if (f->name != f->system_name)
		fprintf(r->out, "(%s)", profile_str(p, f->system_name));
	report_put(r, "\n");
}

static void print_location(struct report *r, const struct location *l)
{
	fprintf(r->out, "%6" PRIu64 ": 0x%" PRIx64 " ", l->id, l->address);
	if (l->mapping != PROFILE_NONE)
		fprintf(r->out, "M=%" PRIu64 " ", r->profile->mappings.v[l->mapping].id);
	if (l->is_folded)
		report_put(r, "[F] ");
	if (l->n_lines == 0)
		report_put(r, "\n");
	for (uint32_t i = 0; i < l->n_lines; i++) {
		if (i > 0)
			report_put(r, "             ");
		print_line(r, &r->profile->lines.v[l->first_line + i]);
	}
}

static void print_mapping(struct report *r, const struct mapping *m)
{
	fprintf(r->out, "%" PRIu64 ": 0x%" PRIx64 "/0x%" PRIx64 "/0x%" PRIx64 " %s %s %s%s%s%s\n",
		m->id, m->start, m->limit, m->offset, profile_str(r->profile, m->file),
		profile_str(r->profile, m->build_id), m->has_functions ? "[FN]" : "",
		m->has_filenames ? "[FL]" : "", m->has_line_numbers ? "[LN]" : "",
		m->has_inline_frames ? "[IN]" : "");
}

int report_raw(struct report *r, struct err *err)
{
	const struct profile *p = r->profile;

	if (r->opts.format == FORMAT_CSV)
		return err_set(err, SONDE_EUSAGE,
			       "raw is several tables: it can be had as JSON, not as CSV");
	if (r->opts.format == FORMAT_JSON) {
		raw_write_json(r);
		return 0;
	}
	print_header(r);
	print_types(r);
	for (size_t i = 0; i < p->n_samples; i++) {
		struct arena_mark mark = arena_mark(r->scratch);

		print_sample(r, i);
		arena_rewind(r->scratch, mark);
	}
	report_put(r, "Locations\n");
	for (size_t i = 0; i < p->locations.n; i++)
		print_location(r, &p->locations.v[i]);
	report_put(r, "Mappings\n");
	for (size_t i = 0; i < p->mappings.n; i++)
		print_mapping(r, &p->mappings.v[i]);
	return 0;
}
