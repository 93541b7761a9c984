/* valid.c - what pprof refuses at load, asked of the columns.
 *
 * The decoder builds nothing that breaks these rules; they guard what filters, merges and builders
 * make.
 */
#include "base/parallel.h"
#include "writer/input.h"
#include "writer/writer.h"

static int bad(struct err *err, const char *what, unsigned long long id)
{
	return err_set(err, SONDE_EFORMAT, "malformed profile: %s %llu", what, id);
}

enum { FRAMES_OF_A_PIECE = 1 << 20 };

struct frames {
	const struct profile *p;
	uint32_t largest; /* location number */
};

static void find_largest(void *ctx, size_t piece)
{
	struct frames *f = ctx;
	size_t at = piece * FRAMES_OF_A_PIECE, end = at + FRAMES_OF_A_PIECE;
	uint32_t largest = 0, known;

	end = end < f->p->stack.n ? end : f->p->stack.n;
	for (; at < end; at++)
		largest = f->p->stack.v[at] > largest ? f->p->stack.v[at] : largest;
	known = __atomic_load_n(&f->largest, __ATOMIC_RELAXED);
	while (largest > known && !__atomic_compare_exchange_n(&f->largest, &known, largest, true,
							       __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

static int check_columns(const struct profile *p, struct err *err)
{
	struct frames frames = { .p = p };

	if (p->n_samples && !p->sample_types.n)
		return err_set(err, SONDE_EFORMAT,
			       "malformed profile: samples without a sample type");
	if (p->values.n != p->n_samples * p->sample_types.n)
		return err_set(err, SONDE_EFORMAT,
			       "malformed profile: %zu values for %zu samples of %zu sample types",
			       p->values.n, p->n_samples, p->sample_types.n);
	if (p->stack_at.n != p->n_samples + 1 || p->stack_at.v[0] != 0 ||
	    p->stack_at.v[p->n_samples] != p->stack.n)
		return bad(err, "stacks do not fit the samples, of which there are", p->n_samples);
	if (p->label_at.n != p->n_samples + 1 || p->label_at.v[0] != 0 ||
	    p->label_at.v[p->n_samples] != p->labels.n)
		return bad(err, "labels do not fit the samples, of which there are", p->n_samples);
	for (size_t i = 0; i < p->n_samples; i++)
		if (p->stack_at.v[i] > p->stack_at.v[i + 1] ||
		    p->label_at.v[i] > p->label_at.v[i + 1])
			return bad(err, "stack or labels end before they begin in sample", i);
	parallel_run(find_largest, &frames,
		     (p->stack.n + FRAMES_OF_A_PIECE - 1) / FRAMES_OF_A_PIECE);
	if (p->stack.n && frames.largest >= p->locations.n)
		return bad(err, "a sample names the unknown location number", frames.largest);
	return 0;
}

static int check_locations(const struct profile *p, struct err *err)
{
	for (size_t i = 0; i < p->locations.n; i++) {
		const struct location *loc = &p->locations.v[i];

		if (loc->mapping != PROFILE_NONE && loc->mapping >= p->mappings.n)
			return bad(err, "an unknown mapping in location", loc->id);
		if (loc->first_line > p->lines.n || loc->n_lines > p->lines.n - loc->first_line)
			return bad(err, "unknown lines in location", loc->id);
		for (uint32_t k = 0; k < loc->n_lines; k++)
			if (p->lines.v[loc->first_line + k].function >= p->functions.n)
				return bad(err, "a line without a known function in location",
					   loc->id);
	}
	return 0;
}

/* Ids of one table are neither zero nor given twice; first is the id of its first element. */
static int check_ids(const uint64_t *first, size_t n, size_t elem_bytes, const char *zero,
		     const char *twice, struct err *err)
{
	struct id_map seen;
	int rc = 0;

	id_map_init(&seen, n);
	for (size_t i = 0; i < n && !rc; i++) {
		uint64_t id = *(const uint64_t *)((const char *)first + i * elem_bytes);

		if (id == 0)
			rc = bad(err, zero, 0);
		else if (!id_map_add(&seen, id, (uint32_t)i))
			rc = bad(err, twice, id);
	}
	id_map_release(&seen);
	return rc;
}

#define CHECK_IDS(table, zero, twice, err)                                                         \
	((table).n                                                                                 \
		 ? check_ids(&(table).v[0].id, (table).n, sizeof((table).v[0]), zero, twice, err)  \
		 : 0)

int profile_check_valid(const struct profile *p, struct err *err)
{
	int rc = check_columns(p, err);

	if (!rc)
		rc = CHECK_IDS(p->mappings, "mapping with the reserved id",
			       "several mappings with id", err);
	if (!rc)
		rc = CHECK_IDS(p->functions, "function with the reserved id",
			       "several functions with id", err);
	if (!rc)
		rc = CHECK_IDS(p->locations, "location with the reserved id",
			       "several locations with id", err);
	return rc ? rc : check_locations(p, err);
}
