/* spool_profile.c - read spools back and add them up into one profile.
 *
 * A spool may come from a process that died at any moment, or from anyone: everything in it is checked against the
 * segment's bounds before it is used.  What is damaged is left out.
 *
 * Processes map the same binary at different addresses.  Mappings that are the same piece of the same file (path, build
 * id, offset, size) become one, and addresses are moved to where the first of them lies, so that samples of several
 * images add up.
 */
#include "base/arena.h"
#include "base/hash.h"
#include "sampler/labels.h"
#include "sampler/sampler.h"
#include "sampler/spool.h"
#include "sampler/spool_convert.h"
#include "writer/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KERNEL_HALF (1ULL << 63)
#define KERNEL_END  (~(uint64_t)4095)

enum { MAX_LABELS = 64 };

struct placed { /* a module of the image that is being read */
	uint64_t start, limit;
	uint32_t mapping;
};

struct spool_profile {
	struct profile *p;
	struct spool_stats stats;
	bool label_pids;
	str_id thread_key, pid_key;
	struct hash_map locations; /* by mapping and address */
	struct hash_map samples;   /* by stack and labels */
	VEC(struct placed) placed;
	VEC(uint32_t) named; /* locations that stand for no code */
	uint32_t anonymous; /* mapping of the image's code without a file; PROFILE_NONE = not yet */
	int pid;	    /* of the image */
	uint64_t image_ns;  /* when it began */
	uint64_t period_ns, first_ns, end_ns;
	int64_t own_ns;	   /* of the library's threads, not yet in a sample */
	int64_t unseen_ns; /* of threads starting and ending, the same */
	char program[256], engine[32], engine_note[128];
	/* scratch */
	uint32_t stack[SPOOL_MAX_FRAMES];
	struct label labels[MAX_LABELS];
};

struct image { /* one spool, bounds known */
	const struct spool_header *h;
	const struct segment *segments[SPOOL_MAX_SEGMENTS];
	uint64_t segment_words[SPOOL_MAX_SEGMENTS];
	unsigned n_segments;
};

struct spool_profile *spool_profile_new(void)
{
	struct profile *p = profile_new();
	struct spool_profile *sp = strtab_attach(p->strings, sizeof(*sp));
	str_id count = profile_intern(p, "count"), ns = profile_intern(p, "nanoseconds");
	str_id cpu = profile_intern(p, "cpu");

	sp->p = p;
	*VEC_PUSH(&p->sample_types) = (struct value_type){ profile_intern(p, "samples"), count };
	*VEC_PUSH(&p->sample_types) = (struct value_type){ cpu, ns };
	p->default_sample_type = cpu;
	p->period_type = (struct value_type){ cpu, ns };
	sp->thread_key = profile_intern(p, "thread");
	sp->pid_key = profile_intern(p, "pid");
	return sp;
}

void spool_profile_free(struct spool_profile *sp)
{
	if (!sp)
		return;
	hash_map_release(&sp->locations);
	hash_map_release(&sp->samples);
	VEC_RELEASE(&sp->placed);
	VEC_RELEASE(&sp->named);
	profile_free(sp->p); /* sp lives there */
}

void spool_profile_expect(struct spool_profile *sp, uint64_t period_ns, uint64_t start_realtime_ns)
{
	sp->period_ns = period_ns;
	sp->first_ns = start_realtime_ns;
}

void spool_profile_label_pids(struct spool_profile *sp)
{
	sp->label_pids = true;
}

const struct spool_stats *spool_profile_stats(const struct spool_profile *sp)
{
	return &sp->stats;
}

const char *spool_profile_engine(const struct spool_profile *sp)
{
	return sp->engine;
}

const char *spool_profile_engine_note(const struct spool_profile *sp)
{
	return sp->engine_note;
}

/* ---- records ---- */

