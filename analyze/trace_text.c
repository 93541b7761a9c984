/* trace_text.c - the text of traces: gigabytes for a large profile, and few different lines.
 *
 * The line of each node is made once and kept in a slot of one cache line, so that printing a frame
 * is to fetch a slot and to copy it whole.  Pieces of about half a megabyte are formatted by all
 * cores into buffers of their own, while the pieces before them are written.
 */
#include "analyze/trace_text.h"
#include "analyze/arith.h"
#include "analyze/label_texts.h"
#include "analyze/measure.h"
#include "base/utf8.h"
#include "base/parallel.h"

#include <string.h>

static const char separator[] =
	"-----------+-------------------------------------------------------\n";

enum {
	VALUE_WIDTH = 10,
	GAP = 3, /* between the value and the name */
	FRAMES_OF_A_PIECE = 8192,
	PIECES = 4, /* formatted at a time by one core */
	STREAM_BYTES = 1 << 18,
	LINES_OF_A_SAMPLE = 1 << 20, /* one with more is streamed: its text may fit no memory */
	VALUES = 256,
};

/* What follows the value in a line: n bytes of text with the newline, or LONG and where they are. */
enum { SLOT_TEXT = 63, SLOT_LONG = 255 };

struct slot {
	unsigned char n;
	char text[SLOT_TEXT];
};

struct long_text {
	const char *s;
	size_t n;
};

/* The text of a value is long to make and often the same. */
struct value_text {
	int64_t value;
	unsigned char n; /* 0 = not made yet */
	char text[23];
};

struct piece {
	const struct printer *printer;
	struct report r;   /* the report, with a scratch arena of its own */
	size_t first, end; /* samples */
	VEC(char) out;
	VEC(uint32_t) path; /* slots of the sample at hand */
	struct value_text values[VALUES];
};

struct printer {
	struct report *r;
	struct slot *slots;    /* two for each node: called, inlined */
	VEC(uint32_t) slot_of; /* by place in nodes.of */
	bool streams;	       /* pieces write what they have when it is much */
	struct piece *ready, *at_work;
	size_t n_ready, n_at_work;
};

/* ---- lines ---- */

static void make_slot(struct report *r, struct slot *slot, uint32_t node, bool is_inline)
{
	const struct node_name *name = node_name(&r->nodes, node);
	const char *mark = is_inline ? " (inline)\n" : "\n";
	size_t n = name->n + strlen(mark);
	struct long_text text = { .n = n };

	if (n <= SLOT_TEXT) {
		memcpy(slot->text, name->s, name->n);
		memcpy(slot->text + name->n, mark, strlen(mark));
		slot->n = (unsigned char)n;
		return;
	}
	text.s = arena_printf(r->arena, "%s%s", name->s, mark);
	memcpy(slot->text, &text, sizeof(text));
	slot->n = SLOT_LONG;
}

static void make_slots(struct printer *pr)
{
	struct report *r = pr->r;
	const struct nodes *t = &r->nodes;
	char *memory = arena_alloc(r->arena, (t->info.n * 2 + 1) * sizeof(struct slot));

	memory += -(uintptr_t)memory % sizeof(struct slot);
	pr->slots = (struct slot *)memory;
	VEC_MUST(&pr->slot_of, t->of.n + 1);
	for (size_t i = 0; i < t->of.n; i++) {
		uint32_t slot = t->of.v[i] * 2 + (t->inlined.v[i] != 0);

		pr->slot_of.v[i] = slot;
		if (!pr->slots[slot].n)
			make_slot(r, &pr->slots[slot], t->of.v[i], t->inlined.v[i]);
	}
}

/* ---- one sample ---- */

static char *room(struct piece *t, size_t bytes)
{
	VEC_MUST(&t->out, t->out.n + bytes);
	return t->out.v + t->out.n;
}

static void put(struct piece *t, const char *s, size_t n)
{
	memcpy(room(t, n), s, n);
	t->out.n += n;
}

static void put_padding(struct piece *t, size_t n)
{
	memset(room(t, n), ' ', n);
	t->out.n += n;
}

static const char *label_value(struct report *r, const struct label *l)
{
	if (!l->is_num)
		return profile_str(r->profile, l->str);
	return measure_label(r->scratch, l->num,
			     profile_str(r->profile, label_units_get(&r->units, l->key)), "auto");
}

