/* legacy_maps.c - the memory map at the end of the older formats, and where each location is in it.
 *
 * Two line formats, told apart by trying, after a log prefix ("... file.cc:12] ") has been cut off:
 *
 *	00400000-00fcb000 r-xp 00000000 08:01 1234 /path      as in /proc/PID/maps
 *	0x40000-0x80000: /path (@ff00) 1234abcd               brief: with offset and build id, if known
 *
 * A line "name=value" defines $name for the lines after it.  What is none of these is skipped.
 * Only executable mappings are kept.
 */
#include "writer/legacy.h"

enum {
	MOST_VARIABLES = 64,  /* gperftools defines one, "build" */
	LONGEST_LINE = 65536, /* with the variables put in: each may double the one before */
};

/* Of matching locations with mappings: seconds. */
static const uint64_t MOST_STEPS = (uint64_t)1 << 33;

struct variable {
	struct span name, value;
};

struct map_reader {
	struct arena *arena; /* of names and values */
	char *line;	     /* LONGEST_LINE bytes: the line with the variables put in */
	struct variable variables[MOST_VARIABLES];
	size_t n_variables;
};

bool is_memory_map_start(struct span line)
{
	return span_has(line, SPAN("--- Memory map: ---")) ||
	       span_has(line, SPAN("MAPPED_LIBRARIES:"));
}

/* ---- lines ---- */

static struct span cut_log_prefix(struct span line)
{
	size_t end = 0, digits;

	while (end < line.n && line.s[end] != '[' && line.s[end] != ']')
		end++;
	digits = end;
	while (digits && is_digit(line.s[digits - 1]))
		digits--;
	if (end + 1 >= line.n || line.s[end] != ']' || !is_space(line.s[end + 1]) ||
	    digits == end || digits < 2 || line.s[digits - 1] != ':')
		return line;
	return (struct span){ line.s + end + 2, line.n - end - 2 };
}

static const struct variable *find_variable(const struct map_reader *r, struct span at)
{
	for (size_t i = 0; i < r->n_variables; i++)
		if (span_starts(at, r->variables[i].name))
			return &r->variables[i];
	return NULL;
}

/* Put the values of variables in; false: the line gets too long.  *out is good for one line. */
static bool expand(struct map_reader *r, struct span line, struct span *out)
{
	size_t n = 0;

	*out = line;
	if (!r->n_variables || !memchr(line.s, '$', line.n))
		return true;
	if (line.n > LONGEST_LINE)
		return false;
	for (size_t i = 0; i < line.n;) {
		struct span rest = { line.s + i, line.n - i };
		const struct variable *v = line.s[i] == '$' ? find_variable(r, rest) : NULL;
		struct span piece = v ? v->value : (struct span){ rest.s, 1 };

		if (piece.n > LONGEST_LINE - n)
			return false;
		memcpy(r->line + n, piece.s, piece.n);
		n += piece.n;
		i += v ? v->name.n : 1;
	}
	*out = (struct span){ r->line, n };
	return true;
}

static void define_variable(struct map_reader *r, struct span line)
{
	const char *equals = memchr(line.s, '=', line.n);
	struct span name, value;
	char *with_dollar;

	if (!equals || r->n_variables == MOST_VARIABLES || line.n > LONGEST_LINE)
		return;
	name = span_trim((struct span){ line.s, (size_t)(equals - line.s) });
	value = span_trim((struct span){ equals + 1, (size_t)(line.s + line.n - equals - 1) });
	with_dollar = arena_alloc(r->arena, name.n + 1);
	with_dollar[0] = '$';
	memcpy(with_dollar + 1, name.s, name.n);
	r->variables[r->n_variables++] = (struct variable){
		{ with_dollar, name.n + 1 },
		{ arena_strndup(r->arena, value.s, value.n), value.n },
	};
}

/* ---- fields of a line ---- */

struct map_line {
	struct span start, end, permissions, offset, file, build_id;
};

/* An optional "0x", then digits. */
static bool scan_hex(struct scan *c, struct span *digits)
{
	struct scan at = *c;

	if (scan_literal(&at, SPAN("0x")) && scan_while(&at, is_hex, digits)) {
		*c = at;
		return true;
	}
	return scan_while(c, is_hex, digits);
}

/* "START-END" or "START END". */
static bool scan_range(struct scan *c, struct map_line *m)
{
	struct scan at = *c;

	scan_spaces(&at);
	if (!scan_hex(&at, &m->start))
		return false;
	if (!scan_literal(&at, SPAN("-")) && !scan_spaces(&at))
		return false;
	scan_spaces(&at);
	if (!scan_hex(&at, &m->end))
		return false;
	scan_literal(&at, SPAN(":"));
	*c = at;
	return true;
}