/* The record at a word offset, NULL if it does not lie wholly inside. */
static const struct record *record_at(const struct image *im, unsigned segment, uint32_t at)
{
	uint64_t words = im->segment_words[segment];
	const struct record *r;

	if (at < im->segments[segment]->records_at || at >= words)
		return NULL;
	r = (const struct record *)((const uint64_t *)im->segments[segment] + at);
	return r->n_words <= words - at - 1 && r->n_words <= SPOOL_MAX_WORDS ? r : NULL;
}

/* A run of n items of so many words, inside the segment? */
static bool fits(const struct image *im, unsigned segment, uint32_t at, uint32_t n,
		 uint32_t words_each)
{
	uint64_t words = im->segment_words[segment];

	return at <= words && (uint64_t)n * words_each <= words - at;
}

static str_id intern_text(struct profile *p, const char *s, size_t n)
{
	char clean[1100];
	size_t kept = 0;

	if (n > sizeof(clean))
		n = sizeof(clean);
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		size_t more = c < 0x80		      ? 0
			      : c >= 0xc2 && c < 0xe0 ? 1
			      : (c & 0xf0) == 0xe0    ? 2
			      : c >= 0xf0 && c < 0xf5 ? 3
						      : 9;
		bool good = more < 9 && i + more < n;

		for (size_t k = 1; good && k <= more; k++)
			good = ((unsigned char)s[i + k] & 0xc0) == 0x80;
		if (good && more == 2) /* overlong and surrogates */
			good = !(c == 0xe0 && (unsigned char)s[i + 1] < 0xa0) &&
			       !(c == 0xed && (unsigned char)s[i + 1] >= 0xa0);
		if (good && more == 3)
			good = !(c == 0xf0 && (unsigned char)s[i + 1] < 0x90) &&
			       !(c == 0xf4 && (unsigned char)s[i + 1] >= 0x90);
		if (!good) {
			clean[kept++] = '?';
			i++;
			continue;
		}
		memcpy(clean + kept, s + i, more + 1);
		kept += more + 1;
		i += more + 1;
	}
	return strtab_add(p->strings, clean, kept);
}

/* ---- modules ---- */

static str_id build_id_text(struct profile *p, const struct spool_module *m)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = m->build_id_bytes < 20 ? m->build_id_bytes : 20;
	char hex[40];

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[m->build_id[i] >> 4];
		hex[2 * i + 1] = digits[m->build_id[i] & 15];
	}
	return strtab_add(p->strings, hex, 2 * n);
}

static void place_module(struct spool_profile *sp, const struct record *r)
{
	const struct spool_module *m = (const struct spool_module *)r->words;
	struct profile *p = sp->p;
	struct mapping new = { 0 };
	uint32_t at;

	if (r->n_words * 8u < sizeof(*m) || m->path_bytes > r->n_words * 8u - sizeof(*m) ||
	    m->limit <= m->start)
		return;
	new.file = intern_text(p, m->path, m->path_bytes);
	new.build_id = build_id_text(p, m);
	new.start = m->start;
	new.limit = m->limit;
	new.offset = m->offset;
	for (at = 0; at < p->mappings.n; at++) {
		const struct mapping *old = &p->mappings.v[at];

		if (old->file == new.file && old->build_id == new.build_id &&
		    old->offset == new.offset && old->limit - old->start == new.limit - new.start)
			break;
	}
	if (at == p->mappings.n)
		*VEC_PUSH(&p->mappings) = new;
	*VEC_PUSH(&sp->placed) = (struct placed){ m->start, m->limit, at };
}

static void place_modules_where(struct spool_profile *sp, const struct image *im, bool is_main)
{
	for (unsigned s = 0; s < im->n_segments; s++) {
		const struct segment *seg = im->segments[s];
		const uint64_t *slots = (const uint64_t *)seg + seg->intern_at;

		for (uint32_t i = 0;
		     fits(im, s, seg->intern_at, seg->n_intern, 1) && i < seg->n_intern; i++) {
			const struct record *r =
				slots[i] ? record_at(im, s, (uint32_t)slots[i]) : NULL;

			if (r && r->kind == RECORD_MODULE &&
			    r->n_words * 8u >= sizeof(struct spool_module) &&
			    (((const struct spool_module *)r->words)->is_main != 0) == is_main)
				place_module(sp, r);
		}
	}
}

