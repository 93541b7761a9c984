/* dwarf_types.c - units that hold one type, which others refer to by a signature.
 *
 * -fdebug-types-section puts each class into such a unit, so that the linker keeps one of many.  What
 * stays with the functions is a declaration, which need not even have a name.  In DWARF 4 the units
 * have a section of their own, .debug_types; from 5 on they are among the others; in a .dwp they have
 * an index of their own.
 */
#include "symbolize/dwarf_reader.h"

static struct dwarf_unit *get_type(struct dwarf_image *image, uint64_t signature)
{
	uint64_t h = hash_mix(signature);

	for (uint32_t *at = hash_map_first(&image->types, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&image->types, at, h))
		if (image->units.v[*at].id == signature)
			return &image->units.v[*at];
	return NULL;
}

static void add_type(struct dwarf_image *image, size_t unit)
{
	uint64_t id = image->units.v[unit].id, h = hash_mix(id);
	uint32_t *at = hash_map_first(&image->types, h);

	while (*at != HASH_MAP_NONE && image->units.v[*at].id != id)
		at = hash_map_next(&image->types, at, h);
	if (*at != HASH_MAP_NONE)
		return;
	*at = (uint32_t)unit;
	hash_map_added(&image->types, at, h);
}

/* They are numbered when the first is asked for. */
static void number_types(struct dwarf_image *image)
{
	image->has_types = true;
	for (size_t i = 0; i < image->units.n; i++)
		if (image->units.v[i].type == DW_UT_type ||
		    image->units.v[i].type == DW_UT_split_type)
			add_type(image, i);
	if (image->is_types || !image->sections.v[DWARF_TYPES].n)
		return;
	image->types_4 = ARENA_NEW(image->reader->arena, struct dwarf_image);
	dwarf_image_init_types(image->types_4, image->reader, &image->sections);
	number_types(image->types_4);
}

struct dwarf_unit *dwarf_type_find(struct dwarf_image *image, uint64_t signature)
{
	struct dwarf_unit *u;

	pthread_mutex_lock(&image->reader->lock);
	if (!image->has_types)
		number_types(image);
	u = get_type(image, signature);
	if (!u && image->types_4)
		u = get_type(image->types_4, signature);
	pthread_mutex_unlock(&image->reader->lock);
	return u ? u : dwarf_split_find_type(image->reader, signature);
}
