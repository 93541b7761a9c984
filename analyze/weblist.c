/* weblist.c - find what annotated source has to show.
 *
 * Addresses with a matching function, somewhere in its inline chain, are of interest.  Addresses
 * near each other make up ranges, which are disassembled; each instruction is then put under every
 * line of its inline chain that belongs to a function of interest.  An address whose binary is not
 * at hand stands for itself, with the lines that the profile knows.
 */
#include "analyze/weblist.h"
#include "analyze/arith.h"
#include "analyze/paths.h"

#include <stdlib.h>
#include <string.h>

enum {
	AROUND = 500,	    /* bytes that a range has before its first and after its last address */
	MAX_RANGES = 25,    /* the heaviest */
	NEIGHBOURHOOD = 32, /* bytes in which an instruction without line takes that of another */
	MAX_FRAMES = 256,
};

/* One distinct address of the profile. */
struct spot {
	uint64_t address;
	int64_t flat, cum;
	size_t seen; /* 1 + the last sample that has it */
	bool wanted;
	uint32_t location; /* of a wanted one */
};

struct range {
	uint64_t begin, end; /* process addresses */
	struct code_file *file;
	const struct mapping *mapping;
	int64_t weight;
};

struct collector {
	struct weblist *w;
	struct report *r;
	struct profile *p;
	bool has_address;
	uint64_t address;
	VEC(struct spot) spots;
	struct hash_map by_address;
	uint32_t *spot_of;  /* by location; HASH_MAP_NONE = not met yet */
	VEC(bool) interest; /* by name: a function of interest */
	VEC(struct range) ranges;
	uint64_t next_made_up;
};

/* ---- samples ---- */

static uint32_t find_spot(struct collector *c, uint64_t address)
{
	uint64_t h = hash_mix(address);
	uint32_t *at = hash_map_first(&c->by_address, h);

	if (*at == HASH_MAP_NONE) {
		*at = (uint32_t)c->spots.n;
		hash_map_added(&c->by_address, at, h);
		*VEC_PUSH(&c->spots) = (struct spot){ .address = address };
	}
	return *at;
}

/* Locations without an address get one above all mappings. */
static struct spot *spot_of_location(struct collector *c, uint32_t location)
{
	uint32_t *spot = &c->spot_of[location];

	if (*spot == HASH_MAP_NONE) {
		uint64_t address = c->p->locations.v[location].address;

		*spot = find_spot(c, address ? address : c->next_made_up++);
	}
	return &c->spots.v[*spot];
}

static void first_made_up_address(struct collector *c)
{
	c->next_made_up = 1;
	for (size_t i = 0; i < c->p->mappings.n; i++)
		if (c->next_made_up < c->p->mappings.v[i].limit)
			c->next_made_up = c->p->mappings.v[i].limit;
}

static void mark_name(struct collector *c, str_id name)
{
	while (c->interest.n <= name)
		*VEC_PUSH(&c->interest) = false;
	c->interest.v[name] = true;
}

static bool is_of_interest(const struct collector *c, str_id name)
{
	return name < c->interest.n && c->interest.v[name];
}

static void mark_line(struct collector *c, struct spot *s, uint32_t location,
		      const struct line *line)
{
	const struct function *f;

	if (line->function == PROFILE_NONE)
		return;
	f = &c->p->functions.v[line->function];
	mark_name(c, f->name);
	mark_name(c, f->system_name);
	if (!s->wanted)
		s->location = location;
	s->wanted = true;
}

static bool matches(struct collector *c, str_id name)
{
	return regex_match_id(c->r->symbol, c->p->strings, name);
}

static bool line_matches(struct collector *c, const struct line *line)
{
	const struct function *f;

	if (line->function == PROFILE_NONE)
		return false;
	f = &c->p->functions.v[line->function];
	return matches(c, f->name) || matches(c, f->system_name) || matches(c, f->filename);
}

