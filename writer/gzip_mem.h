/* gzip_mem.h - bytes in memory, gzip'd into memory: for what is sent over a connection. */
#ifndef SONDE_WRITER_GZIP_MEM_H
#define SONDE_WRITER_GZIP_MEM_H

#include "base/err.h"

#include <stddef.h>

/* *out is malloc'ed.  Quick rather than small. */
SONDE_MUST int gzip_mem(char **out, size_t *n_out, const void *data, size_t n, struct err *err);

#endif
