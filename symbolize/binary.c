/* binary.c - one binary with all that is known of it: ELF symbols, DWARF, the debug file; addresses
 * to frames.
 *
 * DWARF answers first; where it has no function, the ELF symbol names it.  What the outermost function
 * of a chain is called both decide (outer_name.c).
 *
 * Answers are kept by address.  DWARF is read in batches (dwarf_child.c), so whoever has many
 * addresses calls binary_prepare() with all of them first.
 */
#include "symbolize/binary.h"
#include "base/arena.h"
#include "base/strtab.h"
#include "symbolize/address_sort.h"
#include "symbolize/answer_cache.h"
#include "symbolize/answer_list.h"
#include "symbolize/debug_file.h"
#include "symbolize/dwarf_lookup.h"
#include "symbolize/libdwarf_lookup.h"
#include "symbolize/outer_name.h"
#include "symbolize/symtab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct binary {
	struct elf_file *elf;
	struct elf_file *debug;		/* split off; NULL = none */
	struct elf_file *dwarf;		/* one of both; NULL = no DWARF, or none that can be read */
	struct elf_file *shared;	/* what dwz took out of dwarf; NULL = nothing */
	struct dwarf_sections sections; /* of dwarf, read when first needed */
	struct dwarf_sections shared_sections;
	bool has_sections, use_libdwarf;
	struct dwarf_source source;
	struct dwarf_reader *reader; /* ours; NULL = not opened yet */
	struct symtab *symtab;	     /* read when first needed */
	struct strtab *strings;	     /* NULL = there are none yet */
	struct answer_list answers;
	struct err problem;
	struct answer_cache *cache; /* NULL = none */
	enum demangle_mode mode;    /* of the names in it that are asked for */
	bool has_news;		    /* answers that the cache has not */
	uint64_t kernel_text;	    /* 0 = it is no kernel */
	const char *dwp;	    /* NULL = where it usually is */
	struct data_symbols data;
	bool wants_details, relative_names;
};

static struct strtab *strings_of(struct binary *b)
{
	if (!b->strings)
		b->strings = strtab_new();
	return b->strings;
}

static void tell_files(const struct binary *b, const struct file_log *log)
{
	struct err e;

	if (!log->say)
		return;
	if (b->debug)
		err_set(&e, 0, "'%s': debug information from '%s'", b->elf->path, b->debug->path);
	else
		err_set(&e, 0, "'%s': %s", b->elf->path,
			b->dwarf ? "has its debug information in itself"
				 : "no debug information was found, only symbols");
	log->say(log->ctx, e.text);
	if (b->shared) {
		err_set(&e, 0, "'%s': and what dwz took out of it from '%s'", b->elf->path,
			b->shared->path);
		log->say(log->ctx, e.text);
	}
}

int binary_from_elf(struct binary **out, struct elf_file *elf, const struct symbolize_opts *opts,
		    struct err *err)
{
	static const struct symbolize_opts no_opts;
	struct binary *b = calloc(1, sizeof(*b));
	struct file_log log;

	if (!b) {
		elf_file_close(elf);
		return err_set(err, SONDE_ENOMEM, "out of memory");
	}
	if (!opts)
		opts = &no_opts;
	log = (struct file_log){ opts->tell, opts->tell_ctx, opts->verbose };
	b->elf = elf;
	b->use_libdwarf = opts->use_libdwarf;
	b->wants_details = opts->wants_details;
	b->relative_names = opts->relative_names;
	b->mode = opts->demangle;
	if (opts->dwp)
		b->dwp = strtab_get(strings_of(b), strtab_add_str(strings_of(b), opts->dwp));
	answer_list_init(&b->answers);
	if (debug_file_has_dwarf(elf))
		b->dwarf = elf;
	else if (elf->is_mapped)
		b->dwarf = b->debug = debug_file_find(elf, symbolize_search_path(opts), &log);
	if (b->dwarf && b->dwarf->is_mapped)
		b->shared = debug_file_find_shared(b->dwarf, symbolize_search_path(opts), &log);
	if (opts->verbose)
		tell_files(b, &log);
	/* A cache does not know which .dwp its answers came from. */
	if (opts->use_cache && !opts->use_libdwarf && !opts->dwp && !opts->wants_details &&
	    !opts->relative_names)
		b->cache = answer_cache_open((struct elf_file *[]){ elf, b->debug, b->shared }, 3);
	*out = b;
	return 0;
}

