/* decode.h - what decode.c, which reads the tables of a profile, and decode_samples.c share.
 * Private to writer/.
 */
#ifndef SONDE_WRITER_DECODE_H
#define SONDE_WRITER_DECODE_H

#include "base/arena.h"
#include "writer/input.h"
#include "writer/wire.h"

/* Samples that are decoded by one thread in one go: they begin at `at` and are not the only fields
 * there. */
struct sample_run {
	const uint8_t *at;
	size_t first, n; /* samples */
};

/* Fields of the message Profile. */
enum { F_SAMPLE_TYPE = 1, F_SAMPLE };

enum { RUN_SAMPLES = 4096 };

struct decoder {
	struct profile *p;
	const uint8_t *start, *end;
	VEC(str_id) strings;	      /* by their number in the file */
	VEC(struct wire_field) later; /* all but strings and samples */
	VEC(struct sample_run) runs;
	struct id_map mappings, functions, locations;
	size_t n_of[16]; /* fields seen, by number */
	size_t n_types;	 /* values of a sample */
	bool has_time;
	struct err *err;

	/* A profile that comes in pieces (decode_stream.c): what must outlive its piece is copied,
	 * samples are decoded at once, and as nothing that they name is known yet, a location is its
	 * id - 1, and a string of a label its number. */
	bool in_pieces;
	uint32_t largest; /* location in a sample */
	struct arena *copies;
};

static inline str_id decode_string(const struct decoder *d, struct wire *w, uint64_t i)
{
	if (d->in_pieces && i < UINT32_MAX)
		return (str_id)i;
	if (i < d->strings.n)
		return d->strings.v[i];
	if (!w->error)
		w->error = "string number outside the string table";
	return 0;
}

/* decode.c: take one field of the message Profile, which begins at `at`; keep what is to be decoded
 * later. */
int decode_take_field(struct decoder *d, struct wire *w, const struct wire_field *f,
		      const uint8_t *at);

/* When all fields are taken: decode all but the samples. */
int decode_tables(struct decoder *d);

void decoder_release(struct decoder *d);

/* decode_samples.c: append one sample to the columns. */
int decode_sample(struct decoder *d, const struct wire_field *f);

/* Fill the sample columns from d->runs; all else of the profile has been decoded.  PROTO_OK, or
 * d->err says what is wrong with the first bad sample. */
int decode_samples(struct decoder *d);

#endif
