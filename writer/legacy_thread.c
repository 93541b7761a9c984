/* legacy_thread.c - the stacks of all threads at one moment, from a server's /threadz page.
 *
 *	--- threadz 1 ---
 *
 *	--- Thread 7eff063d9940 (name: main/25376) stack: ---
 *	  PC: 0xbc8f1c 0xbcae55 0xbcb5f5
 *	--- Thread 7eff04b95700 (name: thread1/25380) stack: ---
 *	  [same as previous thread]
 */
#include "writer/legacy.h"

static bool is_page_start(struct span line)
{
	struct scan c = { line.s, line.s + line.n };

	for (; c.s < c.end; c.s++) {
		struct scan at = c;

		if (scan_literal(&at, SPAN("--- threadz ")) && scan_while(&at, is_digit, NULL) &&
		    scan_literal(&at, SPAN(" ---")))
			return true;
	}
	return false;
}

static bool is_thread_end(struct scan c)
{
	return scan_literal(&c, SPAN("/")) && scan_while(&c, is_digit, NULL) &&
	       scan_literal(&c, SPAN(") stack: ---"));
}

/* "--- Thread HEX (name: NAME/NUMBER) stack: ---" anywhere in the line. */
static bool is_thread_start(struct span line)
{
	struct scan c = { line.s, line.s + line.n };
	bool has_name = false;

	for (; c.s < c.end && !has_name; c.s++) {
		struct scan at = c;

		has_name = scan_literal(&at, SPAN("--- Thread ")) &&
			   scan_while(&at, is_hex, NULL) && scan_literal(&at, SPAN(" (name: "));
		if (has_name)
			c.s = at.s - 1; /* go on after the piece that was found */
	}
	for (; c.s < c.end; c.s++)
		if (is_thread_end(c))
			return true;
	return false;
}

/* Read the frames of one thread.  Returns false if one is malformed; *next is the line after it. */
static bool read_stack(struct legacy *l, struct lines *lines, struct span *next, bool *same)
{
	*same = false;
	*next = SPAN("");
	while (lines_next(lines)) {
		*next = span_trim(lines->line);
		if (span_starts(*next, SPAN("---")))
			return true;
		if (span_has(*next, SPAN("same as previous thread")))
			*same = true;
		else if (!legacy_frames(l, *next, CALLERS_RETURN))
			return false;
	}
	return true;
}

static void add_thread(struct legacy *l, bool same)
{
	static const int64_t one = 1;

	if (!same && l->stack.n)
		legacy_sample(l, &one, NULL);
	else if (l->p->values.n)
		l->p->values.v[l->p->values.n - 1]++;
	l->stack.n = 0;
}

enum legacy_result legacy_thread(struct legacy *l, const uint8_t *data, size_t n)
{
	struct lines lines = { .pos = (const char *)data, .end = (const char *)data + n };
	enum legacy_result rc;
	struct span line;

	while (lines_next(&lines) && span_is_blank_or_comment(lines.line))
		;
	if (is_page_start(lines.line))
		while (lines_next(&lines) && !is_memory_map_start(lines.line) &&
		       !span_starts(lines.line, SPAN("-")))
			;
	else if (!is_thread_start(lines.line))
		return LEGACY_NOT_MINE;
	legacy_sample_type(l, "thread", "count");
	legacy_period(l, "thread", "count", 1);
	line = lines.line;
	while (!is_memory_map_start(line) && !span_starts(line, SPAN("---- no stack trace for"))) {
		bool same;

		if (!is_thread_start(line))
			return LEGACY_NOT_MINE;
		if (!read_stack(l, &lines, &line, &same))
			return legacy_broken(l, "thread profile", &lines);
		add_thread(l, same);
	}
	rc = legacy_finish(l, &lines);
	if (!rc)
		legacy_drop_double_leaves(l->p);
	return rc;
}
