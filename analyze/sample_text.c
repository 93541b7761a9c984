/* sample_text.c - samples with their stacks as text: many frames, and few different ones.
 *
 * The text of each node is made once, with all that stands around it, and kept in a slot of one
 * cache line, so that printing a frame is to copy a slot.  The slots of a sample are asked of the
 * memory while the sample before it is copied.
 */
#include "analyze/sample_text.h"
#include "analyze/ordered_text.h"

#include <string.h>

enum {
	FRAMES_OF_A_PIECE = 1024,
	LARGEST_SAMPLE = 1 << 27, /* bytes; where one may be larger, one thread writes all */
	STREAM_BYTES = 1 << 18,
};

/* A frame: n bytes of text, or LONG and where they are. */
enum { SLOT_TEXT = 63, SLOT_LONG = 255 };

struct slot {
	unsigned char n;
	char text[SLOT_TEXT];
};

struct long_text {
	const char *s;
	size_t n;
};

/* The slots of a stack. */
struct path {
	VEC(uint32_t) v;
};

struct printer {
	struct report *r;
	const struct sample_format *format;
	const uint32_t *samples; /* NULL = all */
	size_t n;
	struct slot *slots;    /* two for each node: called, inlined */
	VEC(uint32_t) slot_of; /* by place in nodes.of */
	size_t most_lines;     /* of a location */
};

/* What a thread has of its own. */
struct maker {
	struct sample_writer w;
	struct path paths[2];
};

static size_t sample_of(const struct printer *pr, size_t i)
{
	return pr->samples ? pr->samples[i] : i;
}

/* ---- slots ---- */

/* Returns the bytes of the text. */
static size_t make_slot(struct printer *pr, struct text *text, struct slot *slot, uint32_t node,
			bool is_inline)
{
	struct long_text at;

	text->v.n = 0;
	pr->format->frame(pr->format, pr->r, text, node, is_inline);
	if (text->v.n <= SLOT_TEXT) {
		memcpy(slot->text, text->v.v, text->v.n);
		slot->n = (unsigned char)text->v.n;
		return text->v.n;
	}
	at = (struct long_text){ arena_memdup(pr->r->arena, text->v.v, text->v.n), text->v.n };
	memcpy(slot->text, &at, sizeof(at));
	slot->n = SLOT_LONG;
	return at.n;
}

/* Returns the bytes of the longest text. */
static size_t make_slots(struct printer *pr)
{
	struct report *r = pr->r;
	const struct nodes *nodes = &r->nodes;
	char *memory = arena_alloc(r->arena, (nodes->info.n * 2 + 2) * sizeof(struct slot));
	struct text text = { VEC_INIT };
	size_t longest = 1;

	memory += -(uintptr_t)memory % sizeof(struct slot);
	pr->slots = (struct slot *)memory;
	VEC_MUST(&pr->slot_of, nodes->of.n + 1);
	for (size_t i = 0; i < nodes->of.n; i++) {
		uint32_t slot = nodes->of.v[i] * 2 + (nodes->inlined.v[i] != 0);
		size_t n = 0;

		pr->slot_of.v[i] = slot;
		if (!pr->slots[slot].n)
			n = make_slot(pr, &text, &pr->slots[slot], nodes->of.v[i],
				      nodes->inlined.v[i]);
		longest = n > longest ? n : longest;
	}
	text_release(&text);
	return longest;
}

static void put_slot(struct text *to, const struct slot *slot, size_t skip)
{
	struct long_text text = { slot->text, slot->n };

	if (slot->n == SLOT_LONG)
		memcpy(&text, slot->text, sizeof(text));
	text_put(to, text.s + skip, text.n - skip);
}

/* ---- one after the other, for stacks that no memory would hold as text ---- */

static void write_out(struct printer *pr, struct text *to, size_t most)
{
	if (to->v.n <= most)
		return;
	fwrite_unlocked(to->v.v, 1, to->v.n, pr->r->out);
	to->v.n = 0;
}

static void write_frames(struct printer *pr, struct text *to, size_t sample)
{
	const struct profile *p = pr->r->profile;
	const uint32_t *at = pr->r->nodes.at.v;
	size_t first = p->stack_at.v[sample], n = p->stack_at.v[sample + 1] - first;
	size_t skip = pr->format->skip;

	for (size_t i = 0; i < n; i++) {
		uint32_t l = p->stack.v[pr->format->root_first ? first + n - 1 - i : first + i];
		size_t lines = at[l + 1] - at[l];

		for (size_t k = 0; k < lines; k++, skip = 0) {
			size_t place = pr->format->root_first ? lines - 1 - k : k;

			put_slot(to, &pr->slots[pr->slot_of.v[at[l] + place]], skip);
			write_out(pr, to, STREAM_BYTES);
		}
	}
}

static void print_one_by_one(struct printer *pr)
{
	const struct sample_format *f = pr->format;
	struct text to = { VEC_INIT };
	struct sample_writer w = { .r = *pr->r, .to = &to };

	w.own = arena_alloc(pr->r->arena, f->own_bytes);
	for (size_t i = 0; i < pr->n; i++) {
		struct arena_mark mark = arena_mark(w.r.scratch);

		if (f->before(f, &w, i)) {
			write_frames(pr, &to, sample_of(pr, i));
			if (f->after)
				f->after(f, &w, i);
			write_out(pr, &to, STREAM_BYTES);
		}
		arena_rewind(w.r.scratch, mark);
	}
	write_out(pr, &to, 0);
	if (w.file)
		fclose(w.file);
	text_release(&to);
}

