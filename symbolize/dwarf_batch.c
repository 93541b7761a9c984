/* dwarf_batch.c - a batch of addresses: which unit is asked for which, and the best of their answers.
 *
 * .debug_aranges says for whole units which code they cover, but clang writes none and others leave
 * things out.  So in turn:
 *
 *	1. units that it names are asked for what it gives them, the others for what their root die says
 *	2. if an address is left without function or line: what the root dies of the others say
 *	3. if there is still nothing: units that say nothing (assembly of old tools), by their line tables
 *
 * Several units may claim one address (identical code folded by the linker, a unit with one wide
 * range).  All of them are asked; a function and a line beat a function, that beats a line, and the
 * unit that comes first in the file beats the others.
 */
#include "symbolize/dwarf_batch.h"
#include "symbolize/address_sort.h"

#define MAX_CLAIMS 8	     /* units that are asked for one address in one turn */
#define CLAIM_WORK (1 << 24) /* steps, beside those that bytes and addresses earn */

/* The number of a unit and below it that of an address, so that the order of claims is that of units. */
static uint32_t claim_unit(uint64_t claim)
{
	return (uint32_t)(claim >> 32);
}

static uint32_t claim_address(uint64_t claim)
{
	return (uint32_t)claim;
}

struct batch {
	struct dwarf_reader *r;
	struct arena *arena;
	const uint64_t *addresses;
	uint32_t n;
	struct dwarf_answer *best;
	uint8_t *n_claims; /* for each address, in this turn */
	uint32_t
		*last_claim; /* for each address, unit + 1: a unit may name a piece of code twice */
	VEC(uint64_t) claims;
	bool *is_ranged; /* for each unit: it says what it covers */
	bool *is_rooted; /* for each unit: its root die was asked */
	uint32_t unit;	 /* whose ranges are being read */
	int64_t work;	 /* that claims may still cost: a damaged file could make billions */
};

static uint8_t worth(const struct dwarf_answer *a)
{
	return (uint8_t)(2 * a->has_function + a->has_line);
}

/* ---- claims ---- */

static void claim(struct batch *b, uint32_t address)
{
	if (worth(&b->best[address]) == 3 || b->n_claims[address] == MAX_CLAIMS ||
	    b->last_claim[address] == b->unit + 1)
		return;
	b->last_claim[address] = b->unit + 1;
	b->n_claims[address]++;
	*VEC_PUSH(&b->claims) = (uint64_t)b->unit << 32 | address;
}

static void claim_range(void *ctx, uint64_t start, uint64_t end)
{
	struct batch *b = ctx;
	struct dwarf_slots all = { b->n, b->addresses, NULL };

	for (uint32_t i = dwarf_first_slot(&all, start);
	     i < b->n && b->addresses[i] < end && b->work > 0; i++, b->work--)
		claim(b, i);
}