/* "       key:  value value" */
static void write_labels(struct report *r, struct text *t, const struct label *labels, size_t n)
{
	const char *key = profile_str(r->profile, labels->key);
	size_t shown = utf8_count(key, strlen(key));

	text_printf(t, "%*s%s: ", shown < VALUE_WIDTH ? (int)(VALUE_WIDTH - shown) : 0, "", key);
	for (size_t i = 0; i < n; i++) {
		text_add(t, " ");
		text_add(t, label_value(r, &labels[i]));
	}
	text_add(t, "\n");
}

static void put_labels(struct piece *t, size_t sample)
{
	struct label_texts texts = label_texts_make(&t->r, sample, write_labels);

	for (size_t i = 0; i < texts.n; i++)
		put(t, texts.v[i], strlen(texts.v[i]));
}

/* The value, padded on its left. */
static void put_value(struct piece *t, int64_t value)
{
	struct value_text *kept = &t->values[hash_mix((uint64_t)value) % VALUES];
	const char *text;
	size_t n, shown;

	if (kept->n && kept->value == value) {
		put(t, kept->text, kept->n);
		return;
	}
	text = report_value(&t->r, value);
	n = strlen(text);
	shown = utf8_count(text, n);
	kept->n = 0;
	if (n <= VALUE_WIDTH && shown == n) {
		kept->value = value;
		kept->n = VALUE_WIDTH;
		memset(kept->text, ' ', VALUE_WIDTH - n);
		memcpy(kept->text + VALUE_WIDTH - n, text, n);
	}
	if (shown < VALUE_WIDTH)
		put_padding(t, VALUE_WIDTH - shown);
	put(t, text, n);
}

static void put_long(struct piece *t, const struct slot *slot)
{
	struct long_text text;

	memcpy(&text, slot->text, sizeof(text));
	put_padding(t, GAP);
	put(t, text.s, text.n);
}

static void write_out(struct piece *t)
{
	fwrite_unlocked(t->out.v, 1, t->out.n, t->r.out);
	t->out.n = 0;
}

/* The lines of a path of slots.  The first one has its value already. */
static void put_path(struct piece *t, bool has_value)
{
	static const char spaces[] = "                "; /* 16 */
	const struct slot *slots = t->printer->slots;
	size_t lead = has_value ? GAP : VALUE_WIDTH + GAP;

	for (size_t i = 0; i < t->path.n; i++, lead = VALUE_WIDTH + GAP) {
		const struct slot *slot = &slots[t->path.v[i]];
		char *out = room(t, sizeof(spaces) + sizeof(slot->text));

		if (slot->n == SLOT_LONG) {
			put_padding(t, lead - GAP);
			put_long(t, slot);
			continue;
		}
		memcpy(out, spaces, 16); /* whole, then what is too much is overwritten */
		memcpy(out + lead, slot->text, sizeof(slot->text));
		t->out.n += lead + slot->n;
	}
	t->path.n = 0;
	if (t->printer->streams && t->out.n > STREAM_BYTES)
		write_out(t);
}

static void put_stack(struct piece *t, const uint32_t *stack, size_t n)
{
	const struct nodes *nodes = &t->r.nodes;
	const uint32_t *slot_of = t->printer->slot_of.v;
	bool has_value = true;

	for (size_t i = 0; i < n; i++) {
		uint32_t place = nodes->at.v[stack[i]], end = nodes->at.v[stack[i] + 1];

		for (; place < end; place++) {
			__builtin_prefetch(&t->printer->slots[slot_of[place]]);
			*VEC_PUSH(&t->path) = slot_of[place];
			if (t->path.n < STREAM_BYTES / sizeof(struct slot))
				continue;
			put_path(t, has_value);
			has_value = false;
		}
	}
	put_path(t, has_value);
}

