/* legacy_contention.c - lock contention as C++ servers and Go before 1.9 wrote it.
 *
 *	--- contentionz 1 ---
 *	cycles/second = 3201000000
 *	sampling period = 100
 *	ms since reset = 16502830
 *	discarded samples = 0
 *	  19490304       27 @ 0xbccc97 0xc61202 0x42ed5f
 *
 * The first number of a sample is the time, in cycles when the header says how many a second
 * has, else in nanoseconds; the second is how often.
 */
#include "writer/legacy.h"

/* "key = value" lines.  Stops at the first line that is none. */
static enum legacy_result read_header(struct legacy *l, struct lines *lines,
				      int64_t *cycles_per_second)
{
	while (lines_next(lines)) {
		struct span line = span_trim(lines->line), key, value;
		const char *equals;
		int64_t ms;

		if (span_is_blank_or_comment(line))
			continue;
		equals = memchr(line.s, '=', line.n);
		if (!equals || span_starts(line, SPAN("---")))
			return LEGACY_OK;
		key = span_trim((struct span){ line.s, (size_t)(equals - line.s) });
		value = span_trim(
			(struct span){ equals + 1, (size_t)(line.s + line.n - equals - 1) });
		if (span_equals(key, SPAN("cycles/second"))) {
			if (!span_int(value, 0, cycles_per_second))
				return LEGACY_NOT_MINE;
		} else if (span_equals(key, SPAN("sampling period"))) {
			if (!span_int(value, 0, &l->p->period))
				return LEGACY_NOT_MINE;
		} else if (span_equals(key, SPAN("ms since reset"))) {
			if (!span_int(value, 0, &ms))
				return LEGACY_NOT_MINE;
			l->p->duration_nanos = (int64_t)((uint64_t)ms * 1000 * 1000);
		} else if (!span_equals(key, SPAN("discarded samples"))) {
			return LEGACY_NOT_MINE; /* "format" and "resolution" are Java's */
		}
	}
	return LEGACY_OK;
}

/* "TIME COUNT @ addresses" anywhere in the line.  Where no blank parts the two, the last digit is
 * the count: that is how the pattern `(\d+) *(\d+) @` reads it. */
static bool find_sample(struct span line, struct span *time, struct span *count,
			struct span *addresses)
{
	struct scan c = { line.s, line.s + line.n };

	while (c.s < c.end) {
		struct scan at;

		if (!scan_while(&c, is_digit, time)) {
			c.s++;
			continue;
		}
		at = c;
		scan_blanks(&at);
		if (!scan_while(&at, is_digit, count)) {
			at = c;
			*count = (struct span){ time->s + time->n - 1, 1 };
			time->n--;
		}
		if (time->n && scan_literal(&at, SPAN(" @"))) {
			scan_while(&at, is_address_char, addresses);
			return true;
		}
	}
	return false;
}

static enum legacy_result read_sample(struct legacy *l, const struct lines *at,
				      int64_t cycles_per_second)
{
	struct span time, count, addresses;
	int64_t values[2];

	if (!find_sample(span_trim(at->line), &time, &count, &addresses))
		return LEGACY_NOT_MINE;
	if (!span_int(time, 10, &values[1]) || !span_int(count, 10, &values[0]) ||
	    !legacy_frames(l, addresses, ALL_RETURN))
		return legacy_broken(l, "contention profile", at);
	if (l->p->period > 0) {
		double ghz = (double)cycles_per_second / 1e9;

		if (cycles_per_second > 0)
			values[1] = legacy_to_int64((double)values[1] * (double)l->p->period / ghz);
		values[0] = (int64_t)((uint64_t)values[0] * (uint64_t)l->p->period);
	}
	legacy_sample(l, values, NULL);
	return LEGACY_OK;
}

enum legacy_result legacy_contention(struct legacy *l, const uint8_t *data, size_t n)
{
	struct lines lines = { .pos = (const char *)data, .end = (const char *)data + n };
	int64_t cycles_per_second = 0;
	enum legacy_result rc;

	if (!lines_next(&lines) || (!span_starts(lines.line, SPAN("--- contentionz ")) &&
				    !span_starts(lines.line, SPAN("--- mutex:")) &&
				    !span_starts(lines.line, SPAN("--- contention:"))))
		return LEGACY_NOT_MINE;
	legacy_period(l, "contentions", "count", 1);
	legacy_sample_type(l, "contentions", "count");
	legacy_sample_type(l, "delay", "nanoseconds");
	rc = read_header(l, &lines, &cycles_per_second);
	if (rc)
		return rc;
	do {
		if (span_starts(span_trim(lines.line), SPAN("---")))
			break;
		if (!span_is_blank_or_comment(lines.line))
			rc = read_sample(l, &lines, cycles_per_second);
	} while (!rc && lines_next(&lines));
	return rc ? rc : legacy_finish(l, &lines);
}