static void note_names(struct collector *c, const struct location *l)
{
	for (uint32_t i = 0; i < l->n_lines; i++) {
		uint32_t function = c->p->lines.v[l->first_line + i].function;
		const struct function *f;

		if (function == PROFILE_NONE)
			continue;
		f = &c->p->functions.v[function];
		while (c->w->pretty.n <= f->system_name)
			*VEC_PUSH(&c->w->pretty) = 0;
		c->w->pretty.v[f->system_name] = f->name;
	}
}

static void look_for_matches(struct collector *c, struct spot *s, uint32_t location)
{
	const struct location *l = &c->p->locations.v[location];
	const struct line *lines = c->p->lines.v + l->first_line;
	bool file;

	if (c->has_address && s->address == c->address) {
		if (l->n_lines)
			mark_line(c, s, location, &lines[l->n_lines - 1]);
		return;
	}
	file = l->mapping != PROFILE_NONE && matches(c, c->p->mappings.v[l->mapping].file);
	for (uint32_t i = 0; i < l->n_lines; i++)
		if ((i == 0 && file) || line_matches(c, &lines[i]))
			mark_line(c, s, location, &lines[i]);
}

static int64_t sample_value(const struct collector *c, size_t sample)
{
	const int64_t *values = c->p->values.v + sample * c->p->sample_types.n;
	int64_t value = values[c->r->value_index];

	return c->r->opts.mean && values[0] ? div64(value, values[0]) : value;
}

/* A location that is on a stack several times counts once. */
static void count_sample(struct collector *c, size_t sample, bool *looked_at)
{
	int64_t value = sample_value(c, sample);
	size_t leaf = c->p->stack_at.v[sample];

	for (size_t i = c->p->stack_at.v[sample + 1]; i-- > leaf;) {
		uint32_t location = c->p->stack.v[i];
		struct spot *s = spot_of_location(c, location);

		if (s->seen != sample + 1)
			s->cum = add64(s->cum, value);
		s->seen = sample + 1;
		if (i == leaf)
			s->flat = add64(s->flat, value);
		if (looked_at[location])
			continue;
		looked_at[location] = true;
		note_names(c, &c->p->locations.v[location]);
		look_for_matches(c, s, location);
	}
}

static void count_samples(struct collector *c)
{
	bool *looked_at = ARENA_ARRAY(c->r->arena, bool, c->p->locations.n);

	c->spot_of = ARENA_ARRAY(c->r->arena, uint32_t, c->p->locations.n);
	memset(c->spot_of, 0xff, c->p->locations.n * sizeof(*c->spot_of));
	for (size_t i = 0; i < c->p->n_samples; i++)
		count_sample(c, i, looked_at);
}

/* ---- entries ---- */

static str_id clean_name(struct collector *c, str_id file)
{
	static const char cwd[] = "/proc/self/cwd/";
	const char *name = profile_str(c->p, file);

	if (strncmp(name, cwd, sizeof(cwd) - 1) == 0)
		name += sizeof(cwd) - 1;
	if (strncmp(name, "./", 2) == 0)
		name += 2;
	return profile_intern(c->p, path_clean(c->r->arena, name));
}

struct web_frame {
	str_id function, file;
	int64_t line;
};

static void add_entries(struct collector *c, uint32_t instruction, const struct web_frame *frames,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t order = (uint32_t)c->w->entries.n;
		struct web_call *calls;

		if (!is_of_interest(c, frames[i].function))
			continue;
		calls = ARENA_ARRAY(c->r->arena, struct web_call, i);
		for (size_t k = 0; k < i; k++)
			calls[k] =
				(struct web_call){ frames[i - 1 - k].file, frames[i - 1 - k].line };
		*VEC_PUSH(&c->w->entries) = (struct web_entry){
			.file = clean_name(c, frames[i].file),
			.line = frames[i].line,
			.instruction = instruction,
			.order = order,
			.function = frames[i].function,
			.calls = calls,
			.n_calls = i,
		};
	}
}

