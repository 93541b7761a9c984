/* perf_script.c - read what `perf script` prints:
 *
 *	comm  1234/1235 [001] 12345.678901:    1000000 cpu-clock:u:
 *	        7f12a0b1c2d3 inner+0x13 (inlined)
 *	        7f12a0b1c2d3 outer+0x13 (/usr/lib/libx.so)
 *	          source.c:17
 *	        55d0c0de1234 [unknown] (/usr/bin/program)
 *
 * and a blank line; or, where stacks were not recorded, the only frame behind the event.  The command may have blanks in it; the process, the CPU and the period may be
 * missing, as well as the line of the source, which belongs to the frame above it.  Functions that
 * were inlined come before the one that holds them, with its address.  Each event becomes a sample
 * type beside the number of samples; what the kernel's clocks count is nanoseconds of CPU time.
 */
#include "writer/named_frames.h"
#include "writer/stack_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EVENTS = 32, MOST_INLINED = 256 };

struct header {
	struct span comm, event;
	struct span frame; /* on the same line, where stacks were not recorded */
	int64_t tid, period;
	double time; /* seconds */
};

struct perf_script {
	struct named_frames f;
	str_id thread_key, tid_key;
	size_t n_events;
	str_id events[MOST_EVENTS];
	double first_time, last_time;
	struct hash_map commands; /* the names that threads had */

	/* the sample that is being read */
	struct header header;
	bool in_sample;
	struct line lines[MOST_INLINED]; /* of the location that is not whole yet */
	size_t n_lines;
	uint64_t address;
	uint32_t mapping;
	bool pending; /* it is whole but for a line of the source */
};

/* ---- the line of a sample ---- */

static struct span last_word(struct span *s)
{
	struct span word;
	size_t n;

	*s = span_trim(*s);
	for (n = s->n; n > 0 && !is_space(s->s[n - 1]); n--)
		;
	word = (struct span){ s->s + n, s->n - n };
	s->n = n;
	return word;
}

static bool all(struct span s, bool (*is)(char))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.s[i]))
			return false;
	return s.n > 0;
}

/* "12345.678901:" */
static bool read_time(struct span word, double *seconds)
{
	size_t digits = 0;
	char text[32], *end;

	if (word.n < 4 || word.n >= sizeof(text) || word.s[word.n - 1] != ':')
		return false;
	for (size_t i = 0; i + 1 < word.n; i++) {
		if (!is_digit(word.s[i]) && word.s[i] != '.')
			return false;
		digits += is_digit(word.s[i]);
	}
	if (digits + 2 != word.n)
		return false;
	memcpy(text, word.s, word.n - 1);
	text[word.n - 1] = 0;
	*seconds = strtod(text, &end);
	return !*end;
}

/* "comm 1234/1235 [001]" */
static bool read_thread(struct span s, struct header *h)
{
	struct span word = last_word(&s);
	const char *slash;

	if (word.n > 2 && word.s[0] == '[')
		word = last_word(&s);
	slash = memchr(word.s, '/', word.n);
	if (slash)
		word = (struct span){ slash + 1, word.n - (size_t)(slash + 1 - word.s) };
	h->comm = span_trim(s);
	return h->comm.n > 0 && all(word, is_digit) && span_int(word, 10, &h->tid);
}

/* "1000000 cpu-clock:u:", or only the event; a frame may follow */
static bool read_event(struct span s, struct header *h)
{
	struct span number;
	size_t digits = 0, name = 0;

	s = span_trim(s);
	while (digits < s.n && is_digit(s.s[digits]))
		digits++;
	number = (struct span){ s.s, digits };
	h->period = 1;
	if (digits && digits < s.n && is_space(s.s[digits])) {
		if (!span_int(number, 10, &h->period))
			return false;
		s = span_trim((struct span){ s.s + digits, s.n - digits });
	}
	for (size_t i = 0; i < s.n && !is_space(s.s[i]); i++)
		name = i + 1;
	if (name < 2 || s.s[name - 1] != ':')
		return false;
	h->frame = span_trim((struct span){ s.s + name, s.n - name });
	h->event = (struct span){ s.s, (size_t)((const char *)memchr(s.s, ':', name) - s.s) };
	return h->event.n > 0;
}

static bool read_header(struct span line, struct header *h)
{
	line = span_trim(line);
	for (size_t i = 0; i + 1 < line.n; i++) {
		size_t end = i + 1;

		if (!is_space(line.s[i]) || !is_digit(line.s[end]))
			continue;
		while (end < line.n && !is_space(line.s[end]))
			end++;
		if (read_time((struct span){ line.s + i + 1, end - i - 1 }, &h->time))
			return read_thread((struct span){ line.s, i }, h) &&
			       read_event((struct span){ line.s + end, line.n - end }, h);
	}
	return false;
}