int binary_open(struct binary **out, const char *path, const struct symbolize_opts *opts,
		struct err *err)
{
	struct elf_file *elf;
	int status = elf_file_open(&elf, path, err);

	return status ? status : binary_from_elf(out, elf, opts, err);
}

int binary_open_mem(struct binary **out, const void *image, size_t bytes, const char *name,
		    struct err *err)
{
	struct elf_file *elf;
	int status = elf_file_open_mem(&elf, image, bytes, name, err);

	return status ? status : binary_from_elf(out, elf, NULL, err);
}

static const char *known_plain(const struct binary *b, const struct frame *f)
{
	return f->plain || !f->function ? f->plain : demangle_known(f->function, b->mode);
}

/* Has somebody wanted to know names that the cache has not?  Where they are too many to be kept some are new
 * each time, and nothing is. */
static bool has_new_names(const struct binary *b)
{
	bool any_new = false;

	for (size_t i = 0; i < b->answers.v.n; i++) {
		const struct answer *a = &b->answers.v.v[i];

		for (uint32_t k = 0; k < a->n; k++) {
			struct frame f = answer_list_frame(&b->answers, a, k);

			if (f.plain || !f.function || !demangle_wants(f.function, b->mode))
				continue;
			if (!known_plain(b, &f))
				return false;
			any_new = true;
		}
	}
	return any_new;
}

/* What damage or a missing file has changed is not worth keeping. */
static void save_answers(struct binary *b)
{
	struct cached_answer *answers;
	struct arena *frames;

	if (!b->cache || b->problem.text[0] || !(b->has_news || has_new_names(b)))
		return;
	frames = arena_new(ARENA_DIE);
	answers = ARENA_ARRAY(frames, struct cached_answer, b->answers.v.n);
	for (size_t i = 0; i < b->answers.v.n; i++) {
		const struct answer *a = &b->answers.v.v[i];
		struct frame *f = ARENA_ARRAY(frames, struct frame, a->n);

		for (uint32_t k = 0; k < a->n; k++) {
			f[k] = answer_list_frame(&b->answers, a, k);
			f[k].plain = known_plain(b, &f[k]);
		}
		answers[i] = (struct cached_answer){ a->address, f, a->n };
	}
	answer_cache_write(b->cache, b->mode, answers, b->answers.v.n);
	arena_free(frames);
}

void binary_close(struct binary *b)
{
	if (!b)
		return;
	save_answers(b);
	answer_cache_close(b->cache);
	dwarf_reader_close(b->reader);
	symtab_free(b->symtab);
	VEC_RELEASE(&b->data);
	elf_file_close(b->shared);
	elf_file_close(b->debug);
	elf_file_close(b->elf);
	if (b->strings)
		strtab_free(b->strings);
	answer_list_release(&b->answers);
	free(b);
}

const char *binary_build_id(const struct binary *b)
{
	return b->elf->build_id;
}

bool binary_section(const struct binary *b, const char *name, uint64_t *address)
{
	return elf_file_section_address(b->elf, name, address);
}

const char *binary_problem(const struct binary *b)
{
	return b->problem.text;
}

struct data_symbols *binary_data_symbols(struct binary *b)
{
	return &b->data;
}

struct elf_file *binary_elf(const struct binary *b)
{
	return b->elf;
}

struct elf_file *binary_debug(const struct binary *b)
{
	return b->debug;
}

void binary_set_kernel_text(struct binary *b, uint64_t address)
{
	b->kernel_text = address;
}

uint64_t binary_kernel_text(const struct binary *b)
{
	return b->kernel_text;
}

static int read_sections(struct elf_file *f, struct dwarf_sections *out, struct err *err)
{
	out->is_little = f->is_little;
	out->is_64 = f->is_64;
	return elf_file_sections(f, dwarf_section_names, N_DWARF_SECTIONS, out->v, err);
}

/* Inflated at most once. */
static void load_sections(struct binary *b)
{
	b->has_sections = true;
	b->source = (struct dwarf_source){
		.binary = b->elf,
		.sections = &b->sections,
		.dwp = b->dwp,
		.wants_details = b->wants_details,
		.relative_names = b->relative_names,
	};
	if (read_sections(b->dwarf, &b->sections, &b->problem)) {
		b->dwarf = NULL;
		return;
	}
	if (b->shared && read_sections(b->shared, &b->shared_sections, &b->problem) == 0)
		b->source.shared = &b->shared_sections;
}

/* ---- answers ---- */

