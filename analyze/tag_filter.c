/* tag_filter.c - ranges and expressions over labels. */
#include "analyze/tag_filter.h"
#include "analyze/measure.h"
#include "analyze/notes.h"
#include "analyze/regex.h"
#include "base/hash.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct range {
	double low, high;
	char unit[64];
};

/* "key:value" of each pair that was met, as a string of the profile. */
struct pair_texts {
	struct hash_map map;
	VEC(str_id) texts;
	struct arena *scratch;
};

struct tag_filter {
	struct profile *profile;
	const struct label_units *units;
	bool has_key;
	str_id key;
	bool is_range;
	struct range range;
	VEC(struct regex *) patterns;
	struct pair_texts pairs;
};

/* ---- reading ---- */

struct quantity {
	int64_t value;
	char unit[64];
	bool too_large;
};

/* [+-]digits[letters] at s: its end, or NULL. */
static const char *read_quantity(const char *s, struct quantity *q)
{
	const char *digits = s + (*s == '+' || *s == '-'), *end = digits, *unit;

	while (isdigit((unsigned char)*end))
		end++;
	if (end == digits)
		return NULL;
	errno = 0;
	q->value = strtoll(s, NULL, 10);
	q->too_large = errno == ERANGE;
	unit = end;
	while (isalpha((unsigned char)*end))
		end++;
	if ((size_t)(end - unit) >= sizeof(q->unit))
		return NULL;
	memcpy(q->unit, unit, (size_t)(end - unit));
	q->unit[end - unit] = 0;
	return end;
}

static void set_unit(struct range *r, const char *unit)
{
	size_t n = strlen(unit);

	memcpy(r->unit, unit, n + 1);
}

/* Fill r from N, N:, :N or N:M.  *is_range is false for any other text. */
static int read_range(struct range *r, const char *text, bool *is_range, const char *name,
		      struct err *err)
{
	bool from_zero = *text == ':', more;
	struct quantity low, high = { 0 };
	const char *end = read_quantity(text + from_zero, &low);
	struct measure m;

	*is_range = false;
	if (!end)
		return 0;
	more = *end == ':' && !from_zero;
	if (*end && !(more && !end[1])) {
		end = more ? read_quantity(end + 1, &high) : NULL;
		if (!end || *end)
			return 0;
		more = false;
	} else {
		high = low;
	}
	if (low.too_large || high.too_large)
		return err_set(err, SONDE_EUSAGE, "%s: number out of range in '%s'", name, text);
	m = measure_scale(low.value, low.unit, low.unit);
	set_unit(r, m.unit);
	r->low = from_zero ? -INFINITY : m.value;
	m = measure_scale(high.value, high.unit, r->unit);
	if (strcmp(m.unit, r->unit) != 0)
		return 0;
	r->high = more ? INFINITY : m.value;
	*is_range = true;
	return 0;
}

static int add_pattern(struct tag_filter *f, const char *text, const char *name, struct err *err)
{
	struct regex *r;
	int rc = regex_compile(&r, text, err);

	if (rc) {
		err_prefix(err, "parsing %s regexp", name);
		return rc;
	}
	*VEC_PUSH(&f->patterns) = r;
	return 0;
}

static int add_patterns(struct tag_filter *f, const char *list, const char *name, struct err *err)
{
	int rc = 0;

	for (const char *s = list; s && !rc;) {
		size_t n = strcspn(s, ",");

		rc = add_pattern(f, arena_strndup(f->pairs.scratch, s, n), name, err);
		s = s[n] ? s + n + 1 : NULL;
	}
	return rc;
}

int tag_filter_new(struct tag_filter **out, const char *name, const char *text, struct profile *p,
		   const struct label_units *units, const struct notes *notes, struct err *err)
{
	const char *equals = strchr(text, '='), *what = equals ? equals + 1 : text;
	struct tag_filter *f;
	int rc;

	*out = NULL;
	if (!*text)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	f->profile = p;
	f->units = units;
	f->pairs.scratch = arena_new(ARENA_DIE);
	f->has_key = equals && equals > text;
	f->key = f->has_key ? strtab_add(p->strings, text, (size_t)(equals - text)) : 0;
	rc = read_range(&f->range, what, &f->is_range, name, err);
	if (!rc && f->is_range)
		note(notes, "%s:Interpreted '%s' as range, not regexp", name, what);
	else if (!rc)
		rc = add_patterns(f, what, name, err);
	if (rc) {
		tag_filter_free(f);
		return rc;
	}
	*out = f;
	return 0;
}

void tag_filter_free(struct tag_filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->patterns.n; i++)
		regex_free(f->patterns.v[i]);
	VEC_RELEASE(&f->patterns);
	VEC_RELEASE(&f->pairs.texts);
	hash_map_release(&f->pairs.map);
	arena_free(f->pairs.scratch);
	free(f);
}

/* ---- matching ---- */

static str_id pair_text(struct tag_filter *f, const struct label *l)
{
	struct pair_texts *t = &f->pairs;
	uint64_t h = hash_mix((uint64_t)l->key << 32 |
			      l->str); /* reversible: equal hashes are equal pairs */
	uint32_t *at = hash_map_first(&t->map, h);
	struct arena_mark mark;

	if (*at != HASH_MAP_NONE)
		return t->texts.v[*at];
	*at = (uint32_t)t->texts.n;
	hash_map_added(&t->map, at, h);
	mark = arena_mark(t->scratch);
	*VEC_PUSH(&t->texts) = profile_intern(
		f->profile, arena_printf(t->scratch, "%s:%s", profile_str(f->profile, l->key),
					 profile_str(f->profile, l->str)));
	arena_rewind(t->scratch, mark);
	return t->texts.v[t->texts.n - 1];
}

static bool in_range(const struct tag_filter *f, const struct label *l)
{
	const char *unit = profile_str(f->profile, label_units_get(f->units, l->key));
	struct measure m = measure_scale(l->num, unit, f->range.unit);

	return strcmp(m.unit, f->range.unit) == 0 && m.value >= f->range.low &&
	       m.value <= f->range.high;
}

static bool matches_value(struct tag_filter *f, const struct label *l)
{
	for (size_t i = 0; i < f->patterns.n; i++)
		if (regex_match_id(f->patterns.v[i], f->profile->strings, l->str))
			return true;
	return false;
}

static bool every_pattern_matches_a_pair(struct tag_filter *f, const struct label *labels, size_t n)
{
	for (size_t k = 0; k < f->patterns.n; k++) {
		size_t i = 0;

		while (i < n &&
		       (labels[i].is_num || !regex_match_id(f->patterns.v[k], f->profile->strings,
							    pair_text(f, &labels[i]))))
			i++;
		if (i == n)
			return false;
	}
	return true;
}

bool tag_filter_match(struct tag_filter *f, const struct label *labels, size_t n)
{
	if (!f->is_range && !f->has_key)
		return every_pattern_matches_a_pair(f, labels, n);
	for (size_t i = 0; i < n; i++) {
		if (labels[i].is_num != f->is_range || (f->has_key && labels[i].key != f->key))
			continue;
		if (f->is_range ? in_range(f, &labels[i]) : matches_value(f, &labels[i]))
			return true;
	}
	return false;
}