static const struct placed *module_of(const struct spool_profile *sp, uint64_t pc)
{
	for (size_t i = sp->placed.n;
	     i--;) /* the latest, where a library took the place of another */
		if (pc >= sp->placed.v[i].start && pc < sp->placed.v[i].limit)
			return &sp->placed.v[i];
	return NULL;
}

/* Was the map of a compiler at work written by this image, and not left by a process of old?  The times of files are those
 * of the last tick or, on some file systems, of the last second. */
static bool has_jit_map(const struct spool_profile *sp, const char *path)
{
	uint64_t second = 1000000000;
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       ((uint64_t)st.st_mtim.tv_sec + 1) * second + (uint64_t)st.st_mtim.tv_nsec >=
		       sp->image_ns;
}

/* Code that is in no file was made by the program while it ran.  It has the mapping that perf gives it: named after the
 * file that tells what was made, or `//anon`. */
static uint32_t anonymous_mapping(struct spool_profile *sp, uint64_t pc)
{
	struct profile *p = sp->p;
	struct mapping *m;
	char path[32];
	uint32_t at;

	if (sp->anonymous == PROFILE_NONE) {
		str_id file;

		snprintf(path, sizeof(path), "/tmp/perf-%d.map", sp->pid);
		file = profile_intern(p, has_jit_map(sp, path) ? path : "//anon");
		for (at = 0; at < p->mappings.n && p->mappings.v[at].file != file; at++)
			;
		if (at == p->mappings.n)
			*VEC_PUSH(&p->mappings) = (struct mapping){ .start = pc & ~4095ULL,
								    .limit = (pc | 4095) + 1,
								    .file = file };
		sp->anonymous = at;
	}
	m = &p->mappings.v[sp->anonymous];
	if (pc < m->start)
		m->start = pc & ~4095ULL;
	if (pc >= m->limit)
		m->limit = (pc | 4095) + 1;
	return sp->anonymous;
}

/* ---- the kernel ---- */

static size_t read_file(const char *path, void *bytes, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, max);

	if (fd >= 0)
		close(fd);
	return n > 0 ? (size_t)n : 0;
}

/* Where the kernel begins: what it says itself where it may be asked, else a place before pc. */
static uint64_t kernel_start(uint64_t pc)
{
	char text[4097], *at;
	uint64_t start = 0;

	text[read_file("/proc/kallsyms", text, sizeof(text) - 1)] = 0;
	at = strstr(text, " T _text\n");
	while (at && at > text && at[-1] != '\n')
		at--;
	if (at)
		start = strtoull(at, NULL, 16);
	return start && start <= pc ? start : pc & ~(((uint64_t)2 << 20) - 1);
}

static str_id kernel_build_id(struct profile *p)
{
	struct spool_module m = { .build_id_bytes = 0 };
	uint32_t notes[1024]; /* sizes of name and description, type, name, description */
	size_t n = read_file("/sys/kernel/notes", notes, sizeof(notes)) / 4;

	for (size_t at = 0; at + 4 <= n;) {
		size_t name = (notes[at] + 3ULL) / 4, words = (notes[at + 1] + 3ULL) / 4;

		if (name > n || words > n || at + 3 + name + words > n)
			break;
		if (notes[at + 2] == 3 && name == 1 && memcmp(&notes[at + 3], "GNU", 4) == 0 &&
		    notes[at + 1] <= sizeof(m.build_id)) {
			m.build_id_bytes = (uint8_t)notes[at + 1];
			memcpy(m.build_id, &notes[at + 4], m.build_id_bytes);
		}
		at += 3 + name + words;
	}
	return build_id_text(p, &m);
}

