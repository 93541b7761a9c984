/* spool_profile.c - read spools back and add them up into one profile.
 *
 * spool_image.c looks at what a spool says before it is used; what is damaged is left out.  spool_mappings.c knows which
 * binary an address belongs to.
 */
#include "base/arena.h"
#include "base/hash.h"
#include "sampler/labels.h"
#include "sampler/sampler.h"
#include "sampler/spool_convert.h"
#include "sampler/spool_mappings.h"
#include "writer/writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_LABELS = 64 };

struct spool_profile {
	struct profile *p;
	struct spool_stats stats;
	bool label_pids;
	str_id thread_key, pid_key;
	struct hash_map locations; /* by mapping and address */
	struct hash_map samples;   /* by stack and labels */
	struct spool_mappings mappings;
	VEC(uint32_t) named; /* locations that stand for no code */
	uint64_t period_ns, first_ns, end_ns;
	bool has_time;	   /* of something sampled, not only of what waited to be */
	int64_t own_ns;	   /* of the library's threads, not yet in a sample */
	int64_t unseen_ns; /* of threads starting and ending, the same */
	char program[256], engine[32], engine_note[128];
	/* scratch */
	uint32_t stack[SPOOL_MAX_FRAMES];
	struct label labels[MAX_LABELS];
};

struct spool_profile *spool_profile_new(void)
{
	struct profile *p = profile_new();
	struct spool_profile *sp = strtab_attach(p->strings, sizeof(*sp));
	str_id count = profile_intern(p, "count"), ns = profile_intern(p, "nanoseconds");
	str_id cpu = profile_intern(p, "cpu");

	sp->p = sp->mappings.p = p;
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
	spool_mappings_release(&sp->mappings);
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

/* ---- locations and samples ---- */

static uint32_t location_of(struct spool_profile *sp, uint64_t pc)
{
	uint64_t address;
	uint32_t mapping = spool_mappings_find(&sp->mappings, pc, &address), *at;
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
		sp->stack[n++] = r->words[i] == PC_GAP
					 ? location_named(sp, "[frames without unwind rules]")
					 : location_of(sp, r->words[i]);
	if (!n)
		sp->stack[n++] = location_named(sp, "[no frames]");
	return n;
}

static struct label pid_label(const struct spool_profile *sp, const struct spool_image *im)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", im->h->pid);
	return (struct label){ sp->pid_key, profile_intern(sp->p, pid), 0, 0, 0 };
}

