/* dwarf_unit_work.c - one unit: which lines and functions its addresses have.
 *
 * The line table gives the innermost line, the dies the chain of functions; each call site belongs to
 * the frame that calls.
 *
 * What a unit may cost is bounded by its size, and all units together by the size of the file, so that a
 * damaged file costs no more time than a sound one of its size; past that a unit keeps the answers that
 * it has.
 */
#include "symbolize/dwarf_reader.h"

#include <stdlib.h>

#define UNIT_WORK (16 << 20) /* steps, beside those that its bytes earn */

static int by_slot(const void *a, const void *b)
{
	const struct dwarf_link *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->depth > y->depth) - (x->depth < y->depth);
}

/* Links outermost first become frames innermost first. */
static void make_frames(struct dwarf_worker *w, struct dwarf_lines *lines,
			const struct dwarf_row *row, const struct dwarf_link *links, uint32_t n,
			struct dwarf_answer *out)
{
	const char *file = row->known ? dwarf_lines_file(lines, row->file) : NULL;
	int64_t line = row->line, column = row->column;

	out->n = n ? n : 1;
	out->has_line = row->known;
	out->has_function = n > 0;
	out->frames = ARENA_ARRAY(w->arena, struct dwarf_frame, out->n);
	if (n == 0)
		out->frames[0].frame =
			(struct frame){ .file = file, .line = line, .column = column };
	for (uint32_t i = 0; i < n; i++) {
		const struct dwarf_link *link = &links[n - 1 - i];

		out->frames[i] = (struct dwarf_frame){
			.frame = {
				.function = link->function->name,
				.file = file,
				.line = line,
				.column = column,
				.start_line = link->function->start_line,
			},
			.bare = link->function->bare,
			.is_linkage = link->function->is_linkage,
		};
		/* Numbers of files begin with 0 from DWARF 5. */
		file = dwarf_lines_file(lines, link->call_file);
		line = link->call_line;
		column = link->call_column;
	}
}

static void make_answers(struct dwarf_worker *w, struct dwarf_job *job, struct dwarf_lines *lines,
			 const uint32_t *depths)
{
	size_t at = 0;

	if (w->links.n)
		qsort(w->links.v, w->links.n, sizeof(*w->links.v), by_slot);
	job->answers = ARENA_ARRAY(w->arena, struct dwarf_answer, job->slots.n);
	for (uint32_t slot = 0; slot < job->slots.n; slot++) {
		if (depths[slot] || job->slots.rows[slot].known)
			make_frames(w, lines, &job->slots.rows[slot],
				    depths[slot] ? &w->links.v[at] : NULL, depths[slot],
				    &job->answers[slot]);
		at += depths[slot];
	}
}

static bool any_row(const struct dwarf_slots *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->rows[i].known)
			return true;
	return false;
}

static struct dwarf_unit *unit_with_dies(struct dwarf_unit *u)
{
	struct dwarf_unit *split = u->dwo_name ? dwarf_split_find(u) : NULL;

	return split ? split : u;
}

static void take_work(struct dwarf_worker *w, const struct dwarf_unit *u,
		      const struct dwarf_unit *dies)
{
	uint64_t bytes = u->end - u->offset + dies->end - dies->offset;
	int64_t left = w->reader->work;

	w->work = UNIT_WORK + (int64_t)bytes * DWARF_WORK_PER_BYTE;
	if (w->work > left)
		w->work = left;
}

void dwarf_unit_work(struct dwarf_worker *w, struct dwarf_job *job)
{
	struct arena_mark mark = arena_mark(w->scratch);
	struct dwarf_unit *u = job->unit, *dies;
	uint32_t *depths = ARENA_ARRAY(w->scratch, uint32_t, job->slots.n);
	struct dwarf_lines lines = {
		.binary = w->reader->source->binary,
		.sections = &u->image->sections,
		.arena = w->arena,
	};
	int64_t work;

	w->links.n = 0;
	job->slots.rows = ARENA_ARRAY(w->scratch, struct dwarf_row, job->slots.n);
	dwarf_unit_root(u, NULL);
	dies = unit_with_dies(u);
	take_work(w, u, dies);
	work = w->work;
	lines.comp_dir = u->comp_dir;
	lines.strings_at = u->str_offsets_base;
	if (u->has_lines)
		dwarf_spend(w, job->slots.n +
				       (int64_t)dwarf_lines_read(&lines, &job->slots, u->lines));
	if (!job->by_lines || any_row(&job->slots)) {
		dwarf_scan(w, dies, &job->slots, depths);
		dwarf_name_links(w);
		make_answers(w, job, &lines, depths);
	}
	dwarf_lines_release(&lines);
	w->reader->work -= work - (w->work < 0 ? 0 : w->work);
	arena_rewind(w->scratch, mark);
}