/* Strings of our own reader stay; those of libdwarf's are gone after the call. */
static const char *keep(struct binary *b, const char *s)
{
	if (!b->use_libdwarf)
		return s;
	return s && s[0] ? strtab_get(strings_of(b), strtab_add_str(strings_of(b), s)) : NULL;
}

/* Names of the symbol table live as long as it; what our own reader says stays too. */
static const char *outer_name(struct binary *b, uint64_t address, const struct dwarf_frame *f)
{
	const char *name = outer_name_choose(b->symtab, strings_of(b), address, f);

	return name == f->frame.function ? keep(b, name) : name;
}

/* Strict DWARF 2 says of no call where it is.  The file of a local function is known in any case. */
static const char *outer_file(const struct binary *b, uint64_t address, const struct dwarf_frame *f)
{
	const struct symbol *s = f->frame.file ? NULL : symtab_find(b->symtab, address);

	return s ? s->file : NULL;
}

/* Addresses that neither an earlier answer nor the cache knows, ascending, and the numbers of their
 * answers. */
struct pending {
	struct binary *b;
	VEC(uint64_t) addresses;
	VEC(uint32_t) numbers;
};

static struct answer *pending_answer(const struct pending *p, size_t i)
{
	return &p->b->answers.v.v[p->numbers.v[i]];
}

/* Answers of our own reader. */
static void take_places(void *ctx, size_t i, const struct dwarf_place *places, size_t n)
{
	struct pending *pending = ctx;
	struct dwarf_frame outer = dwarf_place_frame(places, n, n - 1);
	struct answer *a = pending_answer(pending, i);

	a->places = places;
	a->n = (uint32_t)n;
	a->outer = outer_name(pending->b, a->address, &outer);
	a->outer_file = outer_file(pending->b, a->address, &outer);
}

/* Answers of libdwarf.  May come twice for an address: the second is the better one. */
static void take_answer(void *ctx, size_t i, const struct dwarf_frame *frames, size_t n)
{
	struct pending *pending = ctx;
	struct binary *b = pending->b;
	struct answer *a = pending_answer(pending, i);
	struct frame *f = answer_list_set_frames(&b->answers, a, n);

	for (size_t k = 0; k < n; k++) {
		f[k] = frames[k].frame;
		f[k].function =
			k + 1 == n ? outer_name(b, a->address, &frames[k]) : keep(b, f[k].function);
		f[k].file = keep(b, f[k].file);
		if (k + 1 == n && !f[k].file)
			f[k].file = outer_file(b, a->address, &frames[k]);
	}
}

static void ask_libdwarf(struct binary *b, struct pending *pending)
{
	struct libdwarf_sink sink = { .answer = take_answer, .ctx = pending };
	struct libdwarf_input in = {
		.source = &b->source,
		.addresses = pending->addresses.v,
		.n_addresses = pending->addresses.n,
		.end_unit = DWARF_NO_UNIT,
	};
	struct err why = { "" };

	if (libdwarf_lookup_in_child(&in, &sink, &why) == 0)
		return;
	b->problem = why;
	err_prefix(&b->problem, "'%s'", b->dwarf->path);
}

static void ask_our_reader(struct binary *b, struct pending *pending)
{
	if (!b->reader)
		b->reader = dwarf_reader_open(&b->source);
	dwarf_reader_lookup(b->reader, pending->addresses.v, pending->addresses.n, take_places,
			    pending);
	if (!dwarf_reader_problem(b->reader)[0])
		return;
	err_set(&b->problem, 0, "'%s': %s", b->dwarf->path, dwarf_reader_problem(b->reader));
}

static void answer_by_dwarf(struct binary *b, struct pending *pending)
{
	if (!b->has_sections)
		load_sections(b);
	if (!b->dwarf)
		return;
	if (b->use_libdwarf)
		ask_libdwarf(b, pending);
	else
		ask_our_reader(b, pending);
}

static void need_symbols(struct binary *b)
{
	if (!b->symtab)
		b->symtab = symtab_new(b->elf, b->debug);
}

uint64_t binary_start(struct binary *b, uint64_t address)
{
	const struct symbol *s;

	need_symbols(b);
	s = symtab_find(b->symtab, address);
	return s ? s->start : 0;
}

static void answer_by_symbol(struct binary *b, struct answer *a)
{
	const struct symbol *s = a->n ? NULL : symtab_find(b->symtab, a->address);

	if (s)
		*answer_list_set_frames(&b->answers, a, 1) = (struct frame){
			.function = s->name,
			.file = s->file,
		};
}

