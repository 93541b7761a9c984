/* legacy_cpu.c - the binary CPU profile of gperftools, also written by the Java agent.
 *
 *	word 0   0
 *	word 1   3, the number of header words that follow
 *	word 2   0 = C++, 1 = Java
 *	word 3   sampling period in microseconds
 *	word 4   0
 *	then     count, depth, depth addresses (leaf first) for each sample
 *	last     0, 1, 0; after it text: the memory map, or the Java locations
 *
 * A word is as long as the target's pointer and in its byte order; both are found by trying.
 */
#include "writer/legacy.h"

enum { FRAMES_OF_THE_HANDLER = 2, SAMPLES_FOR_ONE_EXCEPTION = 32 };

struct words {
	const uint8_t *pos, *end;
	unsigned bytes; /* of a word: 4 or 8 */
	bool big_endian;
	bool past_end; /* a word was asked for that is not there */
};

static uint64_t word(struct words *w)
{
	uint64_t u = 0;

	if ((size_t)(w->end - w->pos) < w->bytes) {
		w->past_end = true;
		w->pos = w->end;
		return 0;
	}
	for (unsigned i = 0; i < w->bytes; i++)
		u |= (uint64_t)w->pos[i] << 8 * (w->big_endian ? w->bytes - 1 - i : i);
	w->pos += w->bytes;
	return u;
}

static bool is_header(struct words *w, bool *is_java, int64_t *period_us)
{
	uint64_t first = word(w), length = word(w), kind = word(w), period = word(w),
		 last = word(w);

	*is_java = kind == 1;
	*period_us = (int64_t)period;
	return !w->past_end && first == 0 && length == 3 && kind <= 1 && period > 0 && last == 0;
}

/* Words until the end marker; what follows is left in w.  A stack that the file cuts short is
 * filled up with zeros, as pprof has it. */
static enum legacy_result read_samples(struct legacy *l, struct words *w, bool is_java)
{
	while (w->pos < w->end) {
		uint64_t count = word(w), depth = word(w);
		int64_t values[2] = { (int64_t)count, (int64_t)(count * (uint64_t)l->p->period) };
		uint64_t leaf;

		if (w->past_end || depth > (uint64_t)(w->end - w->pos) / 4)
			return LEGACY_NOT_MINE;
		leaf = depth ? word(w) : 0;
		if (count == 0 && depth == 1 && leaf == 0)
			break;
		if (depth)
			legacy_frame(l, leaf);
		for (uint64_t i = 1; i < depth; i++)
			legacy_frame(
				l, word(w) - (is_java ? 0 : 1)); /* return addresses: on the call */
		legacy_sample(l, values, NULL);
	}
	return LEGACY_OK;
}

static size_t count_second_frames(const struct profile *p, uint64_t address)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_samples; i++)
		n += p->stack_at.v[i + 1] - p->stack_at.v[i] > 1 &&
		     p->locations.v[p->stack.v[p->stack_at.v[i] + 1]].address == address;
	return n;
}

/* The address that more than half of the samples have second, if there is one (Boyer and Moore's
 * vote). */
static uint64_t majority_second_frame(const struct profile *p)
{
	uint64_t winner = 0;
	size_t votes = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		uint64_t address;

		if (p->stack_at.v[i + 1] - p->stack_at.v[i] < 2)
			continue;
		address = p->locations.v[p->stack.v[p->stack_at.v[i] + 1]].address;
		if (votes == 0)
			winner = address;
		votes = address == winner ? votes + 1 : votes - 1;
	}
	return winner;
}

static void drop_second_frames(struct profile *p, uint64_t address)
{
	size_t n = 0, from = 0;

	for (size_t i = 0; i < p->n_samples; i++) {
		size_t end = p->stack_at.v[i + 1];

		for (size_t k = from; k < end; k++)
			if (k != from + 1 || p->locations.v[p->stack.v[k]].address != address)
				p->stack.v[n++] = p->stack.v[k];
		p->stack_at.v[i + 1] = n;
		from = end;
	}
	p->stack.n = n;
}

/* A second frame that nearly all samples share is the signal handler's: what was interrupted is the
 * leaf, taken from the signal's context. */
static void drop_handler_frames(struct profile *p)
{
	size_t enough = p->n_samples - p->n_samples / SAMPLES_FOR_ONE_EXCEPTION;

	for (int i = 0; i < FRAMES_OF_THE_HANDLER && p->n_samples; i++) {
		uint64_t address = majority_second_frame(p);

		if (count_second_frames(p, address) >= enough)
			drop_second_frames(p, address);
	}
}

static enum legacy_result read_profile(struct legacy *l, struct words *w, bool is_java,
				       int64_t period_us)
{
	struct lines text;
	enum legacy_result rc;

	legacy_period(l, "cpu", "nanoseconds", (int64_t)((uint64_t)period_us * 1000));
	legacy_sample_type(l, "samples", "count");
	legacy_sample_type(l, "cpu", "nanoseconds");
	rc = read_samples(l, w, is_java);
	if (rc)
		return rc;
	text = (struct lines){ .pos = (const char *)w->pos, .end = (const char *)w->end };
	if (is_java)
		return legacy_java_locations(l, &text);
	drop_handler_frames(l->p);
	rc = legacy_read_map(l, &text);
	if (!rc)
		legacy_drop_double_leaves(l->p);
	return rc;
}

enum legacy_result legacy_cpu(struct legacy *l, const uint8_t *data, size_t n)
{
	for (unsigned i = 0; i < 4; i++) {
		struct words w = { data, data + n, i < 2 ? 4 : 8, i % 2 == 1, false };
		int64_t period_us;
		bool is_java;

		if (is_header(&w, &is_java, &period_us))
			return read_profile(l, &w, is_java, period_us);
	}
	return LEGACY_NOT_MINE;
}
