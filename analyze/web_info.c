/* web_info.c - what the page's header and menus need to know of the profile. */
#include "analyze/sample_index.h"
#include "analyze/web_answers.h"

enum { MAX_VALUES = 100 }; /* of one label: more are no help as chips */

static void print_types(const struct profile *p, const struct report_opts *opts, struct json *j)
{
	size_t chosen = 0;

	json_open(j, "types", '[');
	for (size_t i = 0; i < p->sample_types.n; i++) {
		json_open(j, NULL, '{');
		json_text(j, "type", profile_str(p, p->sample_types.v[i].type));
		json_text(j, "unit", profile_str(p, p->sample_types.v[i].unit));
		json_close(j, '}');
	}
	json_close(j, ']');
	if (sample_index_find(&chosen, p, opts->sample_index, NULL))
		chosen = 0;
	json_int(j, "chosen", (int64_t)chosen);
}

struct value {
	str_id key, str;
};

static struct value *find_value(struct value *values, size_t n, str_id key, str_id str)
{
	for (size_t i = 0; i < n; i++)
		if (values[i].key == key && values[i].str == str)
			return &values[i];
	return NULL;
}

static size_t count_key(const struct value *values, size_t n, str_id key)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += values[i].key == key;
	return count;
}

/* String labels and their values, in the order of the samples. */
static void print_labels(const struct profile *p, struct json *j)
{
	VEC(struct value) values = VEC_INIT;
	const struct label *last = NULL;

	for (size_t i = 0; i < p->labels.n; i++) {
		const struct label *l = &p->labels.v[i];

		if (l->is_num || (last && last->key == l->key && last->str == l->str))
			continue;
		last = l;
		if (find_value(values.v, values.n, l->key, l->str) ||
		    count_key(values.v, values.n, l->key) >= MAX_VALUES)
			continue;
		*VEC_PUSH(&values) = (struct value){ l->key, l->str };
	}
	json_open(j, "labels", '[');
	for (size_t i = 0; i < values.n; i++) {
		json_open(j, NULL, '{');
		json_text(j, "key", profile_str(p, values.v[i].key));
		json_text(j, "value", profile_str(p, values.v[i].str));
		json_close(j, '}');
	}
	json_close(j, ']');
	VEC_RELEASE(&values);
}

void web_answer_info(const struct profile *p, const struct report_opts *opts, const char *title,
		     bool compared, struct json *j)
{
	print_types(p, opts, j);
	print_labels(p, j);
	json_open(j, "comments", '[');
	for (size_t i = 0; i < p->comments.n; i++)
		json_text(j, NULL, profile_str(p, p->comments.v[i]));
	json_close(j, ']');
	json_text(j, "title", title);
	json_text(j, "binary", p->mappings.n ? profile_str(p, p->mappings.v[0].file) : "");
	json_text(j, "docUrl", profile_str(p, p->doc_url));
	json_int(j, "timeNanos", p->time_nanos);
	json_int(j, "durationNanos", p->duration_nanos);
	json_int(j, "samples", (int64_t)p->n_samples);
	json_bool(j, "compared", compared);
}