/* One mapping for the kernel and its modules, by the name that perf gives it. */
static uint32_t kernel_mapping(struct spool_profile *sp, uint64_t pc)
{
	struct profile *p = sp->p;
	str_id file = profile_intern(p, "[kernel.kallsyms]");
	uint32_t at = 0;

	while (at < p->mappings.n && p->mappings.v[at].file != file)
		at++;
	if (at == p->mappings.n)
		*VEC_PUSH(&p->mappings) = (struct mapping){ .start = kernel_start(pc),
							    .limit = KERNEL_END,
							    .file = file,
							    .build_id = kernel_build_id(p) };
	if (pc < p->mappings.v[at].start)
		p->mappings.v[at].start = pc & ~(((uint64_t)2 << 20) - 1);
	return at;
}

/* ---- locations and samples ---- */

/* No process has code in its first page, and the upper half is the kernel's. */
static bool is_user_code(uint64_t pc)
{
	return pc >= 4096 && pc < KERNEL_HALF;
}

static uint32_t location_of(struct spool_profile *sp, uint64_t pc)
{
	const struct placed *m = module_of(sp, pc);
	uint32_t mapping = m					  ? m->mapping
			   : is_user_code(pc)			  ? anonymous_mapping(sp, pc)
			   : pc >= KERNEL_HALF && pc < KERNEL_END ? kernel_mapping(sp, pc)
								  : PROFILE_NONE,
		 *at;
	uint64_t address = m ? pc - m->start + sp->p->mappings.v[mapping].start : pc;
	uint64_t h = hash_add(hash_mix(address), mapping);
	struct profile *p = sp->p;

	for (at = hash_map_first(&sp->locations, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&sp->locations, at, h))
		if (p->locations.v[*at].address == address &&
		    p->locations.v[*at].mapping == mapping)
			return *at;
	*at = (uint32_t)p->locations.n;
	hash_map_added(&sp->locations, at, h);
	*VEC_PUSH(&p->locations) =
		(struct location){ .id = p->locations.n, .address = address, .mapping = mapping };
	return (uint32_t)(p->locations.n - 1);
}

/* A frame that stands for no code: by its name alone. */
static uint32_t location_named(struct spool_profile *sp, const char *text)
{
	struct profile *p = sp->p;
	str_id name = profile_intern(p, text);

	for (size_t i = 0; i < sp->named.n; i++)
		if (p->functions.v[p->lines.v[p->locations.v[sp->named.v[i]].first_line].function]
			    .name == name)
			return sp->named.v[i];
	*VEC_PUSH(&p->functions) = (struct function){ .name = name, .system_name = name };
	*VEC_PUSH(&p->lines) = (struct line){ (uint32_t)p->functions.n - 1, 0, 0 };
	*VEC_PUSH(&p->locations) = (struct location){ .mapping = PROFILE_NONE,
						      .first_line = (uint32_t)p->lines.n - 1,
						      .n_lines = 1 };
	return *VEC_PUSH(&sp->named) = (uint32_t)p->locations.n - 1;
}

static size_t read_stack(struct spool_profile *sp, const struct record *r)
{
	size_t n = 0;

	for (unsigned i = 1; i < r->n_words && n < SPOOL_MAX_FRAMES; i++)
		sp->stack[n++] = location_of(sp, r->words[i]);
	if (!n)
		sp->stack[n++] = location_named(sp, "[no frames]");
	return n;
}

static struct label pid_label(const struct spool_profile *sp, const struct image *im)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", im->h->pid);
	return (struct label){ sp->pid_key, profile_intern(sp->p, pid), 0, 0, 0 };
}

