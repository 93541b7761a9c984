/* merge.c - add up the rows of several profiles.
 *
 * Each source is walked once.  Tables from its indices to those of the result are filled as its
 * samples need them; rows are found by a hash over the mapped stack and labels and compared column
 * by column on a hit, so that nothing is allocated for a sample but its place in the columns.
 */
#include "analyze/merge.h"
#include "analyze/arith.h"
#include "base/hash.h"
#include "base/oom.h"

#include <stdlib.h>
#include <string.h>

struct placed_label {
	struct label label;
	size_t place;
};

struct merger {
	struct profile *p; /* the result */
	size_t n_sources;
	struct hash_map samples, locations, functions, mappings;
	VEC(bool) has_comment; /* by string */

	/* of the source at hand */
	const struct profile *src;
	VEC(str_id) string_of;
	VEC(uint32_t) mapping_of, location_of, function_of; /* PROFILE_NONE = not needed yet */

	/* of the sample at hand, in terms of the result */
	VEC(uint32_t) stack;
	VEC(struct label) labels;
	VEC(struct placed_label) placed;
};

/* ---- mappings ---- */

struct mapping_key {
	uint64_t size, offset;
	str_id name;
};

static struct mapping_key mapping_key(const struct mapping *m)
{
	const uint64_t page = 0x1000; /* sizes differ by the bytes of the last page */

	return (struct mapping_key){ (m->limit - m->start + page - 1) & ~(page - 1), m->offset,
				     m->build_id ? m->build_id : m->file };
}

static uint32_t add_mapping(struct merger *m, const struct mapping *mapping)
{
	struct mapping_key key = mapping_key(mapping);
	uint64_t h = hash_add(hash_add(hash_mix(key.size), key.offset), key.name);
	uint32_t *at;

	for (at = hash_map_first(&m->mappings, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&m->mappings, at, h)) {
		struct mapping_key other = mapping_key(&m->p->mappings.v[*at]);

		if (other.size == key.size && other.offset == key.offset && other.name == key.name)
			return *at;
	}
	*at = (uint32_t)m->p->mappings.n;
	hash_map_added(&m->mappings, at, h);
	*VEC_PUSH(&m->p->mappings) = *mapping;
	m->p->mappings.v[m->p->mappings.n - 1].id = m->p->mappings.n;
	return (uint32_t)m->p->mappings.n - 1;
}

static uint32_t map_mapping(struct merger *m, uint32_t index)
{
	struct mapping mapping;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->mapping_of.v[index] == PROFILE_NONE) {
		mapping = m->src->mappings.v[index];
		mapping.file = m->string_of.v[mapping.file];
		mapping.build_id = m->string_of.v[mapping.build_id];
		m->mapping_of.v[index] = add_mapping(m, &mapping);
	}
	return m->mapping_of.v[index];
}

/* ---- functions ---- */

static bool same_function(const struct function *a, const struct function *b)
{
	return a->name == b->name && a->system_name == b->system_name &&
	       a->filename == b->filename && a->start_line == b->start_line;
}

static uint32_t add_function(struct merger *m, const struct function *fn)
{
	uint64_t h = hash_add(
		hash_add(hash_mix((uint64_t)fn->name << 32 | fn->filename), fn->system_name),
		(uint64_t)fn->start_line);
	uint32_t *at;

	for (at = hash_map_first(&m->functions, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&m->functions, at, h))
		if (same_function(&m->p->functions.v[*at], fn))
			return *at;
	*at = (uint32_t)m->p->functions.n;
	hash_map_added(&m->functions, at, h);
	*VEC_PUSH(&m->p->functions) = *fn;
	m->p->functions.v[m->p->functions.n - 1].id = m->p->functions.n;
	return (uint32_t)m->p->functions.n - 1;
}

static uint32_t map_function(struct merger *m, uint32_t index)
{
	struct function fn;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->function_of.v[index] == PROFILE_NONE) {
		fn = m->src->functions.v[index];
		fn.name = m->string_of.v[fn.name];
		fn.system_name = m->string_of.v[fn.system_name];
		fn.filename = m->string_of.v[fn.filename];
		m->function_of.v[index] = add_function(m, &fn);
	}
	return m->function_of.v[index];
}

/* ---- locations ---- */

