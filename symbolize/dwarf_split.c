/* dwarf_split.c - units whose dies are in another file.
 *
 * With -gsplit-dwarf the linked file keeps a skeleton of each unit: its ranges, its line table, the
 * addresses that the dies refer to by number, and the name and the id of the .dwo file with the dies.
 * Packers gather many .dwo files in one .dwp beside the program, with an index by id:
 *
 *	version | n columns | n units | n slots
 *	id[n slots], row[n slots]           a hash table; rows count from 1
 *	kind[n columns]                     of sections
 *	offset[n units][n columns], bytes[n units][n columns]
 *
 * A unit in a .dwp is read as if its pieces of the sections were a file of their own.
 */
#include "symbolize/dwarf_reader.h"

#include <limits.h>
#include <stdio.h>

struct split_file {
	struct elf_file *elf;
	struct dwarf_image image;
	struct split_file *next;
};

struct dwarf_split {
	pthread_mutex_t lock;
	struct split_file *files; /* whatever has units */
	bool has_pack;		  /* it was looked for */
	struct elf_file *pack;	  /* the .dwp; NULL = none */
	struct dwarf_sections sections;
	struct elf_bytes index, type_index;
	VEC(struct dwarf_unit *) types; /* that were asked for */
	struct hash_map type_numbers;	/* by signature */
};

/* In the order of enum dwarf_section_id; what has no such section has a name that none has. */
static const char *const split_names[N_DWARF_SECTIONS] = {
	".debug_info.dwo",
	".debug_abbrev.dwo",
	".debug_line.dwo",
	".debug_str.dwo",
	"-",
	"-",
	".debug_rnglists.dwo",
	"-",
	".debug_str_offsets.dwo",
	"-",
	".debug_types.dwo",
};

void dwarf_split_open(struct dwarf_reader *r)
{
	r->split = ARENA_NEW(r->arena, struct dwarf_split);
	hash_map_init(&r->split->type_numbers);
	pthread_mutex_init(&r->split->lock, NULL);
}

void dwarf_split_close(struct dwarf_reader *r)
{
	for (struct split_file *f = r->split->files; f; f = f->next) {
		elf_file_close(f->elf);
		dwarf_image_release(&f->image);
	}
	elf_file_close(r->split->pack);
	VEC_RELEASE(&r->split->types);
	hash_map_release(&r->split->type_numbers);
	pthread_mutex_destroy(&r->split->lock);
}

static int read_sections(struct elf_file *elf, struct dwarf_sections *out)
{
	out->is_little = elf->is_little;
	out->is_64 = elf->is_64;
	return elf_file_sections(elf, split_names, N_DWARF_SECTIONS, out->v, NULL);
}

static struct dwarf_image *add_image(struct dwarf_reader *r, struct elf_file *elf,
				     const struct dwarf_sections *sections, bool is_types)
{
	struct split_file *f = ARENA_NEW(r->arena, struct split_file);

	f->elf = elf;
	if (is_types)
		dwarf_image_init_types(&f->image, r, sections);
	else
		dwarf_image_init(&f->image, r, sections);
	for (int i = 0; i < N_DWARF_SECTIONS; i++)
		r->work += (int64_t)sections->v[i].n * DWARF_WORK_PER_BYTE;
	f->next = r->split->files;
	r->split->files = f;
	return &f->image;
}

static struct dwarf_unit *unit_of(struct dwarf_image *image, struct dwarf_unit *skeleton)
{
	for (size_t i = 0; i < image->units.n; i++) {
		struct dwarf_unit *u = &image->units.v[i];

		if (u->type != DW_UT_split_compile && u->type != DW_UT_compile)
			continue;
		u->skeleton = skeleton;
		dwarf_unit_root(u, NULL);
		if (u->id == skeleton->id)
			return u;
	}
	return NULL;
}

/* ---- .dwp ---- */