static size_t read_labels(struct spool_profile *sp, const struct image *im, const struct record *r)
{
	const char *end = (const char *)(r->words + r->n_words);
	const char *name = (const char *)r->words;
	const struct label_entry *e = (const struct label_entry *)(r->words + SPOOL_NAME_BYTES / 8);
	struct profile *p = sp->p;
	size_t n = 0;

	sp->labels[n++] =
		(struct label){ sp->thread_key,
				intern_text(p, name, strnlen(name, SPOOL_NAME_BYTES)), 0, 0, 0 };
	if (sp->label_pids)
		sp->labels[n++] = pid_label(sp, im);
	while ((const char *)e + sizeof(*e) <= end && e->kind && n < MAX_LABELS) {
		size_t bytes = sizeof(*e) + e->key_bytes + e->unit_bytes + e->value_bytes;
		const char *unit = e->bytes + e->key_bytes;

		if (e->entry_bytes < bytes || (size_t)(end - (const char *)e) < e->entry_bytes)
			break;
		sp->labels[n++] = (struct label){
			.key = intern_text(p, e->bytes, e->key_bytes),
			.str = intern_text(p, unit + e->unit_bytes, e->value_bytes),
			.unit = intern_text(p, unit, e->unit_bytes),
			.is_num = e->kind == 'n',
			.num = e->number,
		};
		e = (const struct label_entry *)((const char *)e + e->entry_bytes);
	}
	return n;
}

static bool same_sample(const struct profile *p, size_t i, const uint32_t *stack, size_t n_stack,
			const struct label *labels, size_t n_labels)
{
	const struct label *l = p->labels.v + p->label_at.v[i];

	if (p->stack_at.v[i + 1] - p->stack_at.v[i] != n_stack ||
	    p->label_at.v[i + 1] - p->label_at.v[i] != n_labels ||
	    memcmp(p->stack.v + p->stack_at.v[i], stack, n_stack * sizeof(*stack)) != 0)
		return false;
	for (size_t k = 0; k < n_labels; k++)
		if (l[k].key != labels[k].key || l[k].str != labels[k].str ||
		    l[k].unit != labels[k].unit || l[k].is_num != labels[k].is_num ||
		    l[k].num != labels[k].num)
			return false;
	return true;
}

static void add_sample(struct spool_profile *sp, size_t n_stack, size_t n_labels, uint64_t weight,
		       uint64_t period_ns)
{
	int64_t values[2] = { (int64_t)weight, (int64_t)(weight * period_ns) };
	uint64_t h = hash_bytes(sp->stack, n_stack * sizeof(*sp->stack));
	struct profile *p = sp->p;
	uint32_t *at;

	for (size_t k = 0; k < n_labels; k++)
		h = hash_add(h, (uint64_t)sp->labels[k].key << 32 ^ sp->labels[k].str ^
					(uint64_t)sp->labels[k].num);
	for (at = hash_map_first(&sp->samples, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&sp->samples, at, h)) {
		if (same_sample(p, *at, sp->stack, n_stack, sp->labels, n_labels)) {
			p->values.v[*at * 2] += values[0];
			p->values.v[*at * 2 + 1] += values[1];
			return;
		}
	}
	*at = (uint32_t)p->n_samples;
	hash_map_added(&sp->samples, at, h);
	profile_add_sample(p, values, sp->stack, n_stack, sp->labels, n_labels);
}

static void add_segment(struct spool_profile *sp, const struct image *im, unsigned s)
{
	const struct segment *seg = im->segments[s];
	const uint64_t *slot = (const uint64_t *)seg + seg->samples_at;

	if (!fits(im, s, seg->samples_at, seg->n_samples, 2))
		return;
	for (uint32_t i = 0; i < seg->n_samples; i++, slot += 2) {
		const struct record *stack =
			slot[0] ? record_at(im, s, (uint32_t)(slot[0] >> 32)) : NULL;
		const struct record *context = stack ? record_at(im, s, (uint32_t)slot[0]) : NULL;

		if (!context || stack->kind != RECORD_STACK || context->kind != RECORD_CONTEXT ||
		    context->n_words < SPOOL_NAME_BYTES / 8 || slot[1] == 0 ||
		    slot[1] > (uint64_t)1 << 48)
			continue;
		add_sample(sp, read_stack(sp, stack), read_labels(sp, im, context), slot[1],
			   im->h->period_ns);
	}
}