/* ---- frames ---- */

static void finish_location(struct perf_script *s)
{
	if (!s->pending)
		return;
	*VEC_PUSH(&s->f.stack) =
		named_location(&s->f, s->address, s->mapping, s->lines, s->n_lines);
	s->n_lines = 0;
	s->pending = false;
}

static struct span without_offset(struct span symbol)
{
	for (size_t i = symbol.n; i > 3; i--) {
		if (!is_hex(symbol.s[i - 1]))
			return symbol.s[i - 1] == 'x' && symbol.s[i - 2] == '0' &&
					       symbol.s[i - 3] == '+'
				       ? (struct span){ symbol.s, i - 3 }
				       : symbol;
	}
	return symbol;
}

/* "7f12a0b1c2d3 symbol+0x13 (/usr/lib/libx.so)" */
static bool read_frame(struct perf_script *s, struct span line)
{
	struct span rest = span_trim(line), file;
	size_t digits = 0, open;
	uint64_t address;

	while (digits < rest.n && is_hex(rest.s[digits]))
		digits++;
	if (!digits || !span_uint((struct span){ rest.s, digits }, 16, &address) ||
	    rest.s[rest.n - 1] != ')')
		return false;
	for (open = rest.n - 1; open > digits && !(rest.s[open] == '(' && rest.s[open - 1] == ' ');)
		open--;
	if (open <= digits)
		return false;
	file = (struct span){ rest.s + open + 1, rest.n - open - 2 };
	rest = without_offset(span_trim((struct span){ rest.s + digits, open - digits }));
	finish_location(s);
	if (rest.n && !span_equals(rest, SPAN("[unknown]")) && s->n_lines < MOST_INLINED)
		s->lines[s->n_lines++] = (struct line){
			.function = named_function(&s->f,
						   strtab_add(s->f.p->strings, rest.s, rest.n), 0)
		};
	if (span_equals(file, SPAN("inlined")))
		return true;
	s->address = address;
	s->mapping = PROFILE_NONE;
	if (!span_equals(file, SPAN("[unknown]")))
		s->mapping = named_mapping(&s->f, strtab_add(s->f.p->strings, file.s, file.n));
	s->pending = true;
	return true;
}

/* "source.c:17" below a frame; other words there are of no use. */
static void read_source(struct perf_script *s, struct span line)
{
	const char *colon;
	struct line *last;
	struct span file;
	int64_t number;

	line = span_trim(line);
	colon = memrchr(line.s, ':', line.n);
	if (!colon || s->n_lines == 0)
		return;
	file = (struct span){ line.s, (size_t)(colon - line.s) };
	if (!file.n || !span_int((struct span){ colon + 1, line.n - file.n - 1 }, 10, &number))
		return;
	last = &s->lines[s->n_lines - 1];
	last->function = named_function(&s->f, s->f.p->functions.v[last->function].name,
					strtab_add(s->f.p->strings, file.s, file.n));
	last->line = number;
}

/* ---- the program ---- */

enum { COMMAND_BYTES = 15 }; /* of a thread's name, which the kernel cuts */

/* (Equal hashes are equal names: hash_mix is reversible.) */
static void note_command(struct perf_script *s, str_id name)
{
	uint32_t *at = hash_map_first(&s->commands, hash_mix(name));

	if (*at != HASH_MAP_NONE)
		return;
	*at = name;
	hash_map_added(&s->commands, at, hash_mix(name));
}

static bool is_of_a_command(struct perf_script *s, str_id file)
{
	const char *path = profile_str(s->f.p, file), *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	str_id id = strtab_add(s->f.p->strings, name, strnlen(name, COMMAND_BYTES));

	return *hash_map_first(&s->commands, hash_mix(id)) != HASH_MAP_NONE;
}

/* The first mapping stands for the program: not the loader, which most begin in. */
static void put_program_first(struct perf_script *s)
{
	struct profile *p = s->f.p;
	uint32_t main = 0;
	struct mapping m;

	while (main < p->mappings.n && !is_of_a_command(s, p->mappings.v[main].file))
		main++;
	if (main == 0 || main == p->mappings.n)
		return;
	m = p->mappings.v[main];
	memmove(p->mappings.v + 1, p->mappings.v, main * sizeof(m));
	p->mappings.v[0] = m;
	for (uint32_t i = 0; i <= main; i++)
		p->mappings.v[i].id = i + 1;
	for (size_t i = 0; i < p->locations.n; i++) {
		uint32_t *of = &p->locations.v[i].mapping;

		if (*of == main)
			*of = 0;
		else if (*of < main)
			++*of;
	}
}