static void open_pack(struct dwarf_reader *r)
{
	struct dwarf_split *s = r->split;
	const char *name = r->source->binary->path, *given = r->source->dwp;
	struct err why = { "" };
	char path[PATH_MAX];

	s->has_pack = true;
	if (snprintf(path, sizeof(path), "%s%s", given ? given : name, given ? "" : ".dwp") >=
		    (int)sizeof(path) ||
	    elf_file_open_debug(&s->pack, path, &why)) {
		s->pack = NULL;
		if (given)
			r->problem = why;
		return;
	}
	if (read_sections(s->pack, &s->sections) ||
	    elf_file_section(s->pack, ".debug_cu_index", &s->index, NULL))
		s->index.n = 0;
	if (!s->index.n || elf_file_section(s->pack, ".debug_tu_index", &s->type_index, NULL))
		s->type_index.n = 0;
}

static bool section_of_kind(uint64_t kind, uint64_t version, enum dwarf_section_id *id)
{
	switch (kind) {
	case 1:
		*id = DWARF_INFO;
		return true;
	case 2:
		*id = DWARF_TYPES;
		return version < 5;
	case 3:
		*id = DWARF_ABBREV;
		return true;
	case 4:
		*id = DWARF_LINE;
		return true;
	case 6:
		*id = DWARF_STR_OFFSETS;
		return true;
	case 8:
		*id = DWARF_RNGLISTS;
		return version >= 5;
	default:
		return false;
	}
}

struct pack_index {
	uint64_t version, n_columns, n_units, n_slots;
	const unsigned char *ids, *rows, *kinds, *offsets, *sizes;
};

static bool read_index(const struct dwarf_split *s, struct elf_bytes index, struct pack_index *x)
{
	struct dwarf_cursor c = cursor_over(index, s->sections.is_little);

	/* Two bytes from version 5, four before; the other two are zero then. */
	x->version = cursor_fixed(&c, 2);
	cursor_fixed(&c, 2);
	x->n_columns = cursor_fixed(&c, 4);
	x->n_units = cursor_fixed(&c, 4);
	x->n_slots = cursor_fixed(&c, 4);
	if (x->n_columns > 16)
		return false;
	x->ids = cursor_skip(&c, 8 * x->n_slots);
	x->rows = cursor_skip(&c, 4 * x->n_slots);
	x->kinds = cursor_skip(&c, 4 * x->n_columns);
	x->offsets = cursor_skip(&c, 4 * x->n_columns * x->n_units);
	x->sizes = cursor_skip(&c, 4 * x->n_columns * x->n_units);
	return !c.bad;
}

static uint64_t find_row(const struct dwarf_split *s, const struct pack_index *x, uint64_t id)
{
	bool is_little = s->sections.is_little;

	for (uint64_t i = 0; i < x->n_slots; i++) {
		uint64_t row = bytes_number(x->rows + 4 * i, 4, is_little);

		if (row && row <= x->n_units && bytes_number(x->ids + 8 * i, 8, is_little) == id)
			return row;
	}
	return 0;
}

/* The sections of the .dwp, cut to one unit's pieces. */
static bool cut_sections(const struct dwarf_split *s, const struct pack_index *x, uint64_t row,
			 struct dwarf_sections *out)
{
	bool is_little = s->sections.is_little;

	*out = s->sections;
	for (uint64_t i = 0; i < x->n_columns; i++) {
		uint64_t at = 4 * ((row - 1) * x->n_columns + i);
		uint64_t offset = bytes_number(x->offsets + at, 4, is_little);
		uint64_t bytes = bytes_number(x->sizes + at, 4, is_little);
		enum dwarf_section_id id;

		if (!section_of_kind(bytes_number(x->kinds + 4 * i, 4, is_little), x->version, &id))
			continue;
		if (offset > out->v[id].n || bytes > out->v[id].n - offset)
			return false;
		out->v[id] = (struct elf_bytes){ out->v[id].p + offset, bytes };
	}
	return true;
}

/* A unit's sections, by one of the two indexes. */
static bool find_sections(struct dwarf_reader *r, const struct elf_bytes *index, uint64_t id,
			  struct dwarf_sections *out, uint64_t *version)
{
	struct dwarf_split *s = r->split;
	struct pack_index x;
	uint64_t row;

	if (!s->has_pack)
		open_pack(r);
	if (!index->n || !read_index(s, *index, &x))
		return false;
	*version = x.version;
	row = find_row(s, &x, id);
	return row && cut_sections(s, &x, row, out);
}

