/* spool_image.h - one spool as it is read: nothing in it is believed before it was looked at.
 *
 * A spool may come from a process that died at any moment, or from anyone: everything in it is checked against the
 * segment's bounds before it is used.
 */
#ifndef SONDE_SAMPLER_SPOOL_IMAGE_H
#define SONDE_SAMPLER_SPOOL_IMAGE_H

#include "base/err.h"
#include "sampler/spool.h"

#include <stdbool.h>
#include <stddef.h>

struct spool_image { /* bounds known */
	const struct spool_header *h;
	const struct segment *segments[SPOOL_MAX_SEGMENTS];
	uint64_t segment_words[SPOOL_MAX_SEGMENTS];
	unsigned n_segments;
	const struct spool_reserve *reserve; /* NULL = none */
	uint64_t reserve_bytes;
};

/* The image of a spool that lies in memory, which it refers to; name is for messages.  SONDE_EFORMAT or SONDE_ENOTFOUND. */
SONDE_MUST int spool_image_of(struct spool_image *im, const void *file, size_t bytes,
			      const char *name, struct err *err);

/* That of the guest in slot i of it, below SPOOL_MAX_GUESTS: false when nobody is there, or left nothing. */
bool spool_image_of_guest(struct spool_image *im, const struct spool_image *host, unsigned i);

/* A file of spool, mapped; the caller unmaps it. */
SONDE_MUST int spool_image_map(const char *path, void **out, size_t *bytes, struct err *err);

/* The record at a word offset, NULL if it does not lie wholly inside. */
const struct record *spool_record_at(const struct spool_image *im, unsigned segment, uint32_t at);

/* A run of n items of so many words, inside the segment? */
bool spool_fits(const struct spool_image *im, unsigned segment, uint32_t at, uint32_t n,
		uint32_t words_each);

#endif
