/* by_binary.c - find the names that several binaries have, and add the binary to each.
 *
 * A function of the profile may serve locations of several binaries (a merge unites functions, not
 * locations), so each pair of function and binary becomes a function of its own.
 */
#include "analyze/by_binary.h"
#include "analyze/paths.h"
#include "base/hash.h"

#define SEVERAL UINT32_MAX /* instead of the number of a string */

struct by_binary {
	struct profile *p;
	str_id *binary_of; /* by string, which is a function's name: its binary, SEVERAL */
	size_t n_strings;
	struct hash_map copies; /* (function, binary) to a new function */
	struct arena *arena;
	str_id *file_of_base; /* by string, which is a base name: the file, SEVERAL */
};

static str_id binary_of_location(const struct profile *p, const struct location *l)
{
	return l->mapping == PROFILE_NONE ? 0 : p->mappings.v[l->mapping].file;
}

static void add_user(str_id *slot, str_id user)
{
	if (!*slot)
		*slot = user;
	else if (*slot != user)
		*slot = SEVERAL;
}

static void find_ambiguous(struct by_binary *b)
{
	const struct profile *p = b->p;

	for (size_t i = 0; i < p->locations.n; i++) {
		const struct location *l = &p->locations.v[i];
		str_id binary = binary_of_location(p, l);

		for (uint32_t k = 0; k < l->n_lines && binary; k++) {
			uint32_t f = p->lines.v[l->first_line + k].function;

			if (f != PROFILE_NONE)
				add_user(&b->binary_of[p->functions.v[f].name], binary);
		}
	}
}

/* The last element of a path, unless another file has that, too. */
static const char *short_binary(struct by_binary *b, str_id file)
{
	const char *path = profile_str(b->p, file), *base = path_base(b->arena, path);
	str_id id = profile_intern(b->p, base);

	return id < b->n_strings && b->file_of_base[id] == SEVERAL ? path : base;
}

static uint32_t copy_function(struct by_binary *b, uint32_t f, str_id binary)
{
	uint64_t h = hash_mix((uint64_t)f << 32 | binary); /* reversible */
	uint32_t *at = hash_map_first(&b->copies, h);
	struct function copy = b->p->functions.v[f];

	if (*at != HASH_MAP_NONE)
		return *at;
	*at = (uint32_t)b->p->functions.n;
	hash_map_added(&b->copies, at, h);
	copy.id = b->p->functions.n + 1;
	copy.name =
		profile_intern(b->p, arena_printf(b->arena, "%s [%s]", profile_str(b->p, copy.name),
						  short_binary(b, binary)));
	*VEC_PUSH(&b->p->functions) = copy;
	return (uint32_t)b->p->functions.n - 1;
}

static void rename_lines(struct by_binary *b)
{
	struct profile *p = b->p;

	for (size_t i = 0; i < p->locations.n; i++) {
		const struct location *l = &p->locations.v[i];
		str_id binary = binary_of_location(p, l);

		for (uint32_t k = 0; k < l->n_lines && binary; k++) {
			struct line *line = &p->lines.v[l->first_line + k];
			str_id name;

			if (line->function == PROFILE_NONE)
				continue;
			name = p->functions.v[line->function].name;
			if (name && name < b->n_strings && b->binary_of[name] == SEVERAL)
				line->function = copy_function(b, line->function, binary);
		}
	}
}

void name_by_binary(struct profile *p)
{
	struct by_binary b = { .p = p, .arena = arena_new(ARENA_DIE) };
	VEC(str_id) bases = VEC_INIT;

	for (size_t i = 0; i < p->mappings.n; i++)
		*VEC_PUSH(&bases) = profile_intern(
			p, path_base(b.arena, profile_str(p, p->mappings.v[i].file)));
	b.n_strings = strtab_count(p->strings);
	b.binary_of = ARENA_ARRAY(b.arena, str_id, b.n_strings);
	b.file_of_base = ARENA_ARRAY(b.arena, str_id, b.n_strings);
	for (size_t i = 0; i < p->mappings.n; i++)
		if (p->mappings.v[i].file)
			add_user(&b.file_of_base[bases.v[i]], p->mappings.v[i].file);
	find_ambiguous(&b);
	rename_lines(&b);
	VEC_RELEASE(&bases);
	hash_map_release(&b.copies);
	arena_free(b.arena);
}
