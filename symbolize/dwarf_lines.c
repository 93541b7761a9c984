/* dwarf_lines.c - the line table of one unit: source line of each address asked, and the names of
 * its files.
 *
 * A row holds from its address up to that of the next row of the same sequence; the last of several
 * rows with one address counts.  Sequences that do not begin in code belong to functions that the
 * linker threw away.
 *
 * File names: DWARF 5 numbers files and folders from 0, where folder 0 is the compilation's own;
 * before that from 1, with 0 for it.  A relative folder is joined to the compilation's folder
 * unless that is relative too: builds that map their paths to "." have mapped both.
 */
#include "symbolize/dwarf_reader.h"

#define MAX_FILES (1 << 22)

static void take_row(struct dwarf_reader *r, struct dwarf_job *job, Dwarf_Line line, uint64_t start,
		     uint64_t end)
{
	for (uint32_t i = dwarf_job_slot(job, start); i < job->n && job->addresses[i] < end; i++) {
		Dwarf_Unsigned number = 0, file = 0, column = 0;
		Dwarf_Error e = NULL;

		if (job->rows[i].known)
			continue;
		if (dwarf_lineno(line, &number, &e) != DW_DLV_OK ||
		    dwarf_line_srcfileno(line, &file, &e) != DW_DLV_OK ||
		    dwarf_lineoff_b(line, &column, &e) != DW_DLV_OK)
			dwarf_forget(r, e);
		job->rows[i] = (struct dwarf_row){ true, file, (int64_t)(number & INT64_MAX),
						   (int64_t)(column & INT64_MAX) };
	}
}

static void read_rows(struct dwarf_reader *r, struct dwarf_job *job, Dwarf_Line *rows,
		      Dwarf_Signed n)
{
	bool in_sequence = false, is_code = false;
	Dwarf_Addr start = 0;

	for (Dwarf_Signed i = 0; i < n; i++) {
		Dwarf_Bool ends = 0;
		Dwarf_Error e = NULL;
		Dwarf_Addr address;

		if (dwarf_lineaddr(rows[i], &address, &e) != DW_DLV_OK ||
		    dwarf_lineendsequence(rows[i], &ends, &e) != DW_DLV_OK) {
			dwarf_forget(r, e);
			return;
		}
		if (!in_sequence)
			is_code = elf_file_is_code(r->in->binary, address);
		else if (is_code && start < address)
			take_row(r, job, rows[i - 1], start, address);
		in_sequence = !ends;
		start = address;
	}
}

static void read_header(struct dwarf_reader *r, struct dwarf_job *job, struct dwarf_lines *l,
			Dwarf_Unsigned version)
{
	Dwarf_Signed first = 0, count = 0, end = 0;
	Dwarf_Error e = NULL;

	l->version = (uint16_t)version;
	l->comp_dir = dwarf_attr_string(r, job->root, DW_AT_comp_dir);
	if (dwarf_srclines_files_indexes(l->context, &first, &count, &end, &e) != DW_DLV_OK) {
		dwarf_forget(r, e);
		return;
	}
	if (first < 0 || end < first || end > MAX_FILES)
		return;
	l->first_file = first;
	l->end_file = end;
	l->names = ARENA_ARRAY(l->arena, const char *, end);
}

void dwarf_lines_open(struct dwarf_reader *r, struct dwarf_job *job, struct dwarf_lines *l)
{
	Dwarf_Unsigned version = 0;
	Dwarf_Small n_tables = 0;
	Dwarf_Line *rows = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Error e = NULL;

	*l = (struct dwarf_lines){ .arena = arena_new(ARENA_DIE) };
	if (dwarf_srclines_b(job->root, &version, &n_tables, &l->context, &e) != DW_DLV_OK) {
		dwarf_forget(r, e);
		l->context = NULL;
		return;
	}
	read_header(r, job, l, version);
	if (dwarf_srclines_from_linecontext(l->context, &rows, &n, &e) == DW_DLV_OK)
		read_rows(r, job, rows, n);
	else
		dwarf_forget(r, e);
}

void dwarf_lines_close(struct dwarf_lines *l)
{
	if (l->context)
		dwarf_srclines_dealloc_b(l->context);
	arena_free(l->arena);
}

/* A folder of the table; NULL = that of the compilation. */
static const char *folder(struct dwarf_reader *r, struct dwarf_lines *l, Dwarf_Unsigned number)
{
	const char *name = NULL;
	Dwarf_Error e = NULL;

	if (number > MAX_FILES || (number == 0 && l->version < 5))
		return NULL;
	if (dwarf_srclines_include_dir_data(l->context, (Dwarf_Signed)number, &name, &e) !=
	    DW_DLV_OK) {
		dwarf_forget(r, e);
		return NULL;
	}
	return name && name[0] ? name : NULL;
}

static const char *join(struct dwarf_lines *l, const char *dir, const char *name, bool is_own_dir)
{
	const char *comp = l->comp_dir;

	if (name[0] == '/')
		return arena_strdup(l->arena, name);
	if (!dir)
		return comp ? arena_printf(l->arena, "%s/%s", comp, name)
			    : arena_strdup(l->arena, name);
	if (dir[0] == '/' || !comp || comp[0] != '/' || is_own_dir)
		return arena_printf(l->arena, "%s/%s", dir, name);
	return arena_printf(l->arena, "%s/%s/%s", comp, dir, name);
}

const char *dwarf_lines_file(struct dwarf_reader *r, struct dwarf_lines *l, uint64_t file)
{
	Dwarf_Unsigned dir = 0, mtime, bytes;
	Dwarf_Form_Data16 *md5 = NULL;
	const char *name = NULL;
	Dwarf_Error e = NULL;

	if (!l->names || file < (uint64_t)l->first_file || file >= (uint64_t)l->end_file)
		return NULL;
	if (l->names[file])
		return l->names[file];
	if (dwarf_srclines_files_data_b(l->context, (Dwarf_Signed)file, &name, &dir, &mtime, &bytes,
					&md5, &e) != DW_DLV_OK) {
		dwarf_forget(r, e);
		return NULL;
	}
	if (!name || !name[0])
		return NULL;
	l->names[file] = join(l, folder(r, l, dir), name, l->version >= 5 && dir == 0);
	return l->names[file];
}
