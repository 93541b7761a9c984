/* dwarf_reader.c - the door of our DWARF reader: open, close, the workers.
 *
 * Units are independent of each other, so each worker takes the next one until none is left.  The
 * biggest come first, as one that is begun last is what all wait for.
 */
#include "base/parallel.h"
#include "base/progress.h"
#include "symbolize/dwarf_batch.h"

#include <stdlib.h>

#define BYTES_PER_WORKER (1 << 20) /* of units; less is not worth a thread */
#define READER_WORK	 ((int64_t)1 << 26)

struct dwarf_reader *dwarf_reader_open(const struct dwarf_source *source)
{
	struct arena *a = arena_new(ARENA_DIE);
	struct dwarf_reader *r = ARENA_NEW(a, struct dwarf_reader);

	r->arena = a;
	r->source = source;
	pthread_mutex_init(&r->lock, NULL);
	dwarf_split_open(r);
	dwarf_image_init(&r->image, r, source->sections);
	if (source->shared) {
		dwarf_image_init(&r->shared, r, source->shared);
		r->image.shared = &r->shared;
	}
	r->workers = ARENA_ARRAY(a, struct dwarf_worker, PARALLEL_MOST);
	return r;
}

static void release_worker(struct dwarf_worker *w)
{
	for (int i = 0; i < DWARF_ABBREV_TABLES; i++)
		dwarf_abbrevs_release(&w->tables[i]);
	VEC_RELEASE(&w->own.v);
	VEC_RELEASE(&w->others.v);
	VEC_RELEASE(&w->links);
	dwarf_lines_release(&w->lines);
	hash_map_release(&w->own.index);
	hash_map_release(&w->others.index);
	arena_free(w->arena);
	strtab_free(w->paths);
	arena_free(w->answers);
	arena_free(w->scratch);
}

void dwarf_reader_close(struct dwarf_reader *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < r->n_workers; i++)
		release_worker(&r->workers[i]);
	dwarf_split_close(r);
	dwarf_image_release(&r->image);
	dwarf_image_release(&r->shared);
	dwarf_abbrevs_release(&r->root_abbrevs);
	pthread_mutex_destroy(&r->lock);
	arena_free(r->arena);
}

const char *dwarf_reader_problem(const struct dwarf_reader *r)
{
	return r->problem.text;
}

/* ---- workers ---- */

struct shift {
	struct dwarf_reader *r;
	struct dwarf_job **jobs; /* the biggest first */
	size_t n;
	_Atomic size_t next;
};

static void work(void *ctx, size_t worker)
{
	struct shift *shift = ctx;
	size_t i;

	while ((i = shift->next++) < shift->n) {
		dwarf_unit_work(&shift->r->workers[worker], shift->jobs[i]);
		progress_add(1);
	}
}

/* A skeleton has its dies elsewhere. */
static uint64_t job_bytes(const struct dwarf_job *job)
{
	if (job->unit->type == DW_UT_skeleton)
		return BYTES_PER_WORKER / 4;
	return job->unit->end - job->unit->offset;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = job_bytes(*(struct dwarf_job *const *)a);
	uint64_t y = job_bytes(*(struct dwarf_job *const *)b);

	return (x < y) - (x > y);
}

static size_t workers_for(const struct shift *shift)
{
	size_t n = parallel_width();
	uint64_t bytes = 0;

	for (size_t i = 0; i < shift->n; i++)
		bytes += job_bytes(shift->jobs[i]);
	if (n > shift->n)
		n = shift->n;
	if (n > bytes / BYTES_PER_WORKER)
		n = bytes / BYTES_PER_WORKER;
	return n ? n : 1;
}

static void hire(struct dwarf_reader *r, size_t n)
{
	for (; r->n_workers < n; r->n_workers++) {
		struct dwarf_worker *w = &r->workers[r->n_workers];

		w->reader = r;
		w->arena = arena_new(ARENA_DIE);
		w->paths = strtab_new();
		w->answers = arena_new(ARENA_DIE);
		w->no_answers = arena_mark(w->answers);
		w->scratch = arena_new(ARENA_DIE);
		hash_map_init(&w->own.index);
		hash_map_init(&w->others.index);
	}
}

void dwarf_reader_work(struct dwarf_reader *r, struct dwarf_jobs *jobs)
{
	struct shift shift = { .r = r, .n = jobs->v.n };
	size_t n;

	if (!jobs->v.n)
		return;
	shift.jobs = malloc(jobs->v.n * sizeof(*shift.jobs));
	if (!shift.jobs)
		return;
	for (size_t i = 0; i < shift.n; i++)
		shift.jobs[i] = &jobs->v.v[i];
	qsort(shift.jobs, shift.n, sizeof(*shift.jobs), by_size);
	n = workers_for(&shift);
	hire(r, n);
	progress_begin("reading debug information", shift.n);
	parallel_run(work, &shift, n);
	free(shift.jobs);
}

void dwarf_reader_forget(struct dwarf_reader *r)
{
	for (unsigned i = 0; i < r->n_workers; i++) {
		arena_rewind(r->workers[i].answers, r->workers[i].no_answers);
		VEC_RELEASE(&r->workers[i].links);
		dwarf_lines_release(&r->workers[i].lines);
	}
}

void dwarf_reader_lookup(struct dwarf_reader *r, const uint64_t *addresses, size_t n,
			 dwarf_place_fn answer, void *ctx)
{
	r->work = READER_WORK + (int64_t)n * DWARF_WORK_PER_ADDRESS;
	for (int i = 0; i < N_DWARF_SECTIONS; i++)
		r->work += (int64_t)r->image.sections.v[i].n * DWARF_WORK_PER_BYTE;
	if (n && n < UINT32_MAX && r->image.units.n)
		dwarf_batch_run(r, addresses, (uint32_t)n, answer, ctx);
}
