/* fuzz_tag_filter.c - tag_filter_new(), tag_filter_match(): any text is a filter or a sentence.
 *
 * Labels of all kinds are asked about: strings, numbers with units of each family and without.
 */
#include "analyze/tag_filter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct profile *labelled_profile(void)
{
	static const struct {
		const char *key, *str, *unit;
		int64_t num;
	} rows[] = {
		{ "thread", "worker", "", 0 },
		{ "", "", "", 0 },
		{ "k:v=w", "a,b\xff", "", 0 },
		{ "bytes", NULL, "bytes", INT64_MAX },
		{ "wait", NULL, "ms", INT64_MIN },
		{ "wait", NULL, "s", -1 },
		{ "n", NULL, "", 0 },
		{ "alignment", NULL, "", 4096 },
		{ "cost", NULL, "gcu", 1LL << 53 },
	};
	struct profile *p = profile_new();
	struct label labels[sizeof(rows) / sizeof(rows[0])];
	int64_t value = 1;

	*VEC_PUSH(&p->sample_types) = (struct value_type){ profile_intern(p, "n"), 0 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		labels[i] = (struct label){ .key = profile_intern(p, rows[i].key),
					    .str = rows[i].str ? profile_intern(p, rows[i].str) : 0,
					    .unit = profile_intern(p, rows[i].unit),
					    .is_num = !rows[i].str,
					    .num = rows[i].num };
	profile_add_sample(p, &value, NULL, 0, labels, sizeof(rows) / sizeof(rows[0]));
	profile_add_sample(p, &value, NULL, 0, NULL, 0);
	return p;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct profile *p; /* made once: making it takes longer than asking it */
	static struct label_units units;
	struct tag_filter *f = NULL;
	struct err err = { "" };
	char *text = calloc(1, size + 1);

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	if (!p) {
		p = labelled_profile();
		label_units_init(&units, p, NULL);
	}
	if (tag_filter_new(&f, "tagfocus", text, p, &units, NULL, &err) && !err.text[0])
		abort();
	for (size_t i = 0; f && i < p->n_samples; i++)
		tag_filter_match(f, p->labels.v + p->label_at.v[i],
				 p->label_at.v[i + 1] - p->label_at.v[i]);
	tag_filter_free(f);
	free(text);
	return 0;
}
