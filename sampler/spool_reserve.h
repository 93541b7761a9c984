/* spool_reserve.h - room in a spool's file that is taken before its process can reach the file no more.
 *
 * A process that changes its root, its mounts or its identity keeps what it has mapped and may open nothing by its old name.  So
 * it maps some room before (spool.h: struct spool_reserve), which costs nothing until it is used: its own spool grows there, and
 * children that find no place for a spool of their own, its guests, keep theirs there.  Any number of processes may take from it
 * at once.  For the library's own threads, not for handlers.
 */
#ifndef SONDE_SAMPLER_SPOOL_RESERVE_H
#define SONDE_SAMPLER_SPOOL_RESERVE_H

#include "sampler/spool.h"

#include <stdbool.h>
#include <stddef.h>

/* Behind the end of the file, which is moved; NULL when there is none to be had. */
struct spool_reserve *spool_reserve_map(const char *path, size_t *end);
void spool_reserve_unmap(struct spool_reserve *r); /* the room in the file stays */

/* Zeros that can be written to without fear, and where in the file they are; NULL when there is no more room. */
void *spool_reserve_take(struct spool_reserve *r, size_t bytes, uint64_t *offset);

/* The same for the header and first segment of a guest, which readers will find. */
void *spool_reserve_guest(struct spool_reserve *r, size_t bytes, uint64_t *offset);

bool spool_reserve_holds(const struct spool_reserve *r, const void *p); /* r may be NULL */

/* The header of a guest, or NULL: for i from 0 up to SPOOL_MAX_GUESTS. */
struct spool_header *spool_reserve_header(struct spool_reserve *r, unsigned i);

#endif