/* The address relative to the mapping, so that it does not matter where the binary was loaded. */
static uint64_t place_of(const struct profile *p, const struct location *loc)
{
	return loc->mapping == PROFILE_NONE ? loc->address
					    : loc->address - p->mappings.v[loc->mapping].start;
}

static uint64_t hash_location(const struct profile *p, const struct location *loc)
{
	uint64_t h =
		hash_add(hash_mix(place_of(p, loc)), (uint64_t)loc->mapping << 1 | loc->is_folded);

	for (uint32_t i = 0; i < loc->n_lines; i++) {
		const struct line *line = &p->lines.v[loc->first_line + i];

		h = hash_add(hash_add(h, line->function), (uint64_t)line->line);
	}
	return h;
}

/* Of the columns only the last line's counts: pprof's key of a location overwrites the others. */
static bool same_location(const struct profile *p, const struct location *a,
			  const struct location *b)
{
	const struct line *la = p->lines.v + a->first_line, *lb = p->lines.v + b->first_line;
	uint32_t n = a->n_lines;

	if (place_of(p, a) != place_of(p, b) || a->mapping != b->mapping ||
	    a->is_folded != b->is_folded || n != b->n_lines)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (la[i].function != lb[i].function || la[i].line != lb[i].line)
			return false;
	return n == 0 || la[n - 1].column == lb[n - 1].column;
}

/* loc's lines are the last ones of the result; they are given back if there is such a location
 * already. */
static uint32_t add_location(struct merger *m, const struct location *loc)
{
	struct profile *p = m->p;
	uint64_t h = hash_location(p, loc);
	uint32_t *at;

	for (at = hash_map_first(&m->locations, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&m->locations, at, h))
		if (same_location(p, &p->locations.v[*at], loc)) {
			p->lines.n = loc->first_line;
			return *at;
		}
	*at = (uint32_t)p->locations.n;
	hash_map_added(&m->locations, at, h);
	*VEC_PUSH(&p->locations) = *loc;
	p->locations.v[p->locations.n - 1].id = p->locations.n;
	return (uint32_t)p->locations.n - 1;
}

static uint32_t map_location(struct merger *m, uint32_t index)
{
	const struct location *from = &m->src->locations.v[index];
	struct location loc = *from;

	if (m->location_of.v[index] != PROFILE_NONE)
		return m->location_of.v[index];
	loc.mapping = map_mapping(m, from->mapping);
	if (loc.mapping != PROFILE_NONE)
		loc.address += m->p->mappings.v[loc.mapping].start -
			       m->src->mappings.v[from->mapping].start;
	loc.first_line = (uint32_t)m->p->lines.n;
	for (uint32_t i = 0; i < from->n_lines; i++) {
		struct line line = m->src->lines.v[from->first_line + i];

		line.function = map_function(m, line.function);
		*VEC_PUSH(&m->p->lines) = line;
	}
	return m->location_of.v[index] = add_location(m, &loc);
}

/* ---- samples ---- */

/* String labels before numeric ones, those of one key together. */
static int order_of_labels(const struct label *a, const struct label *b)
{
	if (a->is_num != b->is_num)
		return a->is_num ? 1 : -1;
	return a->key < b->key ? -1 : a->key > b->key;
}

static int compare_placed(const void *pa, const void *pb)
{
	const struct placed_label *a = pa, *b = pb;
	int order = order_of_labels(&a->label, &b->label);

	return order ? order : a->place < b->place ? -1 : a->place > b->place;
}

/* Two samples have the same labels if these are equal in this order. */
static void sort_labels(struct merger *m)
{
	size_t n = m->labels.n, i = 1;

	while (i < n && order_of_labels(&m->labels.v[i - 1], &m->labels.v[i]) <= 0)
		i++;
	if (i >= n)
		return;
	VEC_MUST(&m->placed, n);
	for (i = 0; i < n; i++)
		m->placed.v[i] = (struct placed_label){ m->labels.v[i], i };
	qsort(m->placed.v, n, sizeof(*m->placed.v), compare_placed);
	for (i = 0; i < n; i++)
		m->labels.v[i] = m->placed.v[i].label;
}