/* ---- by all cores ---- */

/* Find the slots of a sample's stack, and have them come nearer. */
static void find_path(const struct printer *pr, struct path *path, size_t sample)
{
	const struct profile *p = pr->r->profile;
	const uint32_t *at = pr->r->nodes.at.v, *slot_of = pr->slot_of.v;
	const uint32_t *s = p->stack.v + p->stack_at.v[sample],
		       *end = p->stack.v + p->stack_at.v[sample + 1];
	uint32_t *slots;

	VEC_MUST(&path->v, (size_t)(end - s) * pr->most_lines);
	slots = path->v.v;
	if (pr->format->root_first) {
		while (end-- > s)
			for (uint32_t k = at[*end + 1]; k-- > at[*end];) {
				__builtin_prefetch(&pr->slots[slot_of[k]]);
				*slots++ = slot_of[k];
			}
	} else {
		for (; s < end; s++)
			for (uint32_t k = at[*s]; k < at[*s + 1]; k++) {
				__builtin_prefetch(&pr->slots[slot_of[k]]);
				*slots++ = slot_of[k];
			}
	}
	path->v.n = (size_t)(slots - path->v.v);
}

static void put_path(const struct printer *pr, struct text *to, const struct path *path)
{
	size_t skip = pr->format->skip, n = path->v.n;
	char *out = text_room(to, n * sizeof(struct slot));

	for (size_t i = 0; i < n; i++, skip = 0) {
		const struct slot *slot = &pr->slots[path->v.v[i]];

		if (slot->n == SLOT_LONG) {
			to->v.n = (size_t)(out - to->v.v);
			put_slot(to, slot, skip);
			out = text_room(to, (n - i) * sizeof(struct slot));
			continue;
		}
		/* Whole: what is too much is overwritten by what follows. */
		memcpy(out, slot->text + skip, SLOT_TEXT);
		out += slot->n - skip;
	}
	to->v.n = (size_t)(out - to->v.v);
}

/* Where a sample is among all frames, when each sample counts as one more: those without any, too,
 * make a piece in the end. */
static size_t place_of(const struct printer *pr, size_t i)
{
	return pr->r->profile->stack_at.v[sample_of(pr, i)] + i;
}

/* The first of the samples that begin in this piece or a later one. */
static size_t first_sample(const struct printer *pr, size_t piece)
{
	size_t low = 0, high = pr->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (place_of(pr, middle) < piece * FRAMES_OF_A_PIECE)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void make_piece(void *ctx, size_t piece, struct text_piece *to)
{
	const struct printer *pr = ctx;
	const struct sample_format *f = pr->format;
	struct maker *own = to->own;
	struct path *paths = own->paths;
	size_t i = first_sample(pr, piece), end = first_sample(pr, piece + 1);

	if (!own->w.own)
		own->w.own = own + 1;
	own->w.r = *pr->r;
	own->w.r.scratch = to->scratch;
	own->w.to = &to->out;
	if (i < end)
		find_path(pr, &paths[i % 2], sample_of(pr, i));
	for (; i < end; i++) {
		struct arena_mark mark = arena_mark(to->scratch);

		if (i + 1 < end)
			find_path(pr, &paths[(i + 1) % 2], sample_of(pr, i + 1));
		if (f->before(f, &own->w, i)) {
			put_path(pr, &to->out, &paths[i % 2]);
			if (f->after)
				f->after(f, &own->w, i);
		}
		arena_rewind(to->scratch, mark);
	}
}

static void release_maker(void *own)
{
	struct maker *maker = own;

	VEC_RELEASE(&maker->paths[0].v);
	VEC_RELEASE(&maker->paths[1].v);
	if (maker->w.file)
		fclose(maker->w.file);
}

/* ---- from outside ---- */

FILE *sample_writer_file(struct sample_writer *w)
{
	if (!w->file)
		w->file = text_file(w->to);
	return w->file;
}

static size_t longest_stack(const struct profile *p)
{
	size_t frames = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		if (p->stack_at.v[i + 1] - p->stack_at.v[i] > frames)
			frames = p->stack_at.v[i + 1] - p->stack_at.v[i];
	return frames;
}

static size_t most_lines(const struct nodes *t)
{
	size_t lines = 1;

	for (size_t l = 0; l + 1 < t->at.n; l++)
		if (t->at.v[l + 1] - t->at.v[l] > lines)
			lines = t->at.v[l + 1] - t->at.v[l];
	return lines;
}

void sample_text_print(struct report *r, const struct sample_format *f, const uint32_t *samples,
		       size_t n)
{
	struct text_maker maker = { make_piece, sizeof(struct maker) + f->own_bytes,
				    release_maker };
	struct printer pr = { .r = r, .format = f, .samples = samples, .n = n };

	pr.most_lines = most_lines(&r->nodes);
	if (longest_stack(r->profile) > LARGEST_SAMPLE / make_slots(&pr) / pr.most_lines)
		print_one_by_one(&pr);
	else
		ordered_text_print(r->out, &maker, &pr,
				   (r->profile->stack.n + n) / FRAMES_OF_A_PIECE + 1);
	VEC_RELEASE(&pr.slot_of);
}
