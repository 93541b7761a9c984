/* decode.h - what decode.c, which reads the tables of a profile, and decode_samples.c share.
 * Private to writer/.
 */
#ifndef SONDE_WRITER_DECODE_H
#define SONDE_WRITER_DECODE_H

#include "writer/input.h"
#include "writer/wire.h"

/* Samples that are decoded by one thread in one go: they begin at `at` and are not the only fields
 * there. */
struct sample_run {
	const uint8_t *at;
	size_t first, n; /* samples */
};

enum { RUN_SAMPLES = 4096, F_SAMPLE = 2 /* field of the message Profile */ };

struct decoder {
	struct profile *p;
	const uint8_t *start, *end;
	VEC(str_id) strings;	      /* by their number in the file */
	VEC(struct wire_field) later; /* all but strings and samples */
	VEC(struct sample_run) runs;
	struct id_map mappings, functions, locations;
	size_t n_of[16]; /* fields seen, by number */
	struct err *err;
};

static inline str_id decode_string(const struct decoder *d, struct wire *w, uint64_t i)
{
	if (i < d->strings.n)
		return d->strings.v[i];
	if (!w->error)
		w->error = "string number outside the string table";
	return 0;
}

/* Fill the sample columns from d->runs; all else of the profile has been decoded.  PROTO_OK, or
 * d->err says what is wrong with the first bad sample. */
int decode_samples(struct decoder *d);

#endif
