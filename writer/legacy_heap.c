/* legacy_heap.c - heap, growth and fragmentation profiles of gperftools and of Go before 1.9.
 *
 *	heap profile: IN_USE: BYTES [ALLOCATED: BYTES] @ heap_v2/RATE
 *	IN_USE: BYTES [ALLOCATED: BYTES] @ 0xADDRESS 0xADDRESS ...
 *	MAPPED_LIBRARIES:
 *	...
 *
 * The "v2" formats hold what was sampled, one allocation in RATE bytes on average, and are
 * scaled up here.
 */
#include "writer/legacy.h"

struct counts {
	struct span in_use, in_use_bytes, all, all_bytes;
};

struct heap_header {
	struct counts counts;
	bool unsample; /* counts are of samples */
	bool has_all;  /* what was freed is counted too */
	int64_t rate;
};

static bool scan_number(struct scan *c, bool signed_too, struct span *out)
{
	struct scan at = *c;

	if (signed_too)
		scan_literal(&at, SPAN("-"));
	if (!scan_while(&at, is_digit, NULL))
		return false;
	*out = (struct span){ c->s, (size_t)(at.s - c->s) };
	*c = at;
	return true;
}

/* "N: N" with blanks after each number. */
static bool scan_pair(struct scan *c, bool signed_too, struct span *count, struct span *bytes)
{
	if (!scan_number(c, signed_too, count) || !scan_literal(c, SPAN(":")))
		return false;
	scan_blanks(c);
	if (!scan_number(c, signed_too, bytes))
		return false;
	scan_blanks(c);
	return true;
}

/* "N: N [ N: N ]", of the header or of a sample. */
static bool scan_counts(struct scan *c, bool is_sample, struct counts *n)
{
	if (!scan_pair(c, is_sample, &n->in_use, &n->in_use_bytes) || !scan_literal(c, SPAN("[")))
		return false;
	scan_blanks(c);
	return scan_pair(c, false, &n->all, &n->all_bytes) && scan_literal(c, SPAN("]"));
}

static bool is_kind_char(char c)
{
	return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z');
}

/* What follows the counts of a header: LEGACY_NOT_MINE if it is no kind that is known. */
static enum legacy_result scan_kind(struct scan c, struct heap_header *h)
{
	struct scan growth = c;
	struct span kind, rate = { "", 0 };

	if (scan_literal(&growth, SPAN(" @ growth")) ||
	    scan_literal(&growth, SPAN(" @ fragmentation"))) {
		h->rate = 1;
		h->has_all = false;
		return LEGACY_OK;
	}
	scan_blanks(&c);
	if (!scan_literal(&c, SPAN("@")))
		return LEGACY_NOT_MINE;
	scan_blanks(&c);
	if (!scan_while(&c, is_kind_char, &kind) || !span_starts(kind, SPAN("heap")))
		return LEGACY_NOT_MINE;
	scan_literal(&c, SPAN("/"));
	if (scan_while(&c, is_digit, &rate) && !span_int(rate, 10, &h->rate))
		return LEGACY_NOT_MINE;
	h->has_all = (!span_equals(h->counts.all, h->counts.in_use) &&
		      !span_equals(h->counts.all, SPAN("0"))) ||
		     (!span_equals(h->counts.all_bytes, h->counts.in_use_bytes) &&
		      !span_equals(h->counts.all_bytes, SPAN("0")));
	if (span_equals(kind, SPAN("heapprofile"))) {
		h->rate = 1;
		return LEGACY_OK;
	}
	h->unsample = true;
	if (span_equals(kind, SPAN("heap")))
		h->rate /= 2; /* Go wrote twice the rate */
	else if (!span_equals(kind, SPAN("heap_v2")) && !span_equals(kind, SPAN("heapz_v2")))
		return LEGACY_NOT_MINE;
	return LEGACY_OK;
}

static enum legacy_result read_header(struct span line, struct heap_header *h)
{
	struct scan c = { line.s, line.s + line.n };

	for (; c.s < c.end; c.s++) {
		struct scan at = c;

		*h = (struct heap_header){ 0 };
		if (!scan_literal(&at, SPAN("heap profile:")))
			continue;
		scan_blanks(&at);
		if (scan_counts(&at, false, &h->counts))
			return scan_kind(at, h);
	}
	return LEGACY_NOT_MINE;
}

/* Find the counts and the addresses, which may begin anywhere in the line. */
static bool find_sample(struct span line, struct counts *counts, struct span *addresses)
{
	struct scan c = { line.s, line.s + line.n };

	while (c.s < c.end) {
		struct scan at = c;

		if (scan_counts(&at, true, counts) && scan_literal(&at, SPAN(" @"))) {
			scan_while(&at, is_address_char, addresses);
			return true;
		}
		if (!scan_while(&c, is_digit,
				NULL)) /* a later digit of the same number has no better chance */
			c.s++;
	}
	return false;
}

/* One pair of values; also the size of one block. */
static bool read_values(const struct heap_header *h, struct span count, struct span size,
			int64_t *values, int64_t *block)
{
	if (!span_int(count, 10, &values[0]) || !span_int(size, 10, &values[1]))
		return false;
	if (values[0] == 0)
		return values[1] == 0;
	*block = values[0] == -1 ? (int64_t)(0 - (uint64_t)values[1]) : values[1] / values[0];
	if (h->unsample)
		legacy_unsample(&values[0], &values[1], h->rate);
	return true;
}

static enum legacy_result read_sample(struct legacy *l, const struct heap_header *h,
				      const struct lines *at)
{
	struct label block = { .key = profile_intern(l->p, "bytes"), .is_num = true };
	struct span addresses;
	struct counts counts;
	int64_t values[4];
	size_t n = 0;

	if (!find_sample(span_trim(at->line), &counts, &addresses))
		return legacy_broken(l, "heap profile", at);
	if (h->has_all) {
		if (!read_values(h, counts.all, counts.all_bytes, values, &block.num))
			return legacy_broken(l, "heap profile", at);
		n = 2;
	}
	if (!read_values(h, counts.in_use, counts.in_use_bytes, values + n, &block.num) ||
	    !legacy_frames(l, addresses, ALL_RETURN))
		return legacy_broken(l, "heap profile", at);
	legacy_sample(l, values, &block);
	return LEGACY_OK;
}

static void set_types(struct legacy *l, const struct heap_header *h)
{
	legacy_period(l, "space", "bytes", h->rate);
	if (!h->has_all) {
		legacy_sample_type(l, "objects", "count");
		legacy_sample_type(l, "space", "bytes");
		return;
	}
	legacy_sample_type(l, "alloc_objects", "count");
	legacy_sample_type(l, "alloc_space", "bytes");
	legacy_sample_type(l, "inuse_objects", "count");
	legacy_sample_type(l, "inuse_space", "bytes");
}

enum legacy_result legacy_heap(struct legacy *l, const uint8_t *data, size_t n)
{
	struct lines lines = { .pos = (const char *)data, .end = (const char *)data + n };
	struct heap_header h;

	if (!lines_next(&lines) || read_header(lines.line, &h))
		return LEGACY_NOT_MINE;
	set_types(l, &h);
	while (lines_next(&lines) && !is_memory_map_start(lines.line)) {
		enum legacy_result rc;

		if (span_is_blank_or_comment(lines.line))
			continue;
		rc = read_sample(l, &h, &lines);
		if (rc)
			return rc;
	}
	return legacy_finish(l, &lines);
}
