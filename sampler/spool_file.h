/* spool_file.h - create a spool and make it grow.  For the library's own threads, not for handlers. */
#ifndef SONDE_SAMPLER_SPOOL_FILE_H
#define SONDE_SAMPLER_SPOOL_FILE_H

#include "sampler/spool.h"

#include <stdbool.h>
#include <stddef.h>

struct segment;

struct spool {
	struct spool_header *header;
	struct segment *segments[SPOOL_MAX_SEGMENTS];
	unsigned n_segments;
	size_t bytes; /* of the file */
	size_t used, max_bytes;
	struct spool_reserve *reserve; /* NULL = none */
	bool is_guest;		       /* in a reserve of another process's file */
	char path[1100];	       /* "" = memory only, or a guest */
};

/* 0 or -errno.  path NULL: memory that dies with the process.  The file must not exist.  Readers take it for a spool
 * once it is published, which is to be done when its header says all that it must. */
int spool_create(struct spool *s, const char *path, size_t first_bytes, size_t max_bytes);

void spool_publish(struct spool *s);

/* The same for a child that cannot make a file, in the reserve of its parent. */
int spool_create_guest(struct spool *s, struct spool_reserve *reserve, size_t first_bytes,
		       size_t max_bytes);

/* The process will perhaps not reach the file any more. */
void spool_make_reserve(struct spool *s);

/* One more segment, twice as large as the last; 0, -ENOSPC at the limit, or -errno. */
int spool_grow(struct spool *s);

/* The header of a spool, read-only, to be unmapped; NULL if there is none at that path. */
struct spool_header *spool_map_header(const char *path);

/* Nothing will be added: give back the space behind what was written, or all but the header of one without samples.
 * No handler may be at work on it. */
void spool_trim_file(const struct spool_header *h, const char *path, bool is_empty);

/* Unmap, but for the reserve; the file stays. */
void spool_close(struct spool *s);

/* Take disk space for a part of a file: 0 or -errno. */
int spool_allocate(int fd, size_t at, size_t bytes);

#endif
