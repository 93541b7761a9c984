/* gzip_stream.h - a gzip file unpacked by a thread of its own, ahead of who reads it.
 *
 * What is unpacked is not kept: a block is good until the next one is asked for.  For files that
 * are as they should be (inflate.h).  Private to writer/.
 */
#ifndef SONDE_WRITER_GZIP_STREAM_H
#define SONDE_WRITER_GZIP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gzip_stream;

enum { GZIP_STREAM_KEPT = 65536 };

/* From where fd is now, which stays the caller's and is not to be used meanwhile.  NULL: no memory
 * or no thread. */
struct gzip_stream *gzip_stream_open(int fd);
void gzip_stream_close(struct gzip_stream *s);

/* The next block; before it lie the last GZIP_STREAM_KEPT bytes of what came before, or all of it.
 * False at the end, or when something is wrong. */
bool gzip_stream_next(struct gzip_stream *s, const uint8_t **data, size_t *n);

/* At the end: was everything right? */
bool gzip_stream_ended(const struct gzip_stream *s);

/* decode_stream.c: the profile in it.  False: read the file in another way. */
struct profile;
bool proto_decode_stream(struct profile **out, struct gzip_stream *stream);

#endif
