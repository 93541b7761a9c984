/* cfi.c - run the call frame programs of a segment once and keep their rows in compact form.
 *
 * Rows come out sorted because the entries are taken in the order of .eh_frame_hdr's search table, which every linker
 * writes sorted; what has no such table, or comes from two sections, is sorted here.  The few hundred distinct rules
 * of a segment are stored once and named by 16 bits, and of a row's address only the lower 16 bits are kept: the page
 * that it is searched in knows the rest.
 *
 *	+-----------+-------+------+----------------+-------------------+
 *	| the table | rules | page | at, 2 bytes    | rule, 2 bytes     |     in one piece of memory
 *	+-----------+-------+------+----------------+-------------------+
 */
#include "sampler/cfi.h"
#include "sampler/eh_return.h"

#include <sys/mman.h>

enum { RECENT = 1024, MAX_SOURCES = 3 };

struct found { /* an entry, when sections must be merged */
	uint64_t start, at;
	uint32_t source;
};

struct compiler {
	uint64_t text_at, text_bytes;
	struct cfi_room room;
	uint16_t recent[RECENT]; /* rule numbers by their hash */
	uint64_t eh_return_at;	 /* where the entry says that it jumps to a handler; 0 = nowhere */
	bool full;		 /* out of memory or of rule numbers */
};

/* ---- rows ---- */

static uint64_t hash_rule(const struct rule *r)
{
	return r->word[0] * 0x9fb21c651e98df25ULL + r->word[1] * 0xff51afd7ed558ccdULL +
	       r->word[2] * 0xc4ceb9fe1a85ec53ULL;
}

static bool same_rule(const struct rule *a, const struct rule *b)
{
	return ((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) |
		(a->word[2] ^ b->word[2])) == 0;
}

__attribute__((noinline)) static int new_rule(struct compiler *c, const struct rule *r,
					      uint64_t hash)
{
	uint32_t *at;

	if (hash_map_reserve(&c->room.rule_map, c->room.rule_map.n + 1))
		return -1;
	for (at = hash_map_first(&c->room.rule_map, hash); *at != HASH_MAP_NONE;
	     at = hash_map_next(&c->room.rule_map, at, hash))
		if (same_rule(&c->room.rules.v[*at], r))
			return (int)*at;
	if (c->room.rules.n > UINT16_MAX || VEC_RESERVE(&c->room.rules, c->room.rules.n + 1))
		return -1;
	*at = (uint32_t)c->room.rules.n;
	hash_map_added(&c->room.rule_map, at, hash);
	c->room.rules.v[c->room.rules.n] = *r;
	return (int)c->room.rules.n++;
}

static int rule_number(struct compiler *c, const struct rule *r)
{
	uint64_t hash = hash_rule(r);
	uint16_t *recent = &c->recent[hash >> 54];
	int number;

	if (*recent < c->room.rules.n && same_rule(&c->room.rules.v[*recent], r))
		return *recent;
	number = new_rule(c, r, hash);
	if (number >= 0)
		*recent = (uint16_t)number;
	return number;
}

/* An entry has no more rows than its program has bytes, but for one more and its end. */
static bool reserve(struct compiler *c, const struct fde *fde)
{
	size_t n = c->room.at.n + (size_t)(fde->program.end - fde->program.p) + CFI_MAX_QUIRKS;

	c->full = VEC_RESERVE(&c->room.at, n) || VEC_RESERVE(&c->room.rule, n);
	return !c->full;
}

static void put_row(struct compiler *c, uint32_t at, uint16_t number)
{
	while (c->room.at.n && c->room.at.v[c->room.at.n - 1] >= at)
		c->room.at.n--; /* the end of the entry before, or one that overlaps */
	if (c->room.at.n && c->room.rule.v[c->room.at.n - 1] == number)
		return;
	c->room.at.v[c->room.at.n] = at;
	c->room.rule.v[c->room.at.n++] = number;
}