static void map_row(struct merger *m, size_t sample)
{
	const struct profile *src = m->src;
	size_t from = src->stack_at.v[sample], end = src->stack_at.v[sample + 1];

	VEC_MUST(&m->stack, end - from);
	m->stack.n = m->labels.n = 0;
	for (size_t i = from; i < end; i++)
		m->stack.v[m->stack.n++] = map_location(m, src->stack.v[i]);
	for (size_t i = src->label_at.v[sample]; i < src->label_at.v[sample + 1]; i++) {
		struct label label = src->labels.v[i];

		label.key = m->string_of.v[label.key];
		label.str = label.is_num ? 0 : m->string_of.v[label.str];
		label.unit = m->string_of.v[label.unit];
		*VEC_PUSH(&m->labels) = label;
	}
	sort_labels(m);
}

static bool same_labels(const struct label *a, const struct label *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].key != b[i].key || a[i].str != b[i].str || a[i].unit != b[i].unit ||
		    a[i].is_num != b[i].is_num || (a[i].is_num && a[i].num != b[i].num))
			return false;
	return true;
}

static bool is_row(const struct merger *m, size_t sample)
{
	const struct profile *p = m->p;
	size_t stack_at = p->stack_at.v[sample], n_stack = p->stack_at.v[sample + 1] - stack_at;
	size_t label_at = p->label_at.v[sample], n_labels = p->label_at.v[sample + 1] - label_at;

	return n_stack == m->stack.n && n_labels == m->labels.n &&
	       (n_stack == 0 ||
		memcmp(p->stack.v + stack_at, m->stack.v, n_stack * sizeof(uint32_t)) == 0) &&
	       same_labels(p->labels.v + label_at, m->labels.v, n_labels);
}

static uint64_t hash_row(const struct merger *m)
{
	uint64_t h = m->stack.n ? hash_bytes(m->stack.v, m->stack.n * sizeof(uint32_t)) : 0;

	for (size_t i = 0; i < m->labels.n; i++) {
		const struct label *label = &m->labels.v[i];

		h = hash_add(h, (uint64_t)label->key << 32 |
					(label->is_num ? label->unit : label->str));
		if (label->is_num)
			h = hash_add(h, (uint64_t)label->num);
	}
	return h;
}

static bool is_zero(const struct profile *p, size_t sample)
{
	const int64_t *values = p->values.v + sample * p->sample_types.n;

	for (size_t i = 0; i < p->sample_types.n; i++)
		if (values[i])
			return false;
	return true;
}

static void add_sample(struct merger *m, size_t sample)
{
	size_t n_types = m->p->sample_types.n;
	const int64_t *values = m->src->values.v + sample * n_types;
	uint64_t h;
	uint32_t *at;

	map_row(m, sample);
	h = hash_row(m);
	for (at = hash_map_first(&m->samples, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&m->samples, at, h))
		if (is_row(m, *at)) {
			int64_t *sum = m->p->values.v + *at * n_types;

			for (size_t i = 0; i < n_types; i++)
				sum[i] = add64(sum[i], values[i]);
			return;
		}
	*at = (uint32_t)m->p->n_samples;
	hash_map_added(&m->samples, at, h);
	profile_add_sample(m->p, values, m->stack.v, m->stack.n, m->labels.v, m->labels.n);
}

/* ---- sources ---- */

#define FILL_NONE(vec, count)                                                                      \
	do {                                                                                       \
		size_t n_ = (count);                                                               \
		VEC_MUST(vec, n_);                                                                 \
		if (n_)                                                                            \
			memset((vec)->v, 0xff, n_ * sizeof(*(vec)->v));                            \
	} while (0)

static void start_source(struct merger *m, const struct profile *src)
{
	size_t n = strtab_count(src->strings);

	m->src = src;
	VEC_MUST(&m->string_of, n);
	for (str_id id = 0; id < n; id++)
		m->string_of.v[id] = strtab_add(m->p->strings, profile_str(src, id),
						strtab_len(src->strings, id));
	FILL_NONE(&m->mapping_of, src->mappings.n);
	FILL_NONE(&m->location_of, src->locations.n);
	FILL_NONE(&m->function_of, src->functions.n);
}

