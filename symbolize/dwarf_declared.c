/* dwarf_declared.c - the files that functions were declared in, for those who want to know.
 *
 * Dies name files by their numbers in the line table of their own unit.  That of the unit at hand was
 * read before; functions that were inlined from other units (link-time optimization, dwz) take one more
 * each, of which only the header is read.
 */
#include "symbolize/dwarf_reader.h"

static struct dwarf_lines *lines_of(struct dwarf_worker *w, struct dwarf_unit *u)
{
	struct dwarf_slots none = { 0 };

	if (u == w->unit)
		return &w->lines;
	if (u->skeleton)
		u = u->skeleton;
	if (u == w->other_unit)
		return &w->other_lines;
	dwarf_declared_forget(w);
	dwarf_unit_root(u, NULL);
	w->other_unit = u;
	w->other_lines = (struct dwarf_lines){
		.binary = w->reader->source->binary,
		.sections = &u->image->sections,
		.arena = w->scratch,
		.comp_dir = u->comp_dir,
		.strings_at = u->str_offsets_base,
		.is_relative = w->reader->source->relative_names,
	};
	if (u->has_lines)
		dwarf_spend(w, (int64_t)dwarf_lines_read(&w->other_lines, &none, u->lines));
	return &w->other_lines;
}

const char *dwarf_declared_file(struct dwarf_worker *w, struct dwarf_unit *u,
				const struct dwarf_die *d)
{
	const char *path = NULL;
	uint64_t number;

	if (dwarf_unsigned(dwarf_get(d, SLOT_DECL_FILE), &number))
		path = dwarf_lines_file(lines_of(w, u), number);
	return path ? strtab_get(w->paths, strtab_add_str(w->paths, path)) : NULL;
}

void dwarf_declared_forget(struct dwarf_worker *w)
{
	if (w->other_unit)
		dwarf_lines_release(&w->other_lines);
	w->other_unit = NULL;
}