static void add_row(void *arg, uint64_t address, const struct rule *r)
{
	struct compiler *c = arg;
	uint64_t relative = address - c->text_at;
	int number;

	if (relative > c->text_bytes)
		return;
	number = rule_number(c, r);
	if (number < 0) {
		c->full = true;
		return;
	}
	if (!r->is_plain && eh_return_is(r))
		c->eh_return_at = address;
	put_row(c, (uint32_t)relative, (uint16_t)number);
}

/* ---- entries ---- */

/* One rule instead of those in a part of an entry. */
struct patch {
	struct compiler *c;
	uint64_t from, to;
	struct rule rule;
	bool is_put;
};

static void add_patched_row(void *arg, uint64_t address, const struct rule *r)
{
	struct patch *p = arg;

	if (address >= p->from && !p->is_put) {
		add_row(p->c, p->from, &p->rule);
		p->is_put = true;
	}
	if (address < p->from || address >= p->to)
		add_row(p->c, address, r);
}

static void compile_entry(struct compiler *c, const struct cfi_source *src, const struct cie *cie,
			  const struct fde *fde)
{
	static const struct rule none = { .kind = RULE_NONE };
	struct patch patch = { .c = c };
	size_t n = c->room.at.n;

	if (!reserve(c, fde))
		return;
	c->eh_return_at = 0;
	cfi_run(src, cie, fde, add_row, c);
	if (c->eh_return_at &&
	    eh_return_window(src, fde, c->eh_return_at, &patch.from, &patch.rule)) {
		patch.to = c->eh_return_at;
		c->room.at.n = c->room.at.n < n ? c->room.at.n : n;
		cfi_run(src, cie, fde, add_patched_row, &patch);
	}
	add_row(c, fde->end, &none);
}

static bool compile_by_index(struct compiler *c, const struct cfi_source *src)
{
	struct cie cie = { .at = NULL };
	struct cfi_index index;
	struct fde fde;

	if (!cfi_read_index(src, &index))
		return false;
	for (uint64_t i = 0; i < index.n && !c->full; i++)
		if (cfi_read_fde(src, cfi_index_entry(src, &index, i), &cie, &fde))
			compile_entry(c, src, &cie, &fde);
	return true;
}

typedef VEC(struct found) found_vec;

static bool note(found_vec *all, uint64_t start, uint64_t at, uint32_t source)
{
	if (VEC_RESERVE(all, all->n + 1))
		return false;
	all->v[all->n++] = (struct found){ start, at, source };
	return true;
}

static bool gather(found_vec *all, const struct cfi_source *src, uint32_t source)
{
	struct cie cie = { .at = NULL };
	uint64_t at = src->data_at, before = at;
	struct cfi_index index;
	struct fde fde;

	if (src->hdr_at) {
		if (!cfi_read_index(src, &index))
			return true;
		for (uint64_t i = 0; i < index.n; i++) {
			at = cfi_index_entry(src, &index, i);
			if (cfi_read_fde(src, at, &cie, &fde) && !note(all, fde.start, at, source))
				return false;
		}
		return true;
	}
	for (; cfi_next_fde(src, &at, &cie, &fde); before = at)
		if (!note(all, fde.start, before, source))
			return false;
	return true;
}

static bool is_before(const struct found *a, const struct found *b)
{
	return a->start != b->start ? a->start < b->start : a->source < b->source;
}

static void sift_down(struct found *v, size_t at, size_t n)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		struct found swap = v[at];

		if (child + 1 < n && is_before(&v[child], &v[child + 1]))
			child++;
		if (!is_before(&swap, &v[child]))
			return;
		v[at] = v[child];
		v[child] = swap;
	}
}

/* (libc's qsort calls malloc, which belongs to the host.) */
static void heap_sort(struct found *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift_down(v, i, n);
	for (size_t i = n; i-- > 1;) {
		struct found swap = v[0];

		v[0] = v[i];
		v[i] = swap;
		sift_down(v, 0, i);
	}
}