static struct dwarf_unit *find_in_pack(struct dwarf_reader *r, struct dwarf_unit *skeleton)
{
	struct dwarf_sections sections;
	uint64_t version;

	if (!find_sections(r, &r->split->index, skeleton->id, &sections, &version))
		return NULL;
	return unit_of(add_image(r, NULL, &sections, false), skeleton);
}

static struct dwarf_unit *find_type_in_pack(struct dwarf_reader *r, uint64_t signature)
{
	struct dwarf_sections sections;
	struct dwarf_image *image;
	uint64_t version;

	if (!find_sections(r, &r->split->type_index, signature, &sections, &version))
		return NULL;
	image = add_image(r, NULL, &sections, version < 5);
	for (size_t i = 0; i < image->units.n; i++)
		if (image->units.v[i].id == signature)
			return &image->units.v[i];
	return NULL;
}

struct dwarf_unit *dwarf_split_find_type(struct dwarf_reader *r, uint64_t signature)
{
	struct dwarf_split *s = r->split;
	uint64_t h = hash_mix(signature);
	struct dwarf_unit *u = NULL;
	uint32_t *at;

	pthread_mutex_lock(&s->lock);
	at = hash_map_first(&s->type_numbers, h); /* of 64 bits: there are no two of one hash */
	if (s->pack && *at == HASH_MAP_NONE) {
		*at = (uint32_t)s->types.n;
		hash_map_added(&s->type_numbers, at, h);
		*VEC_PUSH(&s->types) = find_type_in_pack(r, signature);
		u = s->types.v[s->types.n - 1];
	} else if (*at != HASH_MAP_NONE) {
		u = s->types.v[*at];
	}
	pthread_mutex_unlock(&s->lock);
	return u;
}

/* ---- .dwo ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Where the compiler put it, else beside the program. */
static bool dwo_path(const struct dwarf_unit *u, int which, char *path, size_t bytes)
{
	const char *binary = u->image->reader->source->binary->path;
	int folder = (int)(base_name(binary) - binary), n = -1;

	switch (which) {
	case 0:
		if (u->dwo_name[0] == '/' || !u->comp_dir)
			n = snprintf(path, bytes, "%s", u->dwo_name);
		else
			n = snprintf(path, bytes, "%s/%s", u->comp_dir, u->dwo_name);
		break;
	case 1:
		n = snprintf(path, bytes, "%.*s%s", folder, binary, u->dwo_name);
		break;
	case 2:
		n = snprintf(path, bytes, "%.*s%s", folder, binary, base_name(u->dwo_name));
		break;
	}
	return n > 0 && (size_t)n < bytes;
}

static struct dwarf_unit *find_dwo(struct dwarf_reader *r, struct dwarf_unit *skeleton)
{
	for (int which = 0; which < 3; which++) {
		struct dwarf_sections sections;
		struct dwarf_unit *u;
		struct elf_file *elf;
		char path[PATH_MAX];

		if (!dwo_path(skeleton, which, path, sizeof(path)) ||
		    elf_file_open_debug(&elf, path, NULL))
			continue;
		if (read_sections(elf, &sections)) {
			elf_file_close(elf);
			continue;
		}
		u = unit_of(add_image(r, elf, &sections, false), skeleton);
		if (u)
			return u;
	}
	return NULL;
}

static void complain(struct dwarf_reader *r, const struct dwarf_unit *skeleton)
{
	if (!r->problem.text[0])
		err_set(&r->problem, 0, "split debug information '%s' was not found",
			skeleton->dwo_name);
}

struct dwarf_unit *dwarf_split_find(struct dwarf_unit *skeleton)
{
	struct dwarf_reader *r = skeleton->image->reader;

	pthread_mutex_lock(&r->split->lock);
	if (!skeleton->has_split) {
		skeleton->has_split = true;
		skeleton->split = find_in_pack(r, skeleton);
		if (!skeleton->split)
			skeleton->split = find_dwo(r, skeleton);
		if (!skeleton->split)
			complain(r, skeleton);
	}
	pthread_mutex_unlock(&r->split->lock);
	return skeleton->split;
}
