/* named_frames.c - mappings, functions and locations, each found again by what it is. */
#include "writer/named_frames.h"

#include <string.h>

void named_frames_init(struct named_frames *f, struct profile *p)
{
	*f = (struct named_frames){ .p = p };
	hash_map_init(&f->mappings);
	hash_map_init(&f->functions);
	hash_map_init(&f->locations);
}

void named_frames_release(struct named_frames *f)
{
	hash_map_release(&f->mappings);
	hash_map_release(&f->functions);
	hash_map_release(&f->locations);
	VEC_RELEASE(&f->stack);
}

uint32_t named_mapping(struct named_frames *f, str_id file)
{
	uint64_t h = hash_mix(file); /* reversible: equal hashes are equal files */
	uint32_t *at = hash_map_first(&f->mappings, h);

	if (*at != HASH_MAP_NONE)
		return *at;
	*at = (uint32_t)f->p->mappings.n;
	hash_map_added(&f->mappings, at, h);
	*VEC_PUSH(&f->p->mappings) = (struct mapping){ .id = f->p->mappings.n + 1,
						       .file = file,
						       .has_functions = true,
						       .has_filenames = true,
						       .has_line_numbers = true,
						       .has_inline_frames = true };
	return (uint32_t)f->p->mappings.n - 1;
}

uint32_t named_function(struct named_frames *f, str_id name, str_id file)
{
	uint64_t h = hash_mix((uint64_t)name << 32 | file); /* reversible, too */
	uint32_t *at = hash_map_first(&f->functions, h);

	if (*at != HASH_MAP_NONE)
		return *at;
	*at = (uint32_t)f->p->functions.n;
	hash_map_added(&f->functions, at, h);
	*VEC_PUSH(&f->p->functions) =
		(struct function){ .id = f->p->functions.n + 1, .name = name, .filename = file };
	return (uint32_t)f->p->functions.n - 1;
}

static bool same_lines(const struct profile *p, const struct location *l, const struct line *lines,
		       size_t n)
{
	if (l->n_lines != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct line *old = &p->lines.v[l->first_line + i];

		if (old->function != lines[i].function || old->line != lines[i].line)
			return false;
	}
	return true;
}

static void widen(struct mapping *m, uint64_t address)
{
	if (m->limit == 0 || address < m->start)
		m->start = address;
	if (address >= m->limit)
		m->limit = address == UINT64_MAX ? address : address + 1;
}

uint32_t named_location(struct named_frames *f, uint64_t address, uint32_t mapping,
			const struct line *lines, size_t n_lines)
{
	struct profile *p = f->p;
	uint64_t h = hash_add(mapping, address);
	uint32_t *at;

	for (size_t i = 0; i < n_lines; i++)
		h = hash_add(hash_add(h, lines[i].function), (uint64_t)lines[i].line);
	for (at = hash_map_first(&f->locations, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&f->locations, at, h)) {
		const struct location *l = &p->locations.v[*at];

		if (l->address == address && l->mapping == mapping &&
		    same_lines(p, l, lines, n_lines))
			return *at;
	}
	*at = (uint32_t)p->locations.n;
	hash_map_added(&f->locations, at, h);
	*VEC_PUSH(&p->locations) = (struct location){ .id = p->locations.n + 1,
						      .address = address,
						      .mapping = mapping,
						      .first_line = (uint32_t)p->lines.n,
						      .n_lines = (uint32_t)n_lines };
	for (size_t i = 0; i < n_lines; i++)
		*VEC_PUSH(&p->lines) = lines[i];
	if (mapping != PROFILE_NONE)
		widen(&p->mappings.v[mapping], address);
	return (uint32_t)p->locations.n - 1;
}