/* An address that stands for itself, with the lines of the profile. */
static void add_made_up(struct collector *c, const struct spot *s)
{
	const struct location *l = &c->p->locations.v[s->location];
	struct web_instruction new = { .address = s->address,
				       .file_address = s->address,
				       .bytes = 1,
				       .flat = s->flat,
				       .cum = s->cum };
	struct web_frame *frames = ARENA_ARRAY(c->r->arena, struct web_frame, l->n_lines);
	size_t n = 0;

	for (uint32_t i = 0; i < l->n_lines; i++) {
		const struct line *line = &c->p->lines.v[l->first_line + i];

		if (line->function != PROFILE_NONE)
			frames[n++] =
				(struct web_frame){ c->p->functions.v[line->function].name,
						    c->p->functions.v[line->function].filename,
						    line->line };
	}
	if (n) {
		new.file = frames[0].file;
		new.line = frames[0].line;
	}
	*VEC_PUSH(&c->w->instructions) = new;
	add_entries(c, (uint32_t)c->w->instructions.n - 1, frames, n);
}

/* ---- ranges of code ---- */

static int by_address(const void *a, const void *b)
{
	const struct spot *x = *(struct spot *const *)a, *y = *(struct spot *const *)b;

	return (x->address > y->address) - (x->address < y->address);
}

static const struct mapping *mapping_of(const struct collector *c, const struct spot *s)
{
	return &c->p->mappings.v[c->p->locations.v[s->location].mapping];
}

static struct code_file *file_of(struct collector *c, const struct spot *s)
{
	const struct location *l = &c->p->locations.v[s->location];

	return l->mapping == PROFILE_NONE || !l->address ? NULL
							 : code_files_open(&c->w->code, l->mapping);
}

static struct range make_range(struct collector *c, struct spot **spots, size_t n)
{
	const struct mapping *m = mapping_of(c, spots[0]);
	uint64_t limit = m->limit > m->start ? m->limit : UINT64_MAX;
	struct range r = { spots[0]->address, spots[n - 1]->address, file_of(c, spots[0]), m, 0 };

	for (size_t i = 0; i < n; i++)
		r.weight = add64(r.weight, spots[i]->flat);
	r.begin = r.begin - m->start >= AROUND ? r.begin - AROUND : m->start;
	r.end = limit - r.end >= AROUND ? r.end + AROUND : limit;
	return r;
}

static void make_ranges(struct collector *c, struct spot **spots, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		const struct mapping *m = mapping_of(c, spots[i]);

		for (end = i + 1;
		     end < n && spots[end]->address <= spots[end - 1]->address + 2 * AROUND &&
		     mapping_of(c, spots[end]) == m;
		     end++)
			;
		*VEC_PUSH(&c->ranges) = make_range(c, spots + i, end - i);
	}
}

static int by_weight(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Instructions are only found from the beginning of a function on. */
static uint64_t start_of_code(const struct code_file *f, uint64_t address)
{
	const struct code_symbol *s = code_symbol_find(f->symbols, f->n_symbols, address);

	return s && s->is_code ? s->start : address;
}

static size_t find_frames(struct collector *c, struct code_file *f, uint64_t address,
			  struct web_frame *out)
{
	struct frame frames[MAX_FRAMES];
	size_t n = binary_lookup(f->binary, address, frames, MAX_FRAMES);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct web_frame){
			profile_intern(c->p, frames[i].function ? frames[i].function : ""),
			profile_intern(c->p, frames[i].file ? frames[i].file : ""), frames[i].line
		};
	return n;
}

/* The samples of a whole instruction: some lie in the middle. */
static void add_weights(struct collector *c, struct web_instruction *i)
{
	for (uint64_t a = i->address; a < i->address + i->bytes; a++) {
		uint32_t spot = *hash_map_first(&c->by_address, hash_mix(a));

		if (spot == HASH_MAP_NONE)
			continue;
		i->flat = add64(i->flat, c->spots.v[spot].flat);
		i->cum = add64(i->cum, c->spots.v[spot].cum);
	}
}

