/* spool_file.h - create a spool and make it grow.  For the library's own threads, not for handlers. */
#ifndef SONDE_SAMPLER_SPOOL_FILE_H
#define SONDE_SAMPLER_SPOOL_FILE_H

#include "sampler/spool.h"

#include <stddef.h>

struct segment;

struct spool {
	struct spool_header *header;
	struct segment *segments[SPOOL_MAX_SEGMENTS];
	unsigned n_segments;
	size_t bytes, max_bytes;
	char path[1100]; /* "" = memory only */
};

/* 0 or -errno.  path NULL: memory that dies with the process.  The file must not exist. */
int spool_create(struct spool *s, const char *path, size_t first_bytes, size_t max_bytes);

/* One more segment, twice as large as the last; 0, -ENOSPC at the limit, or -errno. */
int spool_grow(struct spool *s);

/* Unmap; the file stays. */
void spool_close(struct spool *s);

#endif