/* The pattern of a range does not ask for anything between its two numbers, so that where the above
 * finds none it cuts the last digit off the first number. */
static bool scan_cut_range(struct scan *c, struct map_line *m)
{
	struct scan at = *c;

	scan_spaces(&at);
	if (!scan_hex(&at, &m->start) || m->start.n < 2)
		return false;
	m->start.n--;
	at.s--;
	if (!scan_hex(&at, &m->end))
		return false;
	scan_literal(&at, SPAN(":"));
	*c = at;
	return true;
}

static bool is_permission(char c)
{
	return c == '-' || c == 'r' || c == 'w' || c == 'x' || c == 'p';
}

static bool is_word_char(char c)
{
	return !is_space(c);
}

/* White space and a word; nothing is taken if either is missing. */
static bool scan_word(struct scan *c, bool (*is)(char), struct span *word)
{
	struct scan at = *c;

	if (!scan_spaces(&at) || !scan_while(&at, is, word))
		return false;
	*c = at;
	return true;
}

/* " MAJOR:MINOR INODE" */
static bool scan_device(struct scan *c)
{
	struct scan at = *c;

	if (!scan_word(&at, is_hex, NULL) || !scan_literal(&at, SPAN(":")) ||
	    !scan_while(&at, is_hex, NULL) || !scan_word(&at, is_digit, NULL))
		return false;
	*c = at;
	return true;
}

static bool scan_proc_line(struct scan c, struct map_line *m)
{
	struct scan with_offset;

	scan_word(&c, is_permission, &m->permissions);
	with_offset = c;
	if (scan_word(&with_offset, is_hex, &m->offset) && scan_device(&with_offset)) {
		c = with_offset;
	} else {
		m->offset = SPAN("");
		if (!scan_device(&c))
			return false;
	}
	scan_word(&c, is_word_char, &m->file);
	return true;
}

static void scan_brief_line(struct scan c, struct map_line *m)
{
	struct span offset;
	struct scan at;

	scan_word(&c, is_permission, &m->permissions);
	scan_word(&c, is_word_char, &m->file);
	at = c;
	if (scan_spaces(&at) && scan_literal(&at, SPAN("(@")) && scan_while(&at, is_hex, &offset) &&
	    scan_literal(&at, SPAN(")"))) {
		m->offset = offset;
		c = at;
	}
	scan_word(&c, is_hex, &m->build_id);
}

static bool scan_map_line(struct span line, struct map_line *m)
{
	static bool (*const ranges[])(struct scan *, struct map_line *) = { scan_range,
									    scan_cut_range };
	const struct map_line none = { .start = { "", 0 } };

	for (int is_brief = 0; is_brief < 2; is_brief++)
		for (int i = 0; i < 2; i++) {
			struct scan c = { line.s, line.s + line.n };

			*m = none;
			if (!ranges[i](&c, m))
				continue;
			if (is_brief)
				scan_brief_line(c, m);
			if (is_brief || scan_proc_line(c, m))
				return true;
		}
	return false;
}

/* False: not a mapping. */
static bool read_mapping(struct profile *p, struct span line)
{
	struct mapping m = { 0 };
	struct map_line f;

	if (!scan_map_line(line, &f))
		return false;
	if (f.permissions.n && !memchr(f.permissions.s, 'x', f.permissions.n))
		return true;
	if (!span_uint(f.start, 16, &m.start) || !span_uint(f.end, 16, &m.limit) ||
	    (f.offset.n && !span_uint(f.offset, 16, &m.offset)))
		return false;
	m.file = strtab_add(p->strings, f.file.n ? f.file.s : "", f.file.n);
	m.build_id = strtab_add(p->strings, f.build_id.n ? f.build_id.s : "", f.build_id.n);
	*VEC_PUSH(&p->mappings) = m;
	return true;
}

/* ---- mappings ---- */

/* Two halves of one mapping? */
static bool are_adjacent(const struct mapping *a, const struct mapping *b)
{
	if (a->limit != b->start)
		return false;
	if ((a->file && b->file && a->file != b->file) ||
	    (a->build_id && b->build_id && a->build_id != b->build_id))
		return false;
	return !a->offset || !b->offset || a->offset + (a->limit - a->start) == b->offset;
}

static void join_adjacent(struct profile *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->mappings.n; i++) {
		struct mapping *last = &p->mappings.v[n - (n > 0)], *m = &p->mappings.v[i];

		if (n == 0 || !are_adjacent(last, m)) {
			p->mappings.v[n++] = *m;
			continue;
		}
		last->limit = m->limit;
		if (m->file)
			last->file = m->file;
		if (m->build_id)
			last->build_id = m->build_id;
	}
	p->mappings.n = n;
}

