/* decode_stream.c - read a large gzip'd profile.proto while it is being unpacked.
 *
 * The other way to read one (recognize.c) needs all of the file in memory, packed and unpacked.
 * Here samples go into their columns as they come, before what they name is known.  That nearly
 * every profile numbers its locations 1, 2, 3 ... is taken for granted until the end, when it is
 * set right where it is not so.
 *
 * It is a short cut for profiles that are as they should be.  Whatever else there is, an older
 * format, fields that say nothing or say it twice, one that is longer than what a stream keeps,
 * anything wrong: it gives up, and the other way reads the file from the beginning and says why.
 */
#include "base/parallel.h"
#include "writer/decode.h"
#include "writer/gzip_stream.h"

enum { RANGE_FRAMES = 1 << 20 };

struct setting_right {
	const struct decoder *d;
	bool unknown_location; /* any thread sets it */
};

/* The decoder's locations while they are not known: the index of each id is id - 1. */
static void expect_straight_ids(struct decoder *d)
{
	id_map_init(&d->locations, 0);
	d->locations.n_straight = UINT32_MAX - 1;
}

static bool take_field(struct decoder *d, struct wire *w, const struct wire_field *f,
		       const uint8_t *at)
{
	if (f->number == F_SAMPLE_TYPE) {
		if (d->p->n_samples)
			return false;
		d->n_types++;
	}
	return decode_take_field(d, w, f, at) == 0;
}

/* The last field of a block is cut off most often: it is read again, with what follows it. */
static bool take_fields(struct decoder *d, struct gzip_stream *stream)
{
	const uint8_t *data;
	size_t n, left = 0;

	while (gzip_stream_next(stream, &data, &n)) {
		struct wire w = { data - left, data + n, NULL };
		const uint8_t *at = w.pos;
		struct wire_field f;

		for (; wire_next(&w, &f); at = w.pos)
			if (!take_field(d, &w, &f, at) || w.error)
				return false;
		left = w.error ? (size_t)(w.end - at) : 0;
		if (left > GZIP_STREAM_KEPT)
			return false;
	}
	return left == 0 && d->strings.n > 0 && gzip_stream_ended(stream);
}

/* ---- what was only guessed ---- */

static void set_frames_right(void *ctx, size_t range)
{
	struct setting_right *work = ctx;
	const struct decoder *d = work->d;
	size_t i = range * RANGE_FRAMES, end = i + RANGE_FRAMES;
	uint32_t *stack = d->p->stack.v;
	bool unknown = false;

	for (end = end < d->p->stack.n ? end : d->p->stack.n; i < end; i++) {
		stack[i] = id_map_get(&d->locations, (uint64_t)stack[i] + 1);
		unknown |= stack[i] == PROFILE_NONE;
	}
	if (unknown)
		__atomic_store_n(&work->unknown_location, true, __ATOMIC_RELAXED);
}

static bool set_string_right(const struct decoder *d, str_id *id)
{
	if (*id >= d->strings.n)
		return false;
	*id = d->strings.v[*id];
	return true;
}

static bool set_labels_right(const struct decoder *d)
{
	for (size_t i = 0; i < d->p->labels.n; i++) {
		struct label *l = &d->p->labels.v[i];

		if (!set_string_right(d, &l->key) || !set_string_right(d, &l->str) ||
		    !set_string_right(d, &l->unit))
			return false;
	}
	return true;
}

static bool set_right(struct decoder *d)
{
	struct setting_right work = { .d = d };
	size_t n = d->p->locations.n;

	if (d->p->stack.n && (d->locations.n_straight < n || d->largest >= n))
		parallel_run(set_frames_right, &work,
			     (d->p->stack.n + RANGE_FRAMES - 1) / RANGE_FRAMES);
	return !work.unknown_location && set_labels_right(d);
}

bool proto_decode_stream(struct profile **out, struct gzip_stream *stream)
{
	struct decoder d = { .p = profile_new(),
			     .in_pieces = true,
			     .copies = arena_new(ARENA_DIE) };
	bool ok;

	expect_straight_ids(&d);
	ok = take_fields(&d, stream);
	id_map_release(&d.locations);
	d.in_pieces = false;
	ok = ok && decode_tables(&d) == 0 && set_right(&d);
	decoder_release(&d);
	if (ok)
		*out = d.p;
	else
		profile_free(d.p);
	return ok;
}
