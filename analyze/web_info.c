/* web_info.c - what the page's header and menus need to know of the profile. */
#include "analyze/sample_index.h"
#include "analyze/web_answers.h"
#include "base/hash.h"

enum {
	MAX_VALUES = 100, /* of one label: more are no help as chips */
	MAX_ALL_VALUES = 5000
};

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

/* The labels' values so far, each once, and how many each key has. */
struct values {
	VEC(struct value) v;
	struct hash_map known;	/* key and value to 0 */
	struct hash_map counts; /* key to the number of its values */
};

/* One more of the key, if it may have more. */
static bool count_one(struct values *values, str_id key)
{
	uint64_t h = hash_mix(key); /* reversible: equal hashes are equal keys */
	uint32_t *at = hash_map_first(&values->counts, h);

	if (*at == HASH_MAP_NONE) {
		*at = 0;
		hash_map_added(&values->counts, at, h);
		at = hash_map_first(&values->counts, h);
	}
	return (*at)++ < MAX_VALUES;
}

static void add_value(struct values *values, struct value value)
{
	uint64_t h = hash_mix((uint64_t)value.key << 32 | value.str);
	uint32_t *at = hash_map_first(&values->known, h);

	if (*at != HASH_MAP_NONE || values->v.n >= MAX_ALL_VALUES)
		return;
	*at = 0;
	hash_map_added(&values->known, at, h);
	if (count_one(values, value.key))
		*VEC_PUSH(&values->v) = value;
}

/* String labels and their values, in the order of the samples. */
static void print_labels(const struct profile *p, struct json *j)
{
	struct values values = { VEC_INIT };

	hash_map_init(&values.known);
	hash_map_init(&values.counts);
	for (size_t i = 0; i < p->labels.n; i++)
		if (!p->labels.v[i].is_num)
			add_value(&values,
				  (struct value){ p->labels.v[i].key, p->labels.v[i].str });
	json_open(j, "labels", '[');
	for (size_t i = 0; i < values.v.n; i++) {
		json_open(j, NULL, '{');
		json_text(j, "key", profile_str(p, values.v.v[i].key));
		json_text(j, "value", profile_str(p, values.v.v[i].str));
		json_close(j, '}');
	}
	json_close(j, ']');
	hash_map_release(&values.known);
	hash_map_release(&values.counts);
	VEC_RELEASE(&values.v);
}

void web_answer_info(const struct profile *p, const struct report_opts *opts, const char *title,
		     const char *base, bool compared, struct json *j)
{
	print_types(p, opts, j);
	print_labels(p, j);
	json_open(j, "comments", '[');
	for (size_t i = 0; i < p->comments.n; i++)
		json_text(j, NULL, profile_str(p, p->comments.v[i]));
	json_close(j, ']');
	json_text(j, "title", title);
	json_text(j, "base", base);
	json_text(j, "binary", p->mappings.n ? profile_str(p, p->mappings.v[0].file) : "");
	json_text(j, "docUrl", profile_str(p, p->doc_url));
	json_int(j, "timeNanos", p->time_nanos);
	json_int(j, "durationNanos", p->duration_nanos);
	json_int(j, "samples", (int64_t)p->n_samples);
	json_bool(j, "compared", compared);
}