static bool answer_by_cache(struct binary *b, struct answer *a)
{
	struct frame frames[DWARF_MAX_FRAMES], *to;
	size_t n;

	if (!b->cache ||
	    !answer_cache_find(b->cache, a->address, b->mode, frames, DWARF_MAX_FRAMES, &n))
		return false;
	to = answer_list_set_frames(&b->answers, a, n);
	if (n)
		memcpy(to, frames, n * sizeof(*frames));
	return true;
}

static void answer_by_files(struct binary *b, struct pending *pending)
{
	b->has_news = true;
	need_symbols(b);
	if (b->dwarf)
		answer_by_dwarf(b, pending);
	for (size_t i = 0; i < pending->numbers.n; i++)
		answer_by_symbol(b, pending_answer(pending, i));
}

/* ---- the batch ---- */

/* The number of the answer for an address, which may be a promise. */
static uint32_t ask(struct binary *b, uint64_t address, bool may_be_known, struct pending *pending)
{
	uint32_t number = may_be_known ? answer_list_find(&b->answers, address) : BINARY_NO_ANSWER;

	if (number != BINARY_NO_ANSWER)
		return number;
	number = answer_list_add(&b->answers, address);
	if (!answer_by_cache(b, &b->answers.v.v[number])) {
		*VEC_PUSH(&pending->addresses) = address;
		*VEC_PUSH(&pending->numbers) = number;
	}
	return number;
}

/* In the order of the addresses, which DWARF is read in, and in which each comes once. */
void binary_prepare_numbered(struct binary *b, const uint64_t *addresses, size_t n,
			     uint32_t *numbers)
{
	bool may_be_known = b->answers.v.n > 0;
	VEC(struct sort_pair) asked = VEC_INIT;
	struct pending pending = { .b = b };

	for (size_t i = 0; i < n; i++) {
		numbers[i] = BINARY_NO_ANSWER;
		if (elf_file_is_code(b->elf, addresses[i]))
			*VEC_PUSH(&asked) = (struct sort_pair){ addresses[i], i };
	}
	if (asked.n)
		sort_pairs(asked.v, asked.n);
	for (size_t i = 0; i < asked.n; i++)
		numbers[asked.v[i].value] =
			i > 0 && asked.v[i].key == asked.v[i - 1].key
				? numbers[asked.v[i - 1].value]
				: ask(b, asked.v[i].key, may_be_known, &pending);
	VEC_RELEASE(&asked);
	if (pending.numbers.n)
		answer_by_files(b, &pending);
	VEC_RELEASE(&pending.addresses);
	VEC_RELEASE(&pending.numbers);
}

void binary_prepare(struct binary *b, const uint64_t *addresses, size_t n)
{
	VEC(uint32_t) numbers = VEC_INIT;

	VEC_MUST(&numbers, n);
	binary_prepare_numbered(b, addresses, n, numbers.v);
	VEC_RELEASE(&numbers);
}

size_t binary_answer(const struct binary *b, uint32_t number, struct frame *frames, size_t max)
{
	const struct answer *a;
	size_t n;

	if (number == BINARY_NO_ANSWER)
		return 0;
	a = &b->answers.v.v[number];
	n = a->n < max ? a->n : max;
	for (size_t k = 0; k < n; k++)
		frames[k] = answer_list_frame(&b->answers, a, (uint32_t)k);
	return n;
}

void binary_details(const struct binary *b, uint32_t number, struct frame_detail *details,
		    size_t max)
{
	const struct answer *a = number == BINARY_NO_ANSWER ? NULL : &b->answers.v.v[number];
	const struct dwarf_detail *of = a && a->places ? dwarf_details(a->places, a->n) : NULL;

	for (size_t k = 0; a && k < a->n && k < max; k++) {
		const struct dwarf_name *says = a->places ? a->places[k].function : NULL;

		details[k] = (struct frame_detail){
			.short_name = says ? says->bare : NULL,
			.start_file = of ? of[k].start_file : NULL,
			.start = of ? of[k].start : 0,
		};
	}
}

void binary_fetch_answers(const struct binary *b, const uint32_t *numbers, size_t n)
{
	answer_list_fetch(&b->answers, numbers, n);
}

size_t binary_lookup(struct binary *b, uint64_t address, struct frame *frames, size_t max)
{
	uint32_t number = answer_list_find(&b->answers, address);

	if (number == BINARY_NO_ANSWER)
		binary_prepare_numbered(b, &address, 1, &number);
	return binary_answer(b, number, frames, max);
}
