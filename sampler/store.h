/* store.h - put samples into the spool.  Async-signal-safe and lock-free throughout.
 *
 * Any number of threads and handlers may call at once.  Nothing is ever freed or moved.
 */
#ifndef SONDE_SAMPLER_STORE_H
#define SONDE_SAMPLER_STORE_H

#include "sampler/spool.h"

#include <stdbool.h>

/* Lay out an all-zero piece of memory as a segment.  bytes is at least 64 KiB and a multiple of 4096. */
void segment_init(struct segment *s, uint64_t bytes, uint32_t seq);

/* The offset of these words in the segment, stored now or found; 0 when it is full. */
uint32_t store_intern(struct segment *s, enum record_kind kind, const uint64_t *words, uint32_t n);

/* Add weight to the pair.  False when the segment is full. */
bool store_count(struct segment *s, uint32_t stack, uint32_t context, uint64_t weight);

/* Is it time to add a segment? */
bool segment_is_half_full(const struct segment *s);

#endif