static bool compile_merged(struct compiler *c, const struct cfi_source *const *sources, unsigned n)
{
	struct cie cies[MAX_SOURCES] = { { .at = NULL } };
	found_vec all = VEC_INIT;
	bool ok = true;
	uint64_t end = 0;

	for (unsigned i = 0; i < n && ok; i++)
		ok = gather(&all, sources[i], i);
	if (ok)
		heap_sort(all.v, all.n);
	for (size_t i = 0; ok && i < all.n && !c->full; i++) {
		const struct found *f = &all.v[i];
		struct cfi_source const *src = sources[f->source];
		uint64_t at = f->at;
		struct fde fde;

		if (f->start < end || !cfi_next_fde(src, &at, &cies[f->source], &fde))
			continue;
		compile_entry(c, src, &cies[f->source], &fde);
		end = fde.end;
	}
	VEC_RELEASE(&all);
	return ok;
}

/* ---- the table ---- */

static size_t bytes_of(size_t n_rules, size_t n_pages, size_t n_rows)
{
	return sizeof(struct cfi_table) + n_rules * sizeof(struct rule) +
	       (n_pages + 1) * sizeof(uint32_t) + n_rows * 2 * sizeof(uint16_t);
}

size_t cfi_table_bytes(const struct cfi_table *t)
{
	return bytes_of(t->n_rules, t->n_pages, t->n_rows);
}

void cfi_table_free(struct cfi_table *t)
{
	if (t)
		munmap(t, cfi_table_bytes(t));
}

static void fill_rows(const struct compiler *c, uint32_t *page, uint16_t *at, uint16_t *rule,
		      uint32_t n_pages)
{
	uint32_t n = (uint32_t)c->room.at.n, next = 0;

	for (uint32_t row = 0; row < n; row++) {
		for (; next <= c->room.at.v[row] / CFI_PAGE && next <= n_pages; next++)
			page[next] = row;
		at[row] = (uint16_t)c->room.at.v[row];
	}
	while (next <= n_pages)
		page[next++] = n;
	memcpy(rule, c->room.rule.v, n * sizeof(*rule));
}

static struct cfi_table *finish(struct compiler *c)
{
	uint32_t n_pages = (uint32_t)((c->text_bytes + CFI_PAGE - 1) / CFI_PAGE);
	uint32_t n_rules = (uint32_t)c->room.rules.n, n_rows = (uint32_t)c->room.at.n;
	char *p = mmap(NULL, bytes_of(n_rules, n_pages, n_rows), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rule *rules = (struct rule *)(p + sizeof(struct cfi_table));
	uint32_t *page = (uint32_t *)(rules + n_rules);
	uint16_t *at = (uint16_t *)(page + n_pages + 1);
	struct cfi_table *t = (struct cfi_table *)p;

	if (p == MAP_FAILED)
		return NULL;
	*t = (struct cfi_table){
		.n_rows = n_rows,
		.n_rules = n_rules,
		.n_pages = n_pages,
		.text_bytes = (uint32_t)c->text_bytes,
		.text_at = c->text_at,
		.page = page,
		.at = at,
		.rule = at + n_rows,
		.rules = rules,
	};
	memcpy(rules, c->room.rules.v, n_rules * sizeof(*rules));
	fill_rows(c, page, at, at + n_rows, n_pages);
	return t;
}

void cfi_room_release(struct cfi_room *room)
{
	hash_map_release(&room->rule_map);
	VEC_RELEASE(&room->at);
	VEC_RELEASE(&room->rule);
	VEC_RELEASE(&room->rules);
}

static void clear(struct cfi_room *room)
{
	hash_map_clear(&room->rule_map);
	room->at.n = room->rule.n = room->rules.n = 0;
}

struct cfi_table *cfi_compile(const struct cfi_source *const *sources, unsigned n,
			      struct cfi_room *room)
{
	struct compiler c = { .text_at = sources[0]->text_at,
			      .text_bytes = sources[0]->text_bytes };
	struct cfi_table *t = NULL;
	bool ok;

	if (n > MAX_SOURCES || c.text_bytes >= UINT32_MAX - CFI_PAGE)
		return NULL;
	if (room)
		c.room = *room;
	clear(&c.room);
	ok = n == 1 && sources[0]->hdr_at ? compile_by_index(&c, sources[0])
					  : compile_merged(&c, sources, n);
	if (ok && c.room.at.n)
		t = finish(&c);
	if (room)
		*room = c.room;
	else
		cfi_room_release(&c.room);
	return t;
}
