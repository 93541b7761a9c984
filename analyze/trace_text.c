/* trace_text.c - the text of traces: gigabytes for a large profile, and few different lines.
 *
 * The line of each node is made once, padding and all, and kept in a slot of one cache line, so
 * that printing a frame is to copy a slot.  The slots of a sample are asked of the memory while the
 * sample before it is copied.
 */
#include "analyze/trace_text.h"
#include "analyze/arith.h"
#include "analyze/label_texts.h"
#include "analyze/measure.h"
#include "analyze/ordered_text.h"
#include "base/utf8.h"

#include <string.h>

static const char separator[] =
	"-----------+-------------------------------------------------------\n";

enum {
	VALUE_WIDTH = 10,
	MARGIN = VALUE_WIDTH + 3, /* of names */
	FRAMES_OF_A_PIECE = 1024,
	LARGEST_SAMPLE =
		1 << 27, /* bytes; where one may be larger, each line is made and written */
	STREAM_BYTES = 1 << 18,
	VALUES = 256,
};

/* A line: n bytes of text with the newline, or LONG and where they are. */
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

/* The slots of a stack. */
struct path {
	VEC(uint32_t) v;
};

/* What a thread has of its own for the pieces it makes. */
struct maker {
	struct report r; /* the report, with a scratch arena of its own */
	struct path paths[2];
	struct value_text values[VALUES];
};

struct printer {
	struct report *r;
	struct slot *slots;    /* two for each node: called, inlined */
	VEC(uint32_t) slot_of; /* by place in nodes.of */
	size_t most_lines;     /* of a location */
};

struct piece {
	const struct printer *printer;
	struct text_piece *to;
	struct maker *own;
};

static char *room(struct text_piece *t, size_t bytes)
{
	VEC_MUST(&t->out, t->out.n + bytes);
	return t->out.v + t->out.n;
}

static void put(struct text_piece *t, const char *s, size_t n)
{
	memcpy(room(t, n), s, n);
	t->out.n += n;
}

static void put_padding(struct text_piece *t, size_t n)
{
	memset(room(t, n), ' ', n);
	t->out.n += n;
}

/* ---- what stands before a stack ---- */

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
	struct arena_mark mark = arena_mark(t->own->r.scratch);
	struct label_texts texts = label_texts_make(&t->own->r, sample, write_labels);

	for (size_t i = 0; i < texts.n; i++)
		put(t->to, texts.v[i], strlen(texts.v[i]));
	arena_rewind(t->own->r.scratch, mark);
}

static void make_value(struct piece *t, struct value_text *kept, int64_t value)
{
	const char *text = report_value(&t->own->r, value);
	size_t n = strlen(text), shown = utf8_count(text, n);

	kept->n = 0;
	if (n <= VALUE_WIDTH && shown == n) {
		kept->value = value;
		kept->n = VALUE_WIDTH;
		memset(kept->text, ' ', VALUE_WIDTH - n);
		memcpy(kept->text + VALUE_WIDTH - n, text, n);
		return;
	}
	if (shown < VALUE_WIDTH)
		put_padding(t->to, VALUE_WIDTH - shown);
	put(t->to, text, n);
}

/* The value, padded on its left. */
static void put_value(struct piece *t, int64_t value)
{
	struct value_text *kept = &t->own->values[hash_mix((uint64_t)value) % VALUES];
	struct arena_mark mark;

	if (!kept->n || kept->value != value) {
		mark = arena_mark(t->own->r.scratch);
		make_value(t, kept, value);
		arena_rewind(t->own->r.scratch, mark);
	}
	put(t->to, kept->text, kept->n);
}

static void put_beginning(struct piece *t, size_t sample)
{
	const struct profile *p = t->printer->r->profile;
	const int64_t *values = p->values.v + sample * p->sample_types.n;
	int64_t value = values[t->printer->r->value_index];

	put(t->to, separator, sizeof(separator) - 1);
	if (p->label_at.v[sample] < p->label_at.v[sample + 1])
		put_labels(t, sample);
	if (t->printer->r->opts.mean && values[0] != 0)
		value = div64(value, values[0]);
	put_value(t, value);
}

/* ---- lines, made for each frame ---- */

static void put_line(struct text_piece *t, struct nodes *nodes, uint32_t place, size_t margin)
{
	const struct node_name *name = node_name(nodes, nodes->of.v[place]);
	const char *end = nodes->inlined.v[place] ? " (inline)\n" : "\n";

	put_padding(t, margin);
	put(t, name->s, name->n);
	put(t, end, strlen(end));
}

static void write_out(struct piece *t, size_t most)
{
	if (t->to->out.n <= most)
		return;
	fwrite_unlocked(t->to->out.v, 1, t->to->out.n, t->printer->r->out);
	t->to->out.n = 0;
}

static void print_line_by_line(struct printer *pr)
{
	const struct profile *p = pr->r->profile;
	struct maker own = { .r = *pr->r };
	struct text_piece to = { .out = VEC_INIT };
	struct piece t = { .printer = pr, .to = &to, .own = &own };
	struct nodes *nodes = &pr->r->nodes;

	for (size_t i = 0; i < p->n_samples; i++) {
		size_t s = p->stack_at.v[i], end = p->stack_at.v[i + 1], margin = MARGIN;

		if (s < end)
			put_beginning(&t, i);
		for (margin -= VALUE_WIDTH; s < end; s++)
			for (uint32_t k = nodes->at.v[p->stack.v[s]];
			     k < nodes->at.v[p->stack.v[s] + 1]; k++, margin = MARGIN) {
				put_line(&to, nodes, k, margin);
				write_out(&t, STREAM_BYTES);
			}
	}
	write_out(&t, 0);
	VEC_RELEASE(&to.out);
}