static struct dwarf_unit *unit_by_header(struct dwarf_image *image, uint64_t offset)
{
	size_t lo = 0, hi = image->units.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (image->units.v[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < image->units.n && image->units.v[lo].offset == offset ? &image->units.v[lo]
									  : NULL;
}

/* One set of .debug_aranges: a header that names the unit, then (start, bytes) up to zeros. */
static void read_arange_set(struct batch *b, struct dwarf_cursor *c, const unsigned char *start)
{
	const struct elf_file *binary = b->r->source->binary;
	uint64_t offset;
	unsigned address_bytes, segment_bytes, odd;
	struct dwarf_unit *u;

	if (cursor_fixed(c, 2) != 2)
		return;
	offset = cursor_offset(c);
	address_bytes = (unsigned)cursor_fixed(c, 1);
	segment_bytes = (unsigned)cursor_fixed(c, 1);
	u = unit_by_header(&b->r->image, offset);
	if (!u || (address_bytes != 4 && address_bytes != 8) || segment_bytes)
		return;
	odd = (unsigned)((size_t)(c->p - start) % (2 * address_bytes));
	if (odd)
		cursor_skip(c, 2 * address_bytes - odd);
	b->unit = (uint32_t)(u - b->r->image.units.v);
	while (cursor_left(c)) {
		uint64_t at = cursor_fixed(c, address_bytes), n = cursor_fixed(c, address_bytes);

		if (c->bad || (at == 0 && n == 0))
			break;
		if (!elf_file_is_code(binary, at))
			continue;
		b->is_ranged[b->unit] = true;
		claim_range(b, at, n <= UINT64_MAX - at ? at + n : UINT64_MAX);
	}
}

static void claim_by_aranges(struct batch *b)
{
	struct elf_bytes section = b->r->image.sections.v[DWARF_ARANGES];
	struct dwarf_cursor c = cursor_over(section, b->r->image.sections.is_little);

	while (cursor_left(&c)) {
		const unsigned char *start = c.p;
		uint64_t bytes = cursor_length(&c);
		struct dwarf_cursor set = c;

		if (bytes > cursor_left(&c))
			return;
		c.p += bytes;
		set.end = c.p;
		read_arange_set(b, &set, start);
	}
}

/* Partial and type units hold no code; the units that import them do. */
static bool may_hold_code(const struct dwarf_unit *u)
{
	return u->type == DW_UT_compile || u->type == DW_UT_skeleton;
}

static void claim_by_root(struct batch *b, uint32_t unit)
{
	struct dwarf_unit *u = &b->r->image.units.v[unit];
	struct dwarf_die root;

	b->is_rooted[unit] = true;
	b->unit = unit;
	dwarf_unit_root(u, &root);
	if (dwarf_ranges(&b->work, u, &root, claim_range, b))
		b->is_ranged[unit] = true;
	if (!u->has_lines && !root.has)
		b->is_ranged[unit] = true; /* there is nothing to ask */
}

static void claim_by_roots(struct batch *b)
{
	for (uint32_t i = 0; i < b->r->image.units.n; i++)
		if (!b->is_rooted[i] && !b->is_ranged[i] && may_hold_code(&b->r->image.units.v[i]))
			claim_by_root(b, i);
}

static bool has_open(const struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (worth(&b->best[i]) < 3)
			return true;
	return false;
}

static void claim_by_other_roots(struct batch *b)
{
	if (!has_open(b))
		return;
	for (uint32_t i = 0; i < b->r->image.units.n; i++)
		if (!b->is_rooted[i] && may_hold_code(&b->r->image.units.v[i]))
			claim_by_root(b, i);
}

/* ---- jobs ---- */

static void fill_job(struct batch *b, struct dwarf_job *job, const uint64_t *claims, uint32_t n)
{
	uint64_t *addresses = ARENA_ARRAY(b->arena, uint64_t, n);
	uint32_t *numbers = ARENA_ARRAY(b->arena, uint32_t, n);

	for (uint32_t i = 0; i < n; i++) {
		numbers[i] = claim_address(claims[i]);
		addresses[i] = b->addresses[numbers[i]];
	}
	*job = (struct dwarf_job){
		.unit = &b->r->image.units.v[claim_unit(claims[0])],
		.slots = { n, addresses, NULL },
		.numbers = numbers,
	};
}

static void take_answers(struct batch *b, const struct dwarf_job *job)
{
	for (uint32_t i = 0; job->answers && i < job->slots.n; i++) {
		struct dwarf_answer *best = &b->best[job->numbers[i]];

		if (worth(&job->answers[i]) > worth(best))
			*best = job->answers[i];
	}
}

static void do_jobs(struct batch *b, struct dwarf_jobs *jobs)
{
	dwarf_reader_work(b->r, jobs);
	for (size_t i = 0; i < jobs->v.n; i++)
		take_answers(b, &jobs->v.v[i]);
	dwarf_reader_forget(b->r);
	VEC_RELEASE(&jobs->v);
}

/* Ask the units for what they claimed. */
static void ask_claimed(struct batch *b)
{
	struct dwarf_jobs jobs = { VEC_INIT };
	size_t end;

	if (b->claims.n)
		sort_numbers(b->claims.v, b->claims.n);
	for (size_t i = 0; i < b->claims.n; i = end) {
		end = i + 1;
		while (end < b->claims.n &&
		       claim_unit(b->claims.v[end]) == claim_unit(b->claims.v[i]))
			end++;
		fill_job(b, VEC_PUSH(&jobs.v), &b->claims.v[i], (uint32_t)(end - i));
	}
	do_jobs(b, &jobs);
	b->claims.n = 0;
	memset(b->n_claims, 0, b->n);
	memset(b->last_claim, 0, b->n * sizeof(*b->last_claim));
}

/* Ask each unit that does not say what it covers for all that is left. */
static void ask_line_tables(struct batch *b)
{
	uint64_t *addresses = ARENA_ARRAY(b->arena, uint64_t, b->n);
	uint32_t *numbers = ARENA_ARRAY(b->arena, uint32_t, b->n), n = 0;
	struct dwarf_jobs jobs = { VEC_INIT };

	for (uint32_t i = 0; i < b->n; i++)
		if (!worth(&b->best[i])) {
			numbers[n] = i;
			addresses[n++] = b->addresses[i];
		}
	for (uint32_t i = 0; n && i < b->r->image.units.n; i++)
		if (!b->is_ranged[i] && may_hold_code(&b->r->image.units.v[i]))
			*VEC_PUSH(&jobs.v) = (struct dwarf_job){
				.unit = &b->r->image.units.v[i],
				.by_lines = true,
				.slots = { n, addresses, NULL },
				.numbers = numbers,
			};
	do_jobs(b, &jobs);
}

void dwarf_batch_run(struct dwarf_reader *r, const uint64_t *addresses, uint32_t n,
		     dwarf_place_fn answer, void *ctx)
{
	struct arena *a = arena_new(ARENA_DIE);
	struct batch b = {
		.r = r,
		.arena = a,
		.addresses = addresses,
		.n = n,
		.work = CLAIM_WORK + r->work / 4,
		.best = ARENA_ARRAY(a, struct dwarf_answer, n),
		.n_claims = ARENA_ARRAY(a, uint8_t, n),
		.last_claim = ARENA_ARRAY(a, uint32_t, n),
		.is_ranged = ARENA_ARRAY(a, bool, r->image.units.n),
		.is_rooted = ARENA_ARRAY(a, bool, r->image.units.n),
	};

	claim_by_aranges(&b);
	claim_by_roots(&b);
	ask_claimed(&b);
	claim_by_other_roots(&b);
	ask_claimed(&b);
	ask_line_tables(&b);
	for (uint32_t i = 0; i < n; i++)
		if (b.best[i].n)
			answer(ctx, i, b.best[i].places, b.best[i].n);
	VEC_RELEASE(&b.claims);
	arena_free(a);
}
