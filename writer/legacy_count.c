/* legacy_count.c - Go's textual counts: goroutine, threadcreate and the like.
 *
 *	goroutine profile: total 7
 *	1 @ 0x44cb3 0x45045
 *	#	0x44cb2	a comment about the line above
 */
#include "writer/legacy.h"

static bool is_type_char(char c)
{
	return !is_space(c);
}

static bool read_header(struct span line, struct span *type)
{
	struct scan c = { line.s, line.s + line.n };

	return scan_while(&c, is_type_char, type) && scan_literal(&c, SPAN(" profile: total ")) &&
	       scan_while(&c, is_digit, NULL) && c.s == c.end;
}

static bool read_sample(struct legacy *l, struct span line)
{
	struct scan c = { line.s, line.s + line.n };
	struct span count, address;
	int64_t value;
	uint64_t u;

	if (!scan_while(&c, is_digit, &count) || !span_int(count, 0, &value) ||
	    !scan_literal(&c, SPAN(" @")) || c.s == c.end)
		return false;
	while (c.s < c.end) {
		if (!scan_literal(&c, SPAN(" 0x")) || !scan_while(&c, is_lower_hex, &address) ||
		    !span_uint(address, 16, &u))
			return false;
		legacy_frame(l, u - 1); /* a return address: on the call */
	}
	legacy_sample(l, &value, NULL);
	return true;
}

enum legacy_result legacy_count(struct legacy *l, const uint8_t *data, size_t n)
{
	struct lines lines = { .pos = (const char *)data, .end = (const char *)data + n };
	struct span type;
	const char *name;

	while (lines_next(&lines) && span_is_blank_or_comment(lines.line))
		;
	if (!read_header(lines.line, &type))
		return LEGACY_NOT_MINE;
	name = profile_str(l->p, strtab_add(l->p->strings, type.s, type.n));
	legacy_sample_type(l, name, "count");
	legacy_period(l, name, "count", 1);
	while (lines_next(&lines) && !span_starts(lines.line, SPAN("---"))) {
		if (span_is_blank_or_comment(lines.line))
			continue;
		if (!read_sample(l, lines.line))
			return legacy_broken(l, "count profile", &lines);
	}
	return legacy_finish(l, &lines);
}
