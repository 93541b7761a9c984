/* folded.c - read folded stacks, as flamegraph.pl's family writes and reads them:
 *
 *	main;walk;crc32 27
 *
 * The root comes first, the value is behind the last blank, and a line that begins with '#' is a
 * comment.  Names are kept as they are, with the marks that some writers add ("_[k]").
 */
#include "writer/named_frames.h"
#include "writer/stack_text.h"

static bool split(struct span line, struct span *stack, int64_t *value)
{
	size_t n = line.n;

	while (n > 0 && is_digit(line.s[n - 1]))
		n--;
	if (n < line.n && n > 0 && line.s[n - 1] == '-') /* of a comparison */
		n--;
	if (n == line.n || n < 2 || (line.s[n - 1] != ' ' && line.s[n - 1] != '\t'))
		return false;
	*stack = span_trim((struct span){ line.s, n - 1 });
	return stack->n > 0 && span_int((struct span){ line.s + n, line.n - n }, 10, value);
}

static void add_frame(struct named_frames *f, const char *name, size_t n)
{
	str_id id = strtab_add(f->p->strings, name, n);
	struct line line = { .function = named_function(f, id, 0) };

	*VEC_PUSH(&f->stack) = named_location(f, 0, PROFILE_NONE, &line, 1);
}

static void add_sample(struct named_frames *f, struct span stack, int64_t value)
{
	f->stack.n = 0;
	for (size_t end = stack.n; end > 0;) {
		size_t start = end;

		while (start > 0 && stack.s[start - 1] != ';')
			start--;
		if (end > start)
			add_frame(f, stack.s + start, end - start);
		end = start > 0 ? start - 1 : 0;
	}
	profile_add_sample(f->p, &value, f->stack.v, f->stack.n, NULL, 0);
}

static void add_header(struct profile *p)
{
	const struct value_type count = { profile_intern(p, "samples"),
					  profile_intern(p, "count") };

	*VEC_PUSH(&p->sample_types) = count;
	p->period_type = count;
	p->period = 1;
}

enum legacy_result folded_decode(struct profile *p, const uint8_t *data, size_t n, struct err *err)
{
	struct lines lines = { .pos = (const char *)data, .end = (const char *)data + n };
	struct named_frames f;
	struct span stack;
	int64_t value;

	while (lines_next(&lines) && span_is_blank_or_comment(lines.line))
		;
	if (!split(lines.line, &stack, &value) || !span_has(stack, SPAN(";")))
		return LEGACY_NOT_MINE;
	add_header(p);
	named_frames_init(&f, p);
	do {
		if (span_is_blank_or_comment(lines.line))
			continue;
		if (!split(lines.line, &stack, &value)) {
			err_set(err, SONDE_EFORMAT, "malformed folded stack at line %zu: %.*s",
				lines.number, (int)(lines.line.n < 80 ? lines.line.n : 80),
				lines.line.s);
			named_frames_release(&f);
			return LEGACY_BROKEN;
		}
		add_sample(&f, stack, value);
	} while (lines_next(&lines));
	named_frames_release(&f);
	return LEGACY_OK;
}