static void add_instructions(struct collector *c, const struct range *r, uint64_t base,
			     const instruction_list *list)
{
	struct web_frame frames[MAX_FRAMES], last[MAX_FRAMES];
	size_t n_last = 0;
	uint64_t last_address = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct instruction *in = &list->v[i];
		struct web_instruction new = { .address = in->address + base,
					       .file_address = in->address,
					       .bytes = in->bytes,
					       .text = in->text };
		size_t n;

		if (new.address < r->begin)
			continue;
		n = find_frames(c, r->file, in->address, frames);
		if (n) {
			new.file = frames[0].file;
			new.line = frames[0].line;
		}
		add_weights(c, &new);
		*VEC_PUSH(&c->w->instructions) = new;
		if (n && frames[0].line) {
			memcpy(last, frames, n * sizeof(*frames));
			n_last = n;
			last_address = new.address;
		} else if (n_last && new.address - last_address <= NEIGHBOURHOOD) {
			memcpy(frames, last, n_last * sizeof(*frames));
			n = n_last;
		}
		add_entries(c, (uint32_t)c->w->instructions.n - 1, frames, n);
	}
}

static int disassemble_range(struct collector *c, const struct range *r, struct err *err)
{
	instruction_list list = VEC_INIT;
	VEC(uint64_t) addresses = VEC_INIT;
	uint64_t begin;
	int rc;

	if (!binary_file_address(r->file->binary, r->mapping, r->begin, &begin))
		return 0;
	rc = code_files_disassemble(&c->w->code, r->file, start_of_code(r->file, begin),
				    begin + (r->end - r->begin), &list, err);
	for (size_t i = 0; i < list.n; i++)
		*VEC_PUSH(&addresses) = list.v[i].address;
	binary_prepare(r->file->binary, addresses.v, addresses.n);
	if (!rc)
		add_instructions(c, r, r->begin - begin, &list);
	VEC_RELEASE(&addresses);
	VEC_RELEASE(&list);
	return rc;
}

/* ---- all of it ---- */

static int by_file_and_line(const void *a, const void *b, void *profile)
{
	const struct web_entry *x = a, *y = b;

	if (x->file != y->file)
		return strcmp(profile_str(profile, x->file), profile_str(profile, y->file));
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int collect_wanted(struct collector *c, struct err *err)
{
	struct spot **spots = ARENA_ARRAY(c->r->arena, struct spot *, c->spots.n);
	size_t n = 0, n_coded = 0;
	int rc = 0;

	for (size_t i = 0; i < c->spots.n; i++)
		if (c->spots.v[i].wanted)
			spots[n++] = &c->spots.v[i];
	qsort(spots, n, sizeof(*spots), by_address);
	for (size_t i = 0; i < n; i++) {
		if (file_of(c, spots[i]))
			spots[n_coded++] = spots[i];
		else
			add_made_up(c, spots[i]);
	}
	make_ranges(c, spots, n_coded);
	if (c->ranges.n)
		qsort(c->ranges.v, c->ranges.n, sizeof(*c->ranges.v), by_weight);
	for (size_t i = 0; i < c->ranges.n && i < MAX_RANGES && !rc; i++)
		rc = disassemble_range(c, &c->ranges.v[i], err);
	if (c->w->entries.n)
		qsort_r(c->w->entries.v, c->w->entries.n, sizeof(*c->w->entries.v),
			by_file_and_line, c->p);
	return rc;
}

int weblist_collect(struct weblist *w, struct report *r, struct err *err)
{
	struct collector c = { .w = w, .r = r, .p = r->profile };
	int rc;

	*w = (struct weblist){ .report = r };
	code_files_init(&w->code, r->profile, r->opts.intel_syntax, r->notes);
	c.has_address = report_pattern_address(r, &c.address);
	hash_map_init(&c.by_address);
	first_made_up_address(&c);
	count_samples(&c);
	if (c.interest.n == 0)
		rc = err_set(err, SONDE_ENOTFOUND, "no matches found for regexp: %s",
			     regex_text(r->symbol));
	else
		rc = collect_wanted(&c, err);
	hash_map_release(&c.by_address);
	VEC_RELEASE(&c.spots);
	VEC_RELEASE(&c.interest);
	VEC_RELEASE(&c.ranges);
	return rc;
}

void weblist_release(struct weblist *w)
{
	VEC_RELEASE(&w->instructions);
	VEC_RELEASE(&w->entries);
	VEC_RELEASE(&w->pretty);
	code_files_release(&w->code);
}