/* ---- samples ---- */

static size_t find_event(struct perf_script *s, struct span event)
{
	str_id id = strtab_add(s->f.p->strings, event.s, event.n);

	for (size_t i = 0; i < s->n_events; i++)
		if (s->events[i] == id)
			return i;
	if (s->n_events == MOST_EVENTS)
		return MOST_EVENTS - 1;
	s->events[s->n_events] = id;
	return s->n_events++;
}

static void finish_sample(struct perf_script *s)
{
	struct profile *p = s->f.p;
	int64_t values[1 + MOST_EVENTS] = { 1 };
	struct label labels[2] = {
		{ .key = s->thread_key,
		  .str = strtab_add(p->strings, s->header.comm.s, s->header.comm.n) },
		{ .key = s->tid_key, .is_num = true, .num = s->header.tid },
	};

	if (!s->in_sample)
		return;
	finish_location(s);
	note_command(s, labels[0].str);
	values[1 + find_event(s, s->header.event)] = s->header.period;
	profile_add_sample(p, values, s->f.stack.v, s->f.stack.n, labels, 2);
	s->in_sample = false;
}

static bool start_sample(struct perf_script *s, const struct header *h)
{
	finish_sample(s);
	s->header = *h;
	s->in_sample = true;
	s->f.stack.n = s->n_lines = 0;
	s->first_time = fmin(s->first_time, h->time);
	s->last_time = fmax(s->last_time, h->time);
	return !h->frame.n || read_frame(s, h->frame);
}

/* The events, which must be known before the first sample. */
static void find_types(struct perf_script *s, struct lines lines)
{
	struct profile *p = s->f.p;
	struct header h;

	do {
		if (read_header(lines.line, &h))
			find_event(s, h.event);
	} while (lines_next(&lines));
	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "samples"), profile_intern(p, "count") };
	for (size_t i = 0; i < s->n_events; i++) {
		const char *name = profile_str(p, s->events[i]);
		bool is_clock = strcmp(name, "cpu-clock") == 0 || strcmp(name, "task-clock") == 0;

		*VEC_PUSH(&p->sample_types) =
			(struct value_type){ is_clock ? profile_intern(p, "cpu") : s->events[i],
					     profile_intern(p,
							    is_clock ? "nanoseconds" : "count") };
	}
	p->period_type = p->sample_types.v[1];
}

static bool read_line(struct perf_script *s, struct span line)
{
	struct header h;

	if (span_is_blank_or_comment(line)) {
		finish_sample(s);
		return true;
	}
	if (read_header(line, &h))
		return start_sample(s, &h);
	if (!s->in_sample || !is_space(line.s[0]))
		return false;
	if (!read_frame(s, line))
		read_source(s, line);
	return true;
}

static enum legacy_result read_samples(struct perf_script *s, struct lines *lines, struct err *err)
{
	do {
		struct span line = lines->line;

		if (read_line(s, line))
			continue;
		err_set(err, SONDE_EFORMAT, "malformed output of perf script at line %zu: %.*s",
			lines->number, (int)(line.n < 80 ? line.n : 80), line.s);
		return LEGACY_BROKEN;
	} while (lines_next(lines));
	finish_sample(s);
	return LEGACY_OK;
}

enum legacy_result perf_script_decode(struct profile *p, const uint8_t *data, size_t n,
				      struct err *err)
{
	struct lines lines = { .pos = (const char *)data, .end = (const char *)data + n };
	struct perf_script *s;
	enum legacy_result rc;
	struct header h;

	while (lines_next(&lines) && span_is_blank_or_comment(lines.line))
		;
	if (!read_header(lines.line, &h))
		return LEGACY_NOT_MINE;
	s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(err, SONDE_ENOMEM, "out of memory");
		return LEGACY_BROKEN;
	}
	named_frames_init(&s->f, p);
	hash_map_init(&s->commands);
	s->thread_key = profile_intern(p, "thread");
	s->tid_key = profile_intern(p, "tid");
	s->first_time = s->last_time = h.time;
	p->period = h.period;
	find_types(s, lines);
	rc = read_samples(s, &lines, err);
	put_program_first(s);
	p->duration_nanos = legacy_to_int64((s->last_time - s->first_time) * 1e9);
	named_frames_release(&s->f);
	hash_map_release(&s->commands);
	free(s);
	return rc;
}