/* ---- images ---- */

static void add_header(struct spool_profile *sp, const struct spool_header *h)
{
	uint64_t end_ns = h->start_realtime_ns + (h->monotonic_ns - h->start_monotonic_ns);
	uint64_t longest = h->longest_ns > h->period_ns ? h->longest_ns : h->period_ns;
	struct spool_stats *st = &sp->stats;

	if (!st->n_images || h->start_realtime_ns < sp->first_ns)
		sp->first_ns = h->start_realtime_ns;
	if (end_ns > sp->end_ns)
		sp->end_ns = end_ns;
	if (!st->n_images) {
		memcpy(sp->program, h->program, sizeof(sp->program) - 1);
		memcpy(sp->engine, h->engine, sizeof(sp->engine) - 1);
		memcpy(sp->engine_note, h->engine_note, sizeof(sp->engine_note) - 1);
		sp->period_ns = h->period_ns;
	}
	st->n_images++;
	st->n_images_with_samples += h->weight != 0;
	st->samples += h->samples;
	st->weight += h->weight;
	st->lost += h->lost;
	st->lost_weight += h->lost_weight;
	st->cpu_ns += h->cpu_ns - h->start_cpu_ns;
	st->threads += h->threads;
	st->refused += h->refused;
	st->by_timer += h->by_timer;
	st->longest_ns = longest > st->longest_ns ? longest : st->longest_ns;
	for (unsigned i = 0; i < N_STACK_ENDS; i++)
		st->ends[i] += h->ends[i];
}

/* What did not fit is a frame of its own, so that the total stays right. */
static void add_lost(struct spool_profile *sp, const struct image *im)
{
	if (!im->h->lost_weight || im->h->lost_weight > (uint64_t)1 << 48)
		return;
	sp->stack[0] = location_named(sp, "[lost: no room in the spool]");
	add_sample(sp, 1, 0, im->h->lost_weight, im->h->period_ns);
}

/* The library's thread is not sampled.  What it used is part of the process's CPU time, and so of the profile. */
static void add_own(struct spool_profile *sp, const struct image *im)
{
	int64_t period = (int64_t)im->h->period_ns, weight;
	size_t n = 0;

	if (im->h->own_ns < (uint64_t)1 << 48)
		sp->own_ns += (int64_t)im->h->own_ns;
	weight = (sp->own_ns + period / 2) / period;
	if (weight <= 0 || !im->h->weight)
		return;
	sp->own_ns -= weight * period;
	sp->stack[0] = location_named(sp, "[sonde: its own thread]");
	sp->labels[n++] = (struct label){ sp->thread_key, profile_intern(sp->p, "sonde"), 0, 0, 0 };
	if (sp->label_pids)
		sp->labels[n++] = pid_label(sp, im);
	add_sample(sp, 1, n, (uint64_t)weight, im->h->period_ns);
	sp->stats.weight += (uint64_t)weight;
}

/* What threads use before and after they can be sampled: in the kernel mostly. */
static void add_unseen(struct spool_profile *sp, const struct image *im)
{
	int64_t period = (int64_t)im->h->period_ns, weight;
	size_t n = 0;

	if (im->h->unseen_ns < (uint64_t)1 << 48)
		sp->unseen_ns += (int64_t)im->h->unseen_ns;
	weight = (sp->unseen_ns + period / 2) / period;
	if (weight <= 0 || !im->h->weight)
		return;
	sp->unseen_ns -= weight * period;
	sp->stack[0] = location_named(sp, "[threads starting and ending]");
	if (sp->label_pids)
		sp->labels[n++] = pid_label(sp, im);
	add_sample(sp, 1, n, (uint64_t)weight, im->h->period_ns);
	sp->stats.weight += (uint64_t)weight;
}

