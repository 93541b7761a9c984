/* legacy_java.c - profiles of the Java agent: heap, contention, the locations of CPU.
 *
 *	--- heapz 1 ---
 *	format = java
 *	resolution = bytes
 *	  7048     1 @ 0x00000003 0x00000004
 *
 *	 0x00000003 com.example.run (Source.java:12)
 *
 * Addresses only tie samples to the lines of the table and are dropped at the end, so that
 * profiles of two runs merge.
 */
#include "writer/legacy.h"

enum { HEAP_RATE = 512 * 1024 /* bytes for one sample, fixed in the agent */ };

enum java_kind { JAVA_HEAP, JAVA_CONTENTION };

static bool is_attribute_char(char c)
{
	return c == ' ' || c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* "words=words" anywhere in the line. */
static bool find_attribute(struct span line, struct span *key, struct span *value)
{
	struct scan c = { line.s, line.s + line.n };

	while (c.s < c.end) {
		struct scan at;

		if (!scan_while(&c, is_attribute_char, key)) {
			c.s++;
			continue;
		}
		at = c;
		if (scan_literal(&at, SPAN("=")) && scan_while(&at, is_attribute_char, value)) {
			*key = span_trim(*key);
			*value = span_trim(*value);
			return true;
		}
	}
	return false;
}

static void set_types(struct legacy *l, const char *count, const char *size, struct span unit)
{
	str_id id = strtab_add(l->p->strings, unit.s, unit.n);

	l->p->sample_types.n = 0;
	legacy_sample_type(l, count, "count");
	legacy_sample_type(l, size, profile_str(l->p, id));
}

static enum legacy_result read_attribute(struct legacy *l, enum java_kind kind, struct span key,
					 struct span value, const struct lines *at)
{
	int64_t ms;

	if (span_equals(key, SPAN("format")))
		return span_equals(value, SPAN("java")) ? LEGACY_OK : LEGACY_NOT_MINE;
	if (span_equals(key, SPAN("resolution"))) {
		if (kind == JAVA_HEAP)
			set_types(l, "inuse_objects", "inuse_space", value);
		else
			set_types(l, "contentions", "delay", value);
		return LEGACY_OK;
	}
	if (kind == JAVA_CONTENTION && span_equals(key, SPAN("sampling period"))) {
		legacy_period(l, "contentions", "count", 0);
		if (!span_int(value, 0, &l->p->period))
			return legacy_broken(l, "Java profile", at);
		return LEGACY_OK;
	}
	if (kind == JAVA_CONTENTION && span_equals(key, SPAN("ms since reset"))) {
		if (!span_int(value, 0, &ms))
			return legacy_broken(l, "Java profile", at);
		l->p->duration_nanos = (int64_t)((uint64_t)ms * 1000 * 1000);
		return LEGACY_OK;
	}
	return LEGACY_NOT_MINE;
}

/* "SIZE COUNT @ addresses" anywhere in the line. */
static bool find_sample(struct span line, struct span *size, struct span *count,
			struct span *addresses)
{
	struct scan c = { line.s, line.s + line.n };

	while (c.s < c.end) {
		struct scan at;

		if (!scan_while(&c, is_digit, size)) {
			c.s++;
			continue;
		}
		at = c;
		if (scan_blanks(&at) && scan_while(&at, is_digit, count) && scan_blanks(&at) &&
		    scan_literal(&at, SPAN("@")) && scan_blanks(&at)) {
			scan_while(&at, is_address_char, addresses);
			return true;
		}
	}
	return false;
}

static enum legacy_result add_sample(struct legacy *l, enum java_kind kind, struct span size,
				     struct span count, struct span addresses,
				     const struct lines *at)
{
	struct label block = { .key = profile_intern(l->p, "bytes"), .is_num = true };
	int64_t values[2];

	if (l->p->sample_types.n != 2)
		return legacy_broken(l, "Java profile (no resolution given)", at);
	if (!legacy_frames(l, addresses, NONE_RETURNS) || !span_int(count, 0, &values[0]) ||
	    !span_int(size, 0, &values[1]) || (kind == JAVA_HEAP && values[0] == 0))
		return legacy_broken(l, "Java profile", at);
	if (kind == JAVA_HEAP) {
		block.num = values[1] / values[0];
		legacy_unsample(&values[0], &values[1], HEAP_RATE);
	} else if (l->p->period) {
		values[0] = (int64_t)((uint64_t)values[0] * (uint64_t)l->p->period);
		values[1] = (int64_t)((uint64_t)values[1] * (uint64_t)l->p->period);
	}
	legacy_sample(l, values, kind == JAVA_HEAP ? &block : NULL);
	return LEGACY_OK;
}

/* ---- the table of locations ---- */

/* The last "(" with white space before it; NULL if there is none. */
static const char *last_parenthesis(struct span s)
{
	for (size_t i = s.n; i-- > 1;)
		if (s.s[i] == '(' && is_space(s.s[i - 1]))
			return s.s + i;
	return NULL;
}

static struct span base_name(struct span path)
{
	while (path.n > 1 && path.s[path.n - 1] == '/')
		path.n--;
	for (size_t i = path.n; i-- > 0;)
		if (path.s[i] == '/' && path.n > 1)
			return (struct span){ path.s + i + 1, path.n - i - 1 };
	return path.n ? path : SPAN(".");
}

struct java_line {
	struct span function, file;
	int64_t line;
};

/* "file:line)" from `file` on: false if it is something else. */
static bool parse_file_line(struct java_line *out, const char *file, const char *end)
{
	const char *colon = end - 1; /* at the closing parenthesis */

	while (colon > file && is_digit(colon[-1]))
		colon--;
	if (colon == end - 1)
		return false;
	if (colon > file && colon[-1] == '-')
		colon--;
	if (colon - 1 <= file || *--colon != ':')
		return false;
	out->file = (struct span){ file, (size_t)(colon - file) };
	if (!span_int((struct span){ colon + 1, (size_t)(end - 2 - colon) }, 10, &out->line) ||
	    out->line < 0)
		out->line = 0;
	return true;
}

/* "function (file:line)", "function (/path/of/library.so)", a stub of the JIT compiler, or a state
 * such as "GC". */
static struct java_line parse_line(struct span s)
{
	struct java_line out = { .function = s, .file = SPAN("") };
	const char *open = s.n && s.s[s.n - 1] == ')' ? last_parenthesis(s) : NULL;

	if (open) {
		const char *end = s.s + s.n;

		out.function = (struct span){ s.s, (size_t)(open - 1 - s.s) };
		if (!parse_file_line(&out, open + 1, end))
			out.file = base_name(
				(struct span){ open + 1, (size_t)(end - 1 - (open + 1)) });
	} else if (span_has(s, SPAN("generated stub/JIT"))) {
		out.function = SPAN("STUB");
	}
	return out;
}

/* The function of this name; the first file given for it stays. */
static uint32_t find_function(struct profile *p, struct id_map *by_name,
			      const struct java_line *line)
{
	str_id name = strtab_add(p->strings, line->function.s, line->function.n);
	uint32_t index = id_map_get(by_name, name);

	if (index != PROFILE_NONE)
		return index;
	index = (uint32_t)p->functions.n;
	*VEC_PUSH(&p->functions) = (struct function){
		.id = index + 1,
		.name = name,
		.system_name = name,
		.filename = strtab_add(p->strings, line->file.s, line->file.n),
	};
	id_map_add(by_name, name, index);
	return index;
}

static enum legacy_result read_location(struct legacy *l, struct id_map *by_name,
					const struct lines *at)
{
	struct span line = span_trim(at->line), digits;
	struct scan c = { line.s, line.s + line.n };
	struct java_line parsed;
	struct location *loc;
	uint64_t address;
	uint32_t index;

	if (!scan_literal(&c, SPAN("0x")) || !scan_while(&c, is_hex, &digits) || !scan_spaces(&c))
		return LEGACY_OK;
	if (!span_uint(digits, 16, &address))
		return legacy_broken(l, "Java profile", at);
	index = id_map_get(&l->by_address, address);
	if (index == PROFILE_NONE)
		return LEGACY_OK;
	parsed = parse_line((struct span){ c.s, (size_t)(c.end - c.s) });
	loc = &l->p->locations.v[index];
	loc->address = 0;
	loc->first_line = (uint32_t)l->p->lines.n;
	loc->n_lines = 1;
	*VEC_PUSH(&l->p->lines) = (struct line){
		.function = find_function(l->p, by_name, &parsed),
		.line = parsed.line,
	};
	return LEGACY_OK;
}

enum legacy_result legacy_java_locations(struct legacy *l, struct lines *lines)
{
	enum legacy_result rc = LEGACY_OK;
	struct id_map by_name;

	id_map_init(&by_name, 0);
	while (!rc && lines_next(lines))
		rc = read_location(l, &by_name, lines);
	id_map_release(&by_name);
	if (rc)
		return rc;
	legacy_renumber(l->p);
	rc = legacy_assign_mappings(l);
	for (size_t i = 0; i < l->p->locations.n; i++)
		l->p->locations.v[i].address = 0;
	return rc;
}

/* ---- the heap and contention profiles ---- */

/* Attributes, then samples; the first line that is neither belongs to the table of locations and is
 * left for it, as is a last line without an end. */
static enum legacy_result read_head(struct legacy *l, enum java_kind kind, struct lines *lines)
{
	struct lines at = *lines;
	bool in_header = true;

	while (memchr(at.pos, '\n', (size_t)(at.end - at.pos)) && lines_next(&at)) {
		struct span line = span_trim(at.line), first, second, addresses;
		enum legacy_result rc = LEGACY_OK;

		in_header = in_header && (!line.n || find_attribute(line, &first, &second));
		if (line.n && in_header)
			rc = read_attribute(l, kind, first, second, &at);
		else if (line.n && find_sample(line, &first, &second, &addresses))
			rc = add_sample(l, kind, first, second, addresses, &at);
		else if (line.n)
			return LEGACY_OK;
		if (rc)
			return rc;
		*lines = at;
	}
	return LEGACY_OK;
}

enum legacy_result legacy_java(struct legacy *l, const uint8_t *data, size_t n)
{
	struct lines lines = { .pos = (const char *)data, .end = (const char *)data + n };
	enum java_kind kind;
	enum legacy_result rc;

	if (!memchr(data, '\n', n) || !lines_next(&lines))
		return LEGACY_NOT_MINE;
	if (span_equals(span_trim(lines.line), SPAN("--- heapz 1 ---")))
		kind = JAVA_HEAP;
	else if (span_equals(span_trim(lines.line), SPAN("--- contentionz 1 ---")))
		kind = JAVA_CONTENTION;
	else
		return LEGACY_NOT_MINE;
	rc = read_head(l, kind, &lines);
	return rc ? rc : legacy_java_locations(l, &lines);
}
