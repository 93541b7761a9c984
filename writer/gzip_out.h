/* gzip_out.h - a stream of bytes into a file descriptor, gzip'd on the way.
 *
 * There are two: gzip_out.c inside strangers' programs, without malloc and threads, and
 * gzip_parallel.c in the tool.  The first thing that fails is kept and everything after it is
 * ignored, so only the close must be checked.
 */
#ifndef SONDE_WRITER_GZIP_OUT_H
#define SONDE_WRITER_GZIP_OUT_H

#include "base/err.h"

#include <stddef.h>

struct gzip_out;

/* name is for the sentence of a failed write; it and err must live until the close.  NULL: no
 * memory. */
struct gzip_out *gzip_out_new(int fd, const char *name, struct err *err);
void gzip_out_put(struct gzip_out *g, const void *p, size_t n);
void gzip_out_fail(struct gzip_out *g,
		   int status); /* err is filled already; nothing more is written */
SONDE_MUST int gzip_out_close(struct gzip_out *g); /* ends the stream and frees g; fd stays open */

#endif