static void put_sample(struct piece *t, size_t i)
{
	const struct profile *p = t->r.profile;
	size_t n = p->stack_at.v[i + 1] - p->stack_at.v[i];
	const int64_t *values = p->values.v + i * p->sample_types.n;
	int64_t value = values[t->r.value_index];

	if (n == 0)
		return;
	put(t, separator, sizeof(separator) - 1);
	if (p->label_at.v[i] < p->label_at.v[i + 1])
		put_labels(t, i);
	if (t->r.opts.mean && values[0] != 0)
		value = div64(value, values[0]);
	put_value(t, value);
	put_stack(t, p->stack.v + p->stack_at.v[i], n);
}

static void format(struct piece *t)
{
	for (size_t i = t->first; i < t->end; i++) {
		struct arena_mark mark = arena_mark(t->r.scratch);

		put_sample(t, i);
		arena_rewind(t->r.scratch, mark);
	}
}

/* ---- all of them ---- */

/* Piece 0 of the work: write what is ready.  The others: format. */
static void work(void *ctx, size_t i)
{
	struct printer *pr = ctx;

	if (i > 0) {
		format(&pr->at_work[i - 1]);
		return;
	}
	for (size_t k = 0; k < pr->n_ready; k++)
		write_out(&pr->ready[k]);
}

static size_t take_samples(const struct profile *p, size_t first)
{
	size_t end = first, limit = p->stack_at.v[first] + FRAMES_OF_A_PIECE;

	do
		end++;
	while (end < p->n_samples && p->stack_at.v[end + 1] <= limit);
	return end;
}

static struct piece *make_pieces(struct printer *pr, size_t n)
{
	struct piece *pieces = ARENA_ARRAY(pr->r->arena, struct piece, n);

	for (size_t i = 0; i < n; i++) {
		pieces[i].printer = pr;
		pieces[i].r = *pr->r;
		pieces[i].r.scratch = arena_new(ARENA_DIE);
	}
	return pieces;
}

static void release_pieces(struct piece *pieces, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		arena_free(pieces[i].r.scratch);
		VEC_RELEASE(&pieces[i].out);
		VEC_RELEASE(&pieces[i].path);
	}
}

static void print_in_pieces(struct printer *pr)
{
	const struct profile *p = pr->r->profile;
	size_t most = parallel_width() * PIECES, at = 0;
	struct piece *pieces[] = { make_pieces(pr, most), make_pieces(pr, most) };

	for (size_t turn = 0; at < p->n_samples || pr->n_ready; turn ^= 1) {
		pr->at_work = pieces[turn];
		pr->ready = pieces[turn ^ 1];
		for (pr->n_at_work = 0; pr->n_at_work < most && at < p->n_samples;) {
			struct piece *t = &pr->at_work[pr->n_at_work++];

			t->first = at;
			t->end = at = take_samples(p, at);
		}
		parallel_run(work, pr, 1 + pr->n_at_work);
		pr->n_ready = pr->n_at_work;
	}
	release_pieces(pieces[0], most);
	release_pieces(pieces[1], most);
}

static void print_in_one(struct printer *pr)
{
	struct piece *t = make_pieces(pr, 1);

	t->end = pr->r->profile->n_samples;
	format(t);
	write_out(t);
	release_pieces(t, 1);
}

/* The lines that a sample may have. */
static size_t longest_sample(const struct report *r)
{
	const struct profile *p = r->profile;
	const struct nodes *t = &r->nodes;
	size_t frames = 0, lines = 1;

	for (size_t i = 0; i < p->n_samples; i++)
		if (p->stack_at.v[i + 1] - p->stack_at.v[i] > frames)
			frames = p->stack_at.v[i + 1] - p->stack_at.v[i];
	for (size_t l = 0; l + 1 < t->at.n; l++)
		if (t->at.v[l + 1] - t->at.v[l] > lines)
			lines = t->at.v[l + 1] - t->at.v[l];
	return frames > LINES_OF_A_SAMPLE ? frames : frames * lines;
}

void trace_text_print(struct report *r)
{
	struct printer pr = { .r = r };

	make_slots(&pr);
	pr.streams =
		longest_sample(r) > LINES_OF_A_SAMPLE || r->profile->stack.n <= FRAMES_OF_A_PIECE;
	if (pr.streams)
		print_in_one(&pr);
	else
		print_in_pieces(&pr);
	fwrite_unlocked(separator, 1, sizeof(separator) - 1, r->out);
	VEC_RELEASE(&pr.slot_of);
}
