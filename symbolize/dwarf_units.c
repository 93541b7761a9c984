/* dwarf_units.c - the units of a file: headers, root dies.
 *
 * All headers are read at the beginning, as each says where the next one is.  Root dies are read when
 * they are needed: they say how to read the others.
 */
#include "symbolize/dwarf_reader.h"

const char *const dwarf_section_names[N_DWARF_SECTIONS] = {
	".debug_info",	      ".debug_abbrev",	".debug_line",	   ".debug_str",
	".debug_line_str",    ".debug_ranges",	".debug_rnglists", ".debug_addr",
	".debug_str_offsets", ".debug_aranges", ".debug_types",
};

/* false where the unit is of a kind that cannot be read; c is then somewhere inside it. */
static bool read_header(struct dwarf_cursor *c, struct dwarf_unit *u)
{
	u->version = (uint16_t)cursor_fixed(c, 2);
	if (u->version < 2 || u->version > 5)
		return false;
	u->type = u->image->is_types ? DW_UT_type : DW_UT_compile;
	if (u->version >= 5) {
		u->type = (uint8_t)cursor_fixed(c, 1);
		u->address_bytes = (uint8_t)cursor_fixed(c, 1);
		u->abbrevs = cursor_offset(c);
	} else {
		u->abbrevs = cursor_offset(c);
		u->address_bytes = (uint8_t)cursor_fixed(c, 1);
	}
	switch (u->type) {
	case DW_UT_compile:
	case DW_UT_partial:
		break;
	case DW_UT_skeleton:
	case DW_UT_split_compile:
		u->id = cursor_fixed(c, 8);
		break;
	case DW_UT_type:
	case DW_UT_split_type:
		u->id = cursor_fixed(c, 8);
		u->type_die = u->offset + cursor_offset(c);
		break;
	default:
		return false;
	}
	return !c->bad && (u->address_bytes == 4 || u->address_bytes == 8);
}

static void read_units(struct dwarf_image *image)
{
	struct elf_bytes info = image->sections.v[DWARF_INFO];
	struct dwarf_cursor c = cursor_over(info, image->sections.is_little);

	while (cursor_left(&c)) {
		struct dwarf_unit u = { .image = image, .offset = (uint64_t)(c.p - info.p) };
		uint64_t bytes = cursor_length(&c);
		struct dwarf_cursor inside = c;

		/* A header that cannot be read hides where the next one is: what came before still
		 * counts. */
		if (bytes > cursor_left(&c))
			return;
		inside.end = c.p + bytes;
		c.p = inside.end;
		u.end = (uint64_t)(c.p - info.p);
		u.is_dwarf64 = c.is_dwarf64;
		if (!read_header(&inside, &u))
			continue;
		u.die = (uint64_t)(inside.p - info.p);
		*VEC_PUSH(&image->units) = u;
	}
}

void dwarf_image_init(struct dwarf_image *image, struct dwarf_reader *r,
		      const struct dwarf_sections *sections)
{
	*image = (struct dwarf_image){ .reader = r, .sections = *sections };
	hash_map_init(&image->types);
	read_units(image);
}

void dwarf_image_init_types(struct dwarf_image *image, struct dwarf_reader *r,
			    const struct dwarf_sections *sections)
{
	*image = (struct dwarf_image){ .reader = r, .sections = *sections, .is_types = true };
	image->sections.v[DWARF_INFO] = sections->v[DWARF_TYPES];
	hash_map_init(&image->types);
	read_units(image);
}

void dwarf_image_release(struct dwarf_image *image)
{
	if (image->types_4)
		dwarf_image_release(image->types_4);
	VEC_RELEASE(&image->units);
	hash_map_release(&image->types);
}

struct dwarf_unit *dwarf_unit_at(struct dwarf_image *image, uint64_t die)
{
	size_t lo = 0, hi = image->units.n;
	struct dwarf_unit *u;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (image->units.v[mid].offset <= die)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0)
		return NULL;
	u = &image->units.v[lo - 1];
	return die >= u->die && die < u->end ? u : NULL;
}

struct dwarf_cursor dwarf_unit_cursor(const struct dwarf_unit *u, uint64_t from)
{
	const unsigned char *info = u->image->sections.v[DWARF_INFO].p;

	return (struct dwarf_cursor){ info + from, info + u->end, u->image->sections.is_little,
				      u->is_dwarf64, false };
}

/* ---- root dies ---- */

static bool names_are_linkage_names(uint64_t language)
{
	return language == DW_LANG_C89 || language == DW_LANG_C || language == DW_LANG_C99 ||
	       language == DW_LANG_C11 || language == 0x2c /* C17 */ ||
	       language == DW_LANG_Mips_Assembler;
}