static void add_image(struct spool_profile *sp, const struct image *im)
{
	add_header(sp, im->h);
	sp->placed.n = 0;
	sp->anonymous = PROFILE_NONE;
	sp->pid = im->h->pid;
	sp->image_ns = im->h->start_realtime_ns;
	place_modules_where(sp, im, true);
	place_modules_where(sp, im, false);
	for (unsigned s = 0; s < im->n_segments; s++)
		add_segment(sp, im, s);
	add_lost(sp, im);
	add_own(sp, im);
	add_unseen(sp, im);
}

int spool_profile_add_live(struct spool_profile *sp, const struct spool_header *h,
			   const void *const *segments, struct err *err)
{
	struct image im = { .h = h };

	for (unsigned i = 0; i < h->n_segments; i++) {
		im.segments[i] = segments[i];
		im.segment_words[i] = h->segments[i].bytes / 8;
	}
	im.n_segments = h->n_segments;
	add_image(sp, &im);
	return 0;
}

/* ---- files ---- */

static int check_header(const struct spool_header *h, size_t bytes, const char *path,
			struct err *err)
{
	if (bytes >= SPOOL_HEADER_BYTES && h->magic == 0 && h->version == 0)
		return err_set(err, SONDE_ENOTFOUND,
			       "'%s' holds no samples: its process ended before it began", path);
	if (bytes < SPOOL_HEADER_BYTES || h->magic != SPOOL_MAGIC)
		return err_set(err, SONDE_EFORMAT, "'%s' is not a spool of sonde", path);
	if (h->version != SPOOL_VERSION)
		return err_set(
			err, SONDE_EFORMAT,
			"'%s' was written by another version of sonde (spool version %u, not %d)",
			path, h->version, SPOOL_VERSION);
	if (h->period_ns == 0 || h->period_ns > 10000000000ULL)
		return err_set(err, SONDE_EFORMAT, "spool '%s' is damaged: period of %llu ns", path,
			       (unsigned long long)h->period_ns);
	return 0;
}

static int map_file(const char *path, void **out, size_t *bytes, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *p = MAP_FAILED;

	if (fd < 0 || fstat(fd, &st)) {
		int rc = err_set(err, SONDE_EIO, "cannot open spool '%s': %s", path,
				 strerror(errno));

		if (fd >= 0)
			close(fd);
		return rc;
	}
	*bytes = (size_t)st.st_size;
	if (S_ISREG(st.st_mode) && !*bytes) {
		close(fd);
		return err_set(err, SONDE_ENOTFOUND,
			       "'%s' is empty: its process ended before it began", path);
	}
	if (S_ISREG(st.st_mode))
		p = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_set(err, SONDE_EFORMAT, "'%s' is not a spool of sonde", path);
	*out = p;
	return 0;
}

static void find_segments(struct image *im, const void *file, size_t bytes)
{
	unsigned n =
		im->h->n_segments < SPOOL_MAX_SEGMENTS ? im->h->n_segments : SPOOL_MAX_SEGMENTS;

	for (unsigned i = 0; i < n; i++) {
		uint64_t offset = im->h->segments[i].offset, size = im->h->segments[i].bytes;

		if (offset % 4096 || offset > bytes || size > bytes - offset ||
		    size < sizeof(struct segment))
			continue;
		im->segments[im->n_segments] = (const void *)((const char *)file + offset);
		im->segment_words[im->n_segments++] = size / 8;
	}
}

int spool_profile_add_mem(struct spool_profile *sp, const void *file, size_t bytes,
			  const char *name, struct err *err)
{
	struct image im = { .h = file };
	int rc = check_header(file, bytes, name, err);

	if (rc)
		return rc;
	find_segments(&im, file, bytes);
	add_image(sp, &im);
	return 0;
}

int spool_profile_add_file(struct spool_profile *sp, const char *path, struct err *err)
{
	size_t bytes = 0;
	void *file = NULL;
	int rc = map_file(path, &file, &bytes, err);

	if (rc)
		return rc;
	rc = spool_profile_add_mem(sp, file, bytes, path, err);
	munmap(file, bytes);
	return rc;
}

