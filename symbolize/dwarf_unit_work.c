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

#define UNIT_WORK (16 << 20) /* steps, beside those that its bytes earn */

const struct dwarf_detail *dwarf_details(const struct dwarf_place *places, size_t n)
{
	return places[0].discriminator == DWARF_IN_DETAILS ? (const void *)(places + n) : NULL;
}

struct dwarf_frame dwarf_place_frame(const struct dwarf_place *places, size_t n, size_t k)
{
	static const struct dwarf_name nobody;
	const struct dwarf_place *place = &places[k];
	const struct dwarf_name *says = place->function ? place->function : &nobody;
	const struct dwarf_detail *details = dwarf_details(places, n);

	return (struct dwarf_frame){
		.frame = {
			.function = says->name,
			.file = place->file,
			.line = place->line,
			.column = (int32_t)(details ? details[k].column : place->column),
			.discriminator = details ? details[k].discriminator : place->discriminator,
			.start_line = says->start_line,
		},
		.bare = says->bare,
		.is_linkage = says->is_linkage,
	};
}

int32_t dwarf_column(int64_t column)
{
	return column >= 0 && column <= INT32_MAX ? (int32_t)column : 0;
}

/* Bigger ones are damage. */
static uint32_t known_line(int64_t n)
{
	return n >= 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

/* A path of the unit at hand as one that stays. */
static const char *keep_path(struct dwarf_worker *w, const char *path)
{
	if (path != w->path) {
		w->path = path;
		w->kept_path = strtab_get(w->paths, strtab_add_str(w->paths, path ? path : ""));
	}
	return path ? w->kept_path : NULL;
}

/* Innermost first, as the links are not. */
static const struct dwarf_link *link_at(struct dwarf_link *const *links, uint32_t n, uint32_t i)
{
	return n ? links[n - 1 - i] : NULL;
}

/* What a place does not hold in itself. */
static void make_details(struct dwarf_worker *w, const struct dwarf_row *row,
			 struct dwarf_link *const *links, uint32_t n, struct dwarf_place *places,
			 uint32_t n_places)
{
	struct dwarf_detail *details = (void *)(places + n_places);
	uint32_t column = (uint32_t)dwarf_column(row->column), discriminator = row->discriminator;

	for (uint32_t i = 0; i < n_places; i++) {
		const struct dwarf_link *link = link_at(links, n, i);

		places[i].discriminator = DWARF_IN_DETAILS;
		details[i] =
			(struct dwarf_detail){ .column = column, .discriminator = discriminator };
		if (!link)
			break;
		details[i].start = link->call->start;
		details[i].start_file = link->function->start_file;
		column = (uint32_t)dwarf_column(link->call->column);
		discriminator = link->call->discriminator;
	}
}

static bool needs_details(const struct dwarf_worker *w, const struct dwarf_row *row,
			  struct dwarf_link *const *links, uint32_t n)
{
	bool needs = w->reader->source->wants_details || row->column > UINT16_MAX ||
		     row->discriminator >= DWARF_IN_DETAILS;

	for (uint32_t i = 0; i < n && !needs; i++)
		needs = links[i]->call->column > UINT16_MAX ||
			links[i]->call->discriminator >= DWARF_IN_DETAILS;
	return needs;
}

/* Links outermost first become places innermost first. */
static void make_places(struct dwarf_worker *w, const struct dwarf_row *row,
			struct dwarf_link *const *links, uint32_t n, struct dwarf_answer *out)
{
	struct dwarf_lines *lines = &w->lines;
	bool has_details = needs_details(w, row, links, n);
	uint32_t n_places = n ? n : 1;
	size_t bytes = sizeof(struct dwarf_place) + (has_details ? sizeof(struct dwarf_detail) : 0);
	struct dwarf_place *places = arena_alloc(w->arena, n_places * bytes);
	const char *file = row->known ? dwarf_lines_file(lines, row->file) : NULL;
	uint32_t discriminator = row->discriminator;
	int64_t line = row->line, column = row->column;

	*out = (struct dwarf_answer){ places, n_places, row->known, n > 0 };
	for (uint32_t i = 0; i < n_places; i++) {
		const struct dwarf_link *link = link_at(links, n, i);

		places[i] = (struct dwarf_place){ link ? link->function->says : NULL,
						  keep_path(w, file), known_line(line),
						  (uint16_t)column, (uint16_t)discriminator };
		if (!link)
			break;
		/* Numbers of files begin with 0 from DWARF 5. */
		file = dwarf_lines_file(lines, link->call->file);
		line = link->call->line;
		column = link->call->column;
		discriminator = link->call->discriminator;
	}
	if (has_details)
		make_details(w, row, links, n, places, n_places);
}

/* Those of each slot together, outermost first. */
static struct dwarf_link **links_by_slot(struct dwarf_worker *w, uint32_t n, const uint32_t *depths)
{
	struct dwarf_link **sorted = ARENA_ARRAY(w->scratch, struct dwarf_link *, w->links.n);
	uint32_t *first = ARENA_ARRAY(w->scratch, uint32_t, n), at = 0;

	for (uint32_t slot = 0; slot < n; slot++) {
		first[slot] = at;
		at += depths[slot];
	}
	for (size_t i = 0; i < w->links.n; i++) {
		struct dwarf_link *link = &w->links.v[i];

		sorted[first[link->slot] + link->depth] = link;
	}
	return sorted;
}

static void make_answers(struct dwarf_worker *w, struct dwarf_job *job, const uint32_t *depths)
{
	struct dwarf_link **links = links_by_slot(w, job->slots.n, depths);
	size_t at = 0;

	job->answers = ARENA_ARRAY(w->answers, struct dwarf_answer, job->slots.n);
	for (uint32_t slot = 0; slot < job->slots.n; slot++) {
		if (depths[slot] || job->slots.rows[slot].known)
			make_places(w, &job->slots.rows[slot], &links[at], depths[slot],
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

/* Up to what is left for all units. */
static void take_work(struct dwarf_worker *w, int64_t wanted, int64_t *taken)
{
	int64_t left = w->reader->work - *taken;

	if (wanted > left)
		wanted = left;
	if (wanted < 0)
		wanted = 0;
	w->work += wanted;
	*taken += wanted;
}

static int64_t work_of(const struct dwarf_unit *u)
{
	return (int64_t)(u->end - u->offset) * DWARF_WORK_PER_BYTE;
}

static void give_up(struct dwarf_reader *r)
{
	pthread_mutex_lock(&r->lock);
	if (!r->problem.text[0])
		err_set(&r->problem, 0,
			"damaged debug information: to read all of it would take too long");
	pthread_mutex_unlock(&r->lock);
}

static void begin_lines(struct dwarf_worker *w, const struct dwarf_unit *u)
{
	struct dwarf_lines *l = &w->lines;

	l->binary = w->reader->source->binary;
	l->sections = &u->image->sections;
	l->arena = w->scratch;
	l->comp_dir = u->comp_dir;
	l->strings_at = u->str_offsets_base;
	l->is_relative = w->reader->source->relative_names;
	l->files.n = l->folders.n = 0;
}

static void read_lines(struct dwarf_worker *w, struct dwarf_job *job)
{
	struct dwarf_unit *u = job->unit;

	begin_lines(w, u);
	if (u->has_lines)
		dwarf_spend(w, job->slots.n +
				       (int64_t)dwarf_lines_read(&w->lines, &job->slots, u->lines));
}

static void find_answers(struct dwarf_worker *w, struct dwarf_job *job, int64_t *taken)
{
	uint32_t *depths = ARENA_ARRAY(w->scratch, uint32_t, job->slots.n);
	struct dwarf_unit *u = job->unit, *dies;

	w->links.n = 0;
	w->path = NULL;
	job->slots.rows = ARENA_ARRAY(w->scratch, struct dwarf_row, job->slots.n);
	dwarf_unit_root_of(w, u);
	dies = w->unit = unit_with_dies(u);
	if (dies != u)
		take_work(w, work_of(dies), taken);
	read_lines(w, job);
	if (!job->by_lines || any_row(&job->slots)) {
		dwarf_scan(w, dies, &job->slots, depths);
		dwarf_name_links(w);
		make_answers(w, job, depths);
	}
	dwarf_declared_forget(w);
	dwarf_functions_forget(w);
}

void dwarf_unit_work(struct dwarf_worker *w, struct dwarf_job *job)
{
	struct arena_mark mark = arena_mark(w->scratch);
	int64_t taken = 0;

	w->work = 0;
	take_work(w,
		  UNIT_WORK + job->slots.n * (int64_t)DWARF_WORK_PER_ADDRESS + work_of(job->unit),
		  &taken);
	if (!taken) {
		give_up(w->reader);
		return;
	}
	find_answers(w, job, &taken);
	w->reader->work -= taken - (w->work < 0 ? 0 : w->work);
	arena_rewind(w->scratch, mark);
}