static uint64_t number_or(const struct dwarf_die *d, enum dwarf_slot slot, uint64_t otherwise)
{
	uint64_t n;

	return dwarf_unsigned(dwarf_get(d, slot), &n) ? n : otherwise;
}

static void take_root(struct dwarf_unit *u, const struct dwarf_die *d)
{
	bool is_split = u->type == DW_UT_split_compile || u->type == DW_UT_split_type;

	/* Files of their own begin with a header where nobody says where their tables begin. */
	u->addr_base = number_or(d, SLOT_ADDR_BASE, 0);
	u->str_offsets_base = number_or(d, SLOT_STR_OFFSETS_BASE,
					!is_split	? 0
					: u->is_dwarf64 ? 16
							: 8);
	u->rnglists_base = number_or(d, SLOT_RNGLISTS_BASE,
				     !is_split	     ? 0
				     : u->is_dwarf64 ? 20
						     : 12);
	u->ranges_base = number_or(d, SLOT_RANGES_BASE, 0);
	u->is_c = names_are_linkage_names(number_or(d, SLOT_LANGUAGE, 0));
	u->lines = number_or(d, SLOT_STMT_LIST, 0);
	u->has_lines = d->has >> SLOT_STMT_LIST & 1;
	if (u->version < 5)
		u->id = number_or(d, SLOT_DWO_ID, 0);
	u->comp_dir = dwarf_string(u, dwarf_get(d, SLOT_COMP_DIR));
	u->dwo_name = dwarf_string(u, dwarf_get(d, SLOT_DWO_NAME));
	if (!dwarf_address(u, dwarf_get(d, SLOT_LOW), &u->base))
		u->base = 0;
}

/* Tables are read as far as they must: many units may share a long one. */
static const struct dwarf_abbrev *root_abbrev(struct dwarf_reader *r, struct dwarf_unit *u,
					      uint64_t code)
{
	struct dwarf_abbrevs *t = &r->root_abbrevs;
	const struct dwarf_abbrev *a =
		dwarf_abbrevs_is_of(t, u) ? dwarf_abbrevs_find(t, code) : NULL;

	if (a || r->work < 0)
		return a;
	a = dwarf_abbrevs_read(t, u, code);
	r->work -= (int64_t)t->n_pairs;
	return a;
}

static void read_root(struct dwarf_unit *u, struct dwarf_die *d)
{
	struct dwarf_reader *r = u->image->reader;
	struct dwarf_cursor c = dwarf_unit_cursor(u, u->die);
	uint64_t code = cursor_uleb(&c);
	const struct dwarf_abbrev *a = code ? root_abbrev(r, u, code) : NULL;

	d->has = 0;
	if (a)
		dwarf_read_die(&c, u, &r->root_abbrevs, a, d);
}

void dwarf_unit_root(struct dwarf_unit *u, struct dwarf_die *d)
{
	struct dwarf_die local;

	if (!d && u->has_root)
		return;
	if (!d)
		d = &local;
	pthread_mutex_lock(&u->image->reader->lock);
	read_root(u, d);
	if (!u->has_root) {
		take_root(u, d);
		u->has_root = true;
	}
	pthread_mutex_unlock(&u->image->reader->lock);
}

void dwarf_unit_root_of(struct dwarf_worker *w, struct dwarf_unit *u)
{
	struct dwarf_abbrevs *t = u->has_root ? NULL : dwarf_abbrevs_get(w, u);
	struct dwarf_cursor c = dwarf_unit_cursor(u, u->die);
	uint64_t code = cursor_uleb(&c);
	const struct dwarf_abbrev *a = t && code ? dwarf_abbrevs_find(t, code) : NULL;
	struct dwarf_die d = { .has = 0 };

	if (!t)
		return;
	if (a)
		dwarf_read_die(&c, u, t, a, &d);
	pthread_mutex_lock(&u->image->reader->lock);
	if (!u->has_root) {
		take_root(u, &d);
		u->has_root = true;
	}
	pthread_mutex_unlock(&u->image->reader->lock);
}

bool dwarf_die_at(struct dwarf_worker *w, struct dwarf_unit *u, uint64_t offset,
		  struct dwarf_die *d)
{
	struct dwarf_abbrevs *t = dwarf_abbrevs_get(w, u);
	struct dwarf_cursor c = dwarf_unit_cursor(u, offset);
	uint64_t code = cursor_uleb(&c);
	const struct dwarf_abbrev *a = t && code ? dwarf_abbrevs_find(t, code) : NULL;

	d->offset = offset;
	d->has = 0;
	if (!a)
		return false;
	dwarf_unit_root(u, NULL);
	dwarf_read_die(&c, u, t, a, d);
	return true;
}