int spool_info_read(struct spool_info *info, const char *path, struct err *err)
{
	const struct spool_header *h;
	size_t bytes = 0;
	void *file = NULL;
	int rc = map_file(path, &file, &bytes, err);

	if (rc)
		return rc;
	h = file;
	rc = check_header(file, bytes, path, err);
	if (rc == 0) {
		*info = (struct spool_info){ h->pid,
					     h->parent,
					     h->weight,
					     h->start_realtime_ns,
					     h->start_cpu_ns,
					     h->exec_cpu_ns,
					     h->state == SPOOL_FINISHED,
					     "",
					     "" };
		memcpy(info->program, h->program, sizeof(info->program) - 1);
		memcpy(info->out, h->out, sizeof(info->out) - 1);
	}
	munmap(file, bytes);
	return rc;
}

/* ---- the end ---- */

static void comment(struct profile *p, const char *fmt, ...) SONDE_PRINTF(2, 3);
static void comment(struct profile *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*VEC_PUSH(&p->comments) = profile_intern(p, text);
}

static void add_comments(struct spool_profile *sp)
{
	const struct spool_stats *st = &sp->stats;
	uint64_t all = st->samples + st->lost;
	double profile_s = (double)((st->weight + st->lost_weight) * sp->period_ns) / 1e9;

	if (!st->n_images) {
		comment(sp->p, "# sonde " SONDE_VERSION ", nothing was sampled");
		return;
	}
	comment(sp->p, "# sonde " SONDE_VERSION ", %s at %.6g Hz", sp->engine,
		1e9 / (double)sp->period_ns);
	comment(sp->p, "# CPU time of the process%s: %.3f s; in this profile: %.3f s",
		st->n_images > 1 ? "es" : "", (double)st->cpu_ns / 1e9, profile_s);
	comment(sp->p, "# threads: %llu sampled, %llu without a timer",
		(unsigned long long)st->threads, (unsigned long long)st->refused);
	comment(sp->p,
		"# looks at a running thread: %.6g a second; %llu of the threads had a CPU "
		"timer%s%s",
		1e9 / (double)st->longest_ns, (unsigned long long)st->by_timer,
		sp->engine_note[0] ? "; " : "", sp->engine_note);
	comment(sp->p, "# lost for want of room: %llu of %llu samples",
		(unsigned long long)st->lost, (unsigned long long)all);
	comment(sp->p,
		"# stacks: %llu whole, %llu cut at %d frames, %llu without unwind rule, %llu "
		"unreadable",
		(unsigned long long)st->ends[END_ENTRY], (unsigned long long)st->ends[END_DEPTH],
		SPOOL_MAX_FRAMES, (unsigned long long)st->ends[END_NO_RULE],
		(unsigned long long)st->ends[END_BAD_READ]);
}

struct profile *spool_profile_finish(struct spool_profile *sp)
{
	struct profile *p = sp->p;

	p->period = (int64_t)sp->period_ns;
	p->time_nanos = (int64_t)sp->first_ns;
	p->duration_nanos = sp->end_ns > sp->first_ns ? (int64_t)(sp->end_ns - sp->first_ns) : 0;
	for (size_t i = 0; i < p->mappings.n; i++)
		p->mappings.v[i].id = i + 1;
	for (size_t i = 0; i < p->locations.n; i++)
		p->locations.v[i].id = i + 1;
	for (size_t i = 0; i < p->functions.n; i++)
		p->functions.v[i].id = i + 1;
	if (!p->comments.n)
		add_comments(sp);
	return p;
}

int spool_convert(const char *spool, const char *out, struct err *err)
{
	struct spool_profile *sp = spool_profile_new();
	int rc = spool_profile_add_file(sp, spool, err);

	if (rc == 0)
		rc = profile_write_file(spool_profile_finish(sp), out, err);
	spool_profile_free(sp);
	return rc;
}