/* ---- lines, made once for each node ---- */

static size_t make_slot(struct report *r, struct slot *slot, uint32_t node, bool is_inline)
{
	const struct node_name *name = node_name(&r->nodes, node);
	const char *mark = is_inline ? " (inline)\n" : "\n";
	struct long_text text = { .n = MARGIN + name->n + strlen(mark) };

	if (text.n <= SLOT_TEXT) {
		memset(slot->text, ' ', MARGIN);
		memcpy(slot->text + MARGIN, name->s, name->n);
		memcpy(slot->text + MARGIN + name->n, mark, strlen(mark));
		slot->n = (unsigned char)text.n;
		return text.n;
	}
	text.s = arena_printf(r->arena, "%*s%s%s", MARGIN, "", name->s, mark);
	memcpy(slot->text, &text, sizeof(text));
	slot->n = SLOT_LONG;
	return text.n;
}

/* Returns the bytes of the longest line. */
static size_t make_slots(struct printer *pr)
{
	struct report *r = pr->r;
	const struct nodes *nodes = &r->nodes;
	char *memory = arena_alloc(r->arena, (nodes->info.n * 2 + 2) * sizeof(struct slot));
	size_t longest = 1;

	memory += -(uintptr_t)memory % sizeof(struct slot);
	pr->slots = (struct slot *)memory;
	VEC_MUST(&pr->slot_of, nodes->of.n + 1);
	for (size_t i = 0; i < nodes->of.n; i++) {
		uint32_t slot = nodes->of.v[i] * 2 + (nodes->inlined.v[i] != 0);
		size_t n = 0;

		pr->slot_of.v[i] = slot;
		if (!pr->slots[slot].n)
			n = make_slot(r, &pr->slots[slot], nodes->of.v[i], nodes->inlined.v[i]);
		longest = n > longest ? n : longest;
	}
	return longest;
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

/* Find the slots of a sample's stack, and have them come nearer. */
static void find_path(const struct printer *pr, struct path *path, size_t sample)
{
	const struct profile *p = pr->r->profile;
	const uint32_t *at = pr->r->nodes.at.v, *slot_of = pr->slot_of.v;
	const uint32_t *s = p->stack.v + p->stack_at.v[sample],
		       *end = p->stack.v + p->stack_at.v[sample + 1];
	uint32_t *slots;

	VEC_MUST(&path->v, (size_t)(end - s) * pr->most_lines);
	for (slots = path->v.v; s < end; s++)
		for (uint32_t k = at[*s]; k < at[*s + 1]; k++) {
			__builtin_prefetch(&pr->slots[slot_of[k]]);
			*slots++ = slot_of[k];
		}
	path->v.n = (size_t)(slots - path->v.v);
}

static void put_long(struct text_piece *t, const struct slot *slot, size_t skip)
{
	struct long_text text;

	memcpy(&text, slot->text, sizeof(text));
	put(t, text.s + skip, text.n - skip);
}

/* The first line stands behind the value. */
static void put_path(struct piece *t, const struct path *path)
{
	const struct slot *slots = t->printer->slots;
	size_t skip = VALUE_WIDTH, n = path->v.n;
	char *out = room(t->to, n * sizeof(struct slot));

	for (size_t i = 0; i < n; i++, skip = 0) {
		const struct slot *slot = &slots[path->v.v[i]];

		if (slot->n == SLOT_LONG) {
			t->to->out.n = (size_t)(out - t->to->out.v);
			put_long(t->to, slot, skip);
			out = room(t->to, (n - i) * sizeof(struct slot));
			continue;
		}
		/* Whole: what is too much is overwritten by what follows. */
		memcpy(out, slot->text + skip, SLOT_TEXT);
		out += slot->n - skip;
	}
	t->to->out.n = (size_t)(out - t->to->out.v);
}

/* The first sample whose stack begins at a frame of this piece or a later one. */
static size_t first_sample(const struct profile *p, size_t piece)
{
	size_t low = 0, high = p->n_samples, frame = piece * FRAMES_OF_A_PIECE;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->stack_at.v[middle] < frame)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void make_piece(void *ctx, size_t piece, struct text_piece *to)
{
	struct piece t = { .printer = ctx, .to = to, .own = to->own };
	const struct profile *p = t.printer->r->profile;
	size_t i = first_sample(p, piece), end = first_sample(p, piece + 1);
	struct path *paths = t.own->paths;

	t.own->r = *t.printer->r;
	t.own->r.scratch = to->scratch;
	if (i < end)
		find_path(t.printer, &paths[i % 2], i);
	for (; i < end; i++) {
		if (i + 1 < end)
			find_path(t.printer, &paths[(i + 1) % 2], i + 1);
		if (p->stack_at.v[i] == p->stack_at.v[i + 1])
			continue;
		put_beginning(&t, i);
		put_path(&t, &paths[i % 2]);
	}
}

static void release_maker(void *own)
{
	struct maker *maker = own;

	VEC_RELEASE(&maker->paths[0].v);
	VEC_RELEASE(&maker->paths[1].v);
}

void trace_text_print(struct report *r)
{
	static const struct text_maker maker = { make_piece, sizeof(struct maker), release_maker };
	struct printer pr = { .r = r, .most_lines = most_lines(&r->nodes) };

	if (longest_stack(r->profile) > LARGEST_SAMPLE / make_slots(&pr) / pr.most_lines)
		print_line_by_line(&pr);
	else
		ordered_text_print(r->out, &maker, &pr,
				   r->profile->stack.n / FRAMES_OF_A_PIECE + 1);
	fwrite_unlocked(separator, 1, sizeof(separator) - 1, r->out);
	VEC_RELEASE(&pr.slot_of);
}