static void add_comments(struct merger *m)
{
	VEC_MUST(&m->has_comment, strtab_count(m->p->strings)); /* what is new in it is zero */
	for (size_t i = 0; i < m->src->comments.n; i++) {
		str_id comment = m->string_of.v[m->src->comments.v[i]];

		if (!m->has_comment.v[comment])
			*VEC_PUSH(&m->p->comments) = comment;
		m->has_comment.v[comment] = true;
	}
}

/* As pprof has it, a later source without a time makes the result one without. */
static void add_header(struct merger *m)
{
	const struct profile *src = m->src;
	struct profile *p = m->p;

	if (p->time_nanos == 0 || src->time_nanos < p->time_nanos)
		p->time_nanos = src->time_nanos;
	p->duration_nanos = add64(p->duration_nanos, src->duration_nanos);
	if (p->period == 0 || p->period < src->period)
		p->period = src->period;
	if (!p->default_sample_type)
		p->default_sample_type = m->string_of.v[src->default_sample_type];
	if (!p->doc_url)
		p->doc_url = m->string_of.v[src->doc_url];
	add_comments(m);
}

static void start_result(struct merger *m)
{
	const struct profile *src = m->src;

	for (size_t i = 0; i < src->sample_types.n; i++)
		*VEC_PUSH(&m->p->sample_types) = (struct value_type){
			m->string_of.v[src->sample_types.v[i].type],
			m->string_of.v[src->sample_types.v[i].unit],
		};
	m->p->period_type.type = m->string_of.v[src->period_type.type];
	m->p->period_type.unit = m->string_of.v[src->period_type.unit];
	m->p->drop_frames = m->string_of.v[src->drop_frames];
	m->p->keep_frames = m->string_of.v[src->keep_frames];
}

static void add_source(struct merger *m, const struct profile *src, bool is_first)
{
	start_source(m, src);
	if (is_first)
		start_result(m);
	add_header(m);
	if (!m->p->mappings.n && src->mappings.n)
		map_mapping(m, 0); /* the main binary, which comes first whatever the samples say */
	if (hash_map_reserve(&m->samples, m->samples.n + src->n_samples))
		oom();
	for (size_t i = 0; i < src->n_samples; i++)
		if (!is_zero(src, i))
			add_sample(m, i);
}

static void release(struct merger *m)
{
	hash_map_release(&m->samples);
	hash_map_release(&m->locations);
	hash_map_release(&m->functions);
	hash_map_release(&m->mappings);
	VEC_RELEASE(&m->has_comment);
	VEC_RELEASE(&m->string_of);
	VEC_RELEASE(&m->mapping_of);
	VEC_RELEASE(&m->location_of);
	VEC_RELEASE(&m->function_of);
	VEC_RELEASE(&m->stack);
	VEC_RELEASE(&m->labels);
	VEC_RELEASE(&m->placed);
}

static bool has_zeros(const struct profile *p)
{
	for (size_t i = 0; i < p->n_samples; i++)
		if (is_zero(p, i))
			return true;
	return false;
}

struct merger *merger_new(void)
{
	struct merger *m = calloc(1, sizeof(*m));

	if (!m)
		oom();
	m->p = profile_new();
	return m;
}

void merger_add(struct merger *m, const struct profile *p)
{
	add_source(m, p, m->n_sources++ == 0);
}

struct profile *merger_profile(struct merger *m)
{
	return m->p;
}

void merger_free(struct merger *m)
{
	if (!m)
		return;
	release(m);
	profile_free(m->p);
	free(m);
}

struct profile *merger_take(struct merger *m)
{
	struct profile *p = m->p;

	m->p = NULL;
	merger_free(m);
	if (!has_zeros(p))
		return p;
	/* Samples that cancelled out go, with all that only they refer to. */
	m = merger_new();
	merger_add(m, p);
	profile_free(p);
	return merger_take(m);
}

int profile_merge(struct profile **out, struct profile *const *in, size_t n, struct err *err)
{
	struct merger *m;
	int rc = n ? 0 : err_set(err, SONDE_EUSAGE, "no profiles to merge");

	for (size_t i = 1; i < n && !rc; i++)
		rc = profile_check_compatible(in[0], in[i], err);
	if (rc)
		return rc;
	m = merger_new();
	for (size_t i = 0; i < n; i++)
		merger_add(m, in[i]);
	*out = merger_take(m);
	return 0;
}
