/* dwarf_lines.c - the line table of one unit: its header, and the names of its files.  Its program is
 * run by dwarf_line_program.c.
 *
 * libdwarf has no hand in this, because the release in distributions (20210528) lets the programs
 * of DWARF 5 begin with file 0 instead of 1, which names the wrong file wherever the two differ
 * (link-time optimization, headers in clang's output).
 *
 * File names: DWARF 5 numbers files and folders from 0, where folder 0 is the compilation's own;
 * before that from 1, with 0 for it.  A relative folder is joined to the compilation's folder
 * unless that is relative too: builds that map their paths to "." have mapped both.
 */
#include "symbolize/dwarf_line_program.h"

#include <libdwarf/dwarf.h>
#include <limits.h>

uint32_t dwarf_first_slot(const struct dwarf_slots *slots, uint64_t address)
{
	size_t lo = 0, hi = slots->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (slots->addresses[mid] < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (uint32_t)lo;
}

/* ---- header ---- */

static const char *section_string(const struct dwarf_lines *l, enum dwarf_section_id section,
				  uint64_t offset)
{
	return bytes_string(l->sections->v[section], offset, PATH_MAX);
}

static const char *indexed_string(const struct dwarf_lines *l, uint64_t number, bool is_dwarf64)
{
	struct elf_bytes b = l->sections->v[DWARF_STR_OFFSETS];
	unsigned size = is_dwarf64 ? 8 : 4;

	if (l->strings_at > b.n || number >= (b.n - l->strings_at) / size)
		return NULL;
	return section_string(
		l, DWARF_STR,
		bytes_number(b.p + l->strings_at + number * size, size, l->sections->is_little));
}

/* One field of a DWARF 5 entry; false where the form is none that may stand here. */
static bool read_form(const struct dwarf_lines *l, struct dwarf_cursor *c, uint64_t form,
		      const char **string, uint64_t *number)
{
	*string = NULL;
	*number = 0;
	switch (form) {
	case DW_FORM_string:
		*string = cursor_string(c);
		return true;
	case DW_FORM_line_strp:
		*string = section_string(l, DWARF_LINE_STR, cursor_offset(c));
		return true;
	case DW_FORM_strp:
		*string = section_string(l, DWARF_STR, cursor_offset(c));
		return true;
	case DW_FORM_strx:
		*string = indexed_string(l, cursor_uleb(c), c->is_dwarf64);
		return true;
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		*string = indexed_string(l, cursor_fixed(c, (unsigned)(form - DW_FORM_strx1 + 1)),
					 c->is_dwarf64);
		return true;
	case DW_FORM_udata:
		*number = cursor_uleb(c);
		return true;
	case DW_FORM_data1:
		*number = cursor_fixed(c, 1);
		return true;
	case DW_FORM_data2:
		*number = cursor_fixed(c, 2);
		return true;
	case DW_FORM_data4:
		*number = cursor_fixed(c, 4);
		return true;
	case DW_FORM_data8:
		*number = cursor_fixed(c, 8);
		return true;
	case DW_FORM_data16:
		cursor_skip(c, 16);
		return true;
	case DW_FORM_block:
		cursor_skip(c, cursor_uleb(c));
		return true;
	default:
		return false;
	}
}

void dwarf_files_add(struct dwarf_files *files, const char *name, uint64_t folder)
{
	*VEC_PUSH(files) = (struct dwarf_line_file){ .name = name, .folder = folder };
}

/* A table says itself which fields its entries have. */
static void read_entries(const struct dwarf_lines *l, struct dwarf_cursor *c,
			 struct dwarf_files *out)
{
	uint64_t n_fields = cursor_fixed(c, 1), n;
	struct dwarf_cursor fields = *c;

	for (uint64_t i = 0; i < n_fields; i++) {
		cursor_uleb(c);
		cursor_uleb(c);
	}
	n = cursor_uleb(c);
	if (n && n_fields == 0)
		cursor_fail(c);
	for (uint64_t i = 0; i < n && !c->bad; i++) {
		struct dwarf_cursor field = fields;
		const char *name = NULL;
		uint64_t folder = 0;

		for (uint64_t k = 0; k < n_fields; k++) {
			uint64_t kind = cursor_uleb(&field), number;
			const char *string;

			if (!read_form(l, c, cursor_uleb(&field), &string, &number))
				cursor_fail(c);
			if (kind == DW_LNCT_path)
				name = string;
			else if (kind == DW_LNCT_directory_index)
				folder = number;
		}
		if (!c->bad)
			dwarf_files_add(out, name, folder);
	}
}

/* DWARF 2 to 4: names up to an empty one; number 0 stands for the compilation's own. */
static void read_old_entries(struct dwarf_cursor *c, struct dwarf_lines *l)
{
	const char *name;

	dwarf_files_add(&l->folders, NULL, 0);
	while ((name = cursor_string(c)) && name[0])
		dwarf_files_add(&l->folders, name, 0);
	dwarf_files_add(&l->files, NULL, 0);
	while ((name = cursor_string(c)) && name[0]) {
		uint64_t folder = cursor_uleb(c);

		cursor_uleb(c); /* time */
		cursor_uleb(c); /* bytes */
		dwarf_files_add(&l->files, name, folder);
	}
}

/* On success c is left at the program, ending where it ends. */
static bool read_header(struct dwarf_lines *l, struct dwarf_cursor *c, struct dwarf_line_header *h)
{
	uint64_t bytes = cursor_length(c), header_bytes;
	const unsigned char *program;

	if (bytes > cursor_left(c))
		return false;
	c->end = c->p + bytes;
	h->version = (uint16_t)cursor_fixed(c, 2);
	if (h->version < 2 || h->version > 5)
		return false;
	if (h->version >= 5)
		cursor_skip(c, 2); /* bytes of addresses and segments */
	header_bytes = cursor_offset(c);
	if (header_bytes > cursor_left(c))
		return false;
	program = c->p + header_bytes;
	h->min_instruction = (uint8_t)cursor_fixed(c, 1);
	h->max_operations = h->version >= 4 ? (uint8_t)cursor_fixed(c, 1) : 1;
	cursor_fixed(c, 1); /* default_is_stmt */
	h->line_base = (int8_t)cursor_fixed(c, 1);
	h->line_range = (uint8_t)cursor_fixed(c, 1);
	h->opcode_base = (uint8_t)cursor_fixed(c, 1);
	if (h->line_range == 0 || h->max_operations == 0 || h->opcode_base == 0)
		return false;
	h->operand_counts = cursor_skip(c, h->opcode_base - 1u);
	l->version = h->version;
	if (h->version >= 5) {
		read_entries(l, c, &l->folders);
		read_entries(l, c, &l->files);
	} else {
		read_old_entries(c, l);
	}
	if (c->bad)
		return false;
	c->p = program;
	return true;
}

uint64_t dwarf_lines_read(struct dwarf_lines *l, struct dwarf_slots *slots, uint64_t offset)
{
	struct elf_bytes section = l->sections->v[DWARF_LINE];
	struct dwarf_cursor c = { .is_little = l->sections->is_little };
	struct dwarf_line_header h;

	if (offset >= section.n)
		return 0;
	c.p = section.p + offset;
	c.end = section.p + section.n;
	if (read_header(l, &c, &h))
		dwarf_line_program_run(l, slots, &h, &c);
	return (uint64_t)(c.p - section.p) - offset;
}

void dwarf_lines_release(struct dwarf_lines *l)
{
	VEC_RELEASE(&l->files);
	VEC_RELEASE(&l->folders);
}

/* ---- names ---- */

/* What stands between a folder and what is in it. */
static const char *slash_after(const char *folder)
{
	size_t n = strlen(folder);

	return n && folder[n - 1] == '/' ? "" : "/";
}

/* Builds that want to be repeatable write '.' for the folder they run in: where the compiler's own has
 * lost its beginning so, a folder that begins like that is whole too. */
static bool is_whole(const char *folder, const char *comp)
{
	return folder[0] == '/' ||
	       (comp[0] != '/' && folder[0] == '.' && (!folder[1] || folder[1] == '/'));
}

static const char *join(struct dwarf_lines *l, const char *folder, const char *name,
			bool is_own_folder)
{
	const char *comp = l->comp_dir;

	if (l->is_relative && (!folder || is_own_folder))
		folder = comp = NULL;
	if (name[0] == '/' || (!folder && !comp))
		return arena_strdup(l->arena, name);
	if (!folder)
		folder = comp;
	else if (comp && !is_own_folder && !l->is_relative && !is_whole(folder, comp))
		return arena_printf(l->arena, "%s%s%s%s%s", comp, slash_after(comp), folder,
				    slash_after(folder), name);
	return arena_printf(l->arena, "%s%s%s", folder, slash_after(folder), name);
}

/* No compiler could have opened it. */
static bool is_too_long(const char *part)
{
	return part && strnlen(part, PATH_MAX) == PATH_MAX;
}

const char *dwarf_lines_file(struct dwarf_lines *l, uint64_t number)
{
	struct dwarf_line_file *file;
	const char *folder = NULL;

	if (number >= l->files.n)
		return NULL;
	file = &l->files.v[number];
	if (file->path || !file->name || !file->name[0])
		return file->path;
	if (file->folder < l->folders.n)
		folder = l->folders.v[file->folder].name;
	if (folder && !folder[0])
		folder = NULL;
	if (is_too_long(file->name) || is_too_long(folder) || is_too_long(l->comp_dir))
		return NULL;
	file->path = join(l, folder, file->name, l->version >= 5 && file->folder == 0);
	return file->path;
}