/* ".so" at the end, or ".so." or ".so_" and a digit. */
static bool is_library(struct span file)
{
	for (size_t i = 0; i + 3 <= file.n; i++) {
		if (memcmp(file.s + i, ".so", 3) != 0)
			continue;
		if (i + 3 == file.n)
			return true;
		if (i + 4 < file.n && (file.s[i + 3] == '.' || file.s[i + 3] == '_') &&
		    is_digit(file.s[i + 4]))
			return true;
	}
	return false;
}

static bool may_be_main(const struct profile *p, const struct mapping *m)
{
	struct span file = { profile_str(p, m->file), strtab_len(p->strings, m->file) };

	if (file.n >= 9 && memcmp(file.s + file.n - 9, "(deleted)", 9) == 0)
		file.n -= 9;
	file = span_trim(file);
	return file.n && file.s[0] != '[' && !is_library(file);
}

/* The main binary comes first in a profile. */
static void move_main_first(struct profile *p)
{
	for (size_t i = 0; i < p->mappings.n; i++)
		if (may_be_main(p, &p->mappings.v[i])) {
			struct mapping first = p->mappings.v[0];

			p->mappings.v[0] = p->mappings.v[i];
			p->mappings.v[i] = first;
			return;
		}
}

/* Huge pages that stand in for the first part of the binary, and a binary whose start was moved up
 * with its offset. */
static void mend_main(struct profile *p)
{
	const uint64_t usual_start = 0x400000;
	struct mapping *m = p->mappings.v;

	if (p->mappings.n > 1 && strncmp(profile_str(p, m->file), "/anon_hugepage", 14) == 0 &&
	    m[0].limit == m[1].start)
		memmove(m, m + 1, --p->mappings.n * sizeof(*m));
	if (p->mappings.n && m->start - m->offset == usual_start) {
		m->start = usual_start;
		m->offset = 0;
	}
}

static uint32_t find_mapping(struct profile *p, uint64_t address)
{
	struct mapping *m = p->mappings.v;

	for (size_t i = 0; i < p->mappings.n; i++)
		if (m[i].start <= address && address < m[i].limit)
			return (uint32_t)i;
	/* Some writers leave out the first part of a mapping that is split in two. */
	for (size_t i = 0; i < p->mappings.n; i++)
		if (m[i].offset && m[i].start - m[i].offset <= address && address < m[i].start) {
			m[i].start -= m[i].offset;
			m[i].offset = 0;
			return (uint32_t)i;
		}
	return PROFILE_NONE;
}

enum legacy_result legacy_assign_mappings(struct legacy *l)
{
	struct profile *p = l->p;
	uint32_t unknown =
		PROFILE_NONE; /* one mapping of everything, for addresses outside of all */
	uint64_t steps = 0;

	mend_main(p);
	for (size_t i = 0; i < p->locations.n; i++) {
		struct location *loc = &p->locations.v[i];

		if (loc->address == 0)
			continue;
		steps += 2 * p->mappings.n;
		if (steps > MOST_STEPS) {
			err_set(l->err, SONDE_EFORMAT,
				"malformed memory map: %zu mappings for %zu addresses",
				p->mappings.n, p->locations.n);
			return LEGACY_BROKEN;
		}
		loc->mapping = find_mapping(p, loc->address);
		if (loc->mapping != PROFILE_NONE)
			continue;
		if (unknown == PROFILE_NONE) {
			unknown = (uint32_t)p->mappings.n;
			*VEC_PUSH(&p->mappings) = (struct mapping){ .limit = UINT64_MAX };
		}
		loc->mapping = unknown;
	}
	for (size_t i = 0; i < p->mappings.n; i++)
		p->mappings.v[i].id = i + 1;
	return LEGACY_OK;
}

enum legacy_result legacy_read_map(struct legacy *l, struct lines *lines)
{
	struct map_reader r = { .arena = arena_new(ARENA_DIE) };
	bool too_long = false;

	r.line = arena_alloc(r.arena, LONGEST_LINE);
	while (!too_long && lines_next(lines)) {
		struct span line;

		too_long = !expand(&r, cut_log_prefix(lines->line), &line);
		if (!too_long && !read_mapping(l->p, line))
			define_variable(&r, line);
	}
	arena_free(r.arena);
	if (too_long)
		return legacy_broken(l, "memory map", lines);
	join_adjacent(l->p);
	move_main_first(l->p);
	legacy_renumber(l->p);
	return legacy_assign_mappings(l);
}

enum legacy_result legacy_finish(struct legacy *l, struct lines *lines)
{
	while (!is_memory_map_start(lines->line) && lines_next(lines))
		;
	return legacy_read_map(l, lines);
}
