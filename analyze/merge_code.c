/* merge_code.c - the mappings, functions and locations of several profiles, each once.
 *
 * Tables from a source's indices to those of the result are filled as its samples need them.  Where a binary was loaded
 * does not matter: a place in it is its distance from the mapping's start.
 */
#include "analyze/merge_code.h"

#include "base/oom.h"

#include <string.h>

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

static uint32_t add_mapping(struct code_merger *m, const struct mapping *mapping)
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

uint32_t code_merger_mapping(struct code_merger *m, uint32_t index)
{
	struct mapping mapping;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->mapping_of.v[index] == PROFILE_NONE) {
		mapping = m->src->mappings.v[index];
		mapping.file = m->string_of[mapping.file];
		mapping.build_id = m->string_of[mapping.build_id];
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

static uint32_t add_function(struct code_merger *m, const struct function *fn)
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

static uint32_t map_function(struct code_merger *m, uint32_t index)
{
	struct function fn;

	if (index == PROFILE_NONE)
		return PROFILE_NONE;
	if (m->function_of.v[index] == PROFILE_NONE) {
		fn = m->src->functions.v[index];
		fn.name = m->string_of[fn.name];
		fn.system_name = m->string_of[fn.system_name];
		fn.filename = m->string_of[fn.filename];
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
static uint32_t add_location(struct code_merger *m, const struct location *loc)
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

uint32_t code_merger_location(struct code_merger *m, uint32_t index)
{
	const struct location *from = &m->src->locations.v[index];
	struct location loc = *from;

	if (m->location_of.v[index] != PROFILE_NONE)
		return m->location_of.v[index];
	loc.mapping = code_merger_mapping(m, from->mapping);
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

/* ---- sources ---- */

#define FILL_NONE(vec, count)                                                                      \
	do {                                                                                       \
		size_t n_ = (count);                                                               \
		VEC_MUST(vec, n_);                                                                 \
		if (n_)                                                                            \
			memset((vec)->v, 0xff, n_ * sizeof(*(vec)->v));                            \
	} while (0)

void code_merger_start(struct code_merger *m, const struct profile *src, const str_id *string_of)
{
	m->src = src;
	m->string_of = string_of;
	FILL_NONE(&m->mapping_of, src->mappings.n);
	FILL_NONE(&m->location_of, src->locations.n);
	FILL_NONE(&m->function_of, src->functions.n);
	if (!m->p->mappings.n && src->mappings.n)
		code_merger_mapping(
			m, 0); /* the main binary, which comes first whatever the samples say */
}

void code_merger_release(struct code_merger *m)
{
	hash_map_release(&m->locations);
	hash_map_release(&m->functions);
	hash_map_release(&m->mappings);
	VEC_RELEASE(&m->mapping_of);
	VEC_RELEASE(&m->location_of);
	VEC_RELEASE(&m->function_of);
}