static size_t read_labels(struct spool_profile *sp, const struct spool_image *im,
			  const struct record *r)
{
	const char *end = (const char *)(r->words + r->n_words);
	const char *name = (const char *)r->words;
	const struct label_entry *e = (const struct label_entry *)(r->words + SPOOL_NAME_BYTES / 8);
	struct profile *p = sp->p;
	size_t n = 0;

	sp->labels[n++] =
		(struct label){ sp->thread_key,
				spool_text(p, name, strnlen(name, SPOOL_NAME_BYTES)), 0, 0, 0 };
	if (sp->label_pids)
		sp->labels[n++] = pid_label(sp, im);
	while ((const char *)e + sizeof(*e) <= end && e->kind && n < MAX_LABELS) {
		size_t bytes = sizeof(*e) + e->key_bytes + e->unit_bytes + e->value_bytes;
		const char *unit = e->bytes + e->key_bytes;

		if (e->entry_bytes < bytes || (size_t)(end - (const char *)e) < e->entry_bytes)
			break;
		sp->labels[n++] = (struct label){
			.key = spool_text(p, e->bytes, e->key_bytes),
			.str = spool_text(p, unit + e->unit_bytes, e->value_bytes),
			.unit = spool_text(p, unit, e->unit_bytes),
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

static void add_segment(struct spool_profile *sp, const struct spool_image *im, unsigned s)
{
	const struct segment *seg = im->segments[s];
	const uint64_t *slot = (const uint64_t *)seg + seg->samples_at;

	if (!spool_fits(im, s, seg->samples_at, seg->n_samples, 2))
		return;
	for (uint32_t i = 0; i < seg->n_samples; i++, slot += 2) {
		const struct record *stack =
			slot[0] ? spool_record_at(im, s, (uint32_t)(slot[0] >> 32)) : NULL;
		const struct record *context =
			stack ? spool_record_at(im, s, (uint32_t)slot[0]) : NULL;

		if (!context || stack->kind != RECORD_STACK || context->kind != RECORD_CONTEXT ||
		    context->n_words < SPOOL_NAME_BYTES / 8 || slot[1] == 0 ||
		    slot[1] > (uint64_t)1 << 48)
			continue;
		add_sample(sp, read_stack(sp, stack), read_labels(sp, im, context), slot[1],
			   im->h->period_ns);
	}
}

/* ---- images ---- */

static void add_time(struct spool_profile *sp, const struct spool_header *h)
{
	uint64_t end_ns = h->start_realtime_ns + (h->monotonic_ns - h->start_monotonic_ns);
	bool is_first = !sp->has_time, has_waited = h->state == SPOOL_WAITING;

	if (has_waited && sp->has_time)
		return;
	if (is_first || h->start_realtime_ns < sp->first_ns)
		sp->first_ns = h->start_realtime_ns;
	if (is_first || end_ns > sp->end_ns)
		sp->end_ns = end_ns;
	sp->has_time = !has_waited;
}

static void add_header(struct spool_profile *sp, const struct spool_header *h)
{
	uint64_t longest = h->longest_ns > h->period_ns ? h->longest_ns : h->period_ns;
	struct spool_stats *st = &sp->stats;

	add_time(sp, h);
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
static void add_lost(struct spool_profile *sp, const struct spool_image *im)
{
	if (!im->h->lost_weight || im->h->lost_weight > (uint64_t)1 << 48)
		return;
	sp->stack[0] = location_named(sp, "[lost: no room in the spool]");
	add_sample(sp, 1, 0, im->h->lost_weight, im->h->period_ns);
}

/* The library's thread is not sampled.  What it used is part of the process's CPU time, and so of the profile. */
static void add_own(struct spool_profile *sp, const struct spool_image *im)
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
static void add_unseen(struct spool_profile *sp, const struct spool_image *im)
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

static void add_image(struct spool_profile *sp, const struct spool_image *im)
{
	add_header(sp, im->h);
	spool_mappings_start(&sp->mappings, im);
	for (unsigned s = 0; s < im->n_segments; s++)
		add_segment(sp, im, s);
	add_lost(sp, im);
	add_own(sp, im);
	add_unseen(sp, im);
}

/* And those of its children that are in the same file. */
static void add_images(struct spool_profile *sp, const struct spool_image *host)
{
	struct spool_image guest;

	for (unsigned i = 0; host->reserve && i < SPOOL_MAX_GUESTS && !sp->label_pids; i++)
		sp->label_pids = spool_image_of_guest(&guest, host, i);
	add_image(sp, host);
	for (unsigned i = 0; host->reserve && i < SPOOL_MAX_GUESTS; i++)
		if (spool_image_of_guest(&guest, host, i))
			add_image(sp, &guest);
}

int spool_profile_add_live(struct spool_profile *sp, const struct spool_header *h,
			   const void *const *segments, const struct spool_reserve *reserve,
			   struct err *err)
{
	struct spool_image im = { .h = h };

	for (unsigned i = 0; i < h->n_segments; i++) {
		im.segments[i] = segments[i];
		im.segment_words[i] = h->segments[i].bytes / 8;
	}
	im.n_segments = h->n_segments;
	im.reserve = reserve;
	im.reserve_bytes = reserve ? reserve->bytes : 0;
	add_images(sp, &im);
	return 0;
}

int spool_profile_add_mem(struct spool_profile *sp, const void *file, size_t bytes,
			  const char *name, struct err *err)
{
	struct spool_image im;
	int rc = spool_image_of(&im, file, bytes, name, err);

	if (rc)
		return rc;
	add_images(sp, &im);
	return 0;
}

int spool_profile_add_file(struct spool_profile *sp, const char *path, struct err *err)
{
	size_t bytes = 0;
	void *file = NULL;
	int rc = spool_image_map(path, &file, &bytes, err);

	if (rc)
		return rc;
	rc = spool_profile_add_mem(sp, file, bytes, path, err);
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
