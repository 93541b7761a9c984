/* gzip_mem.c - deflate a whole buffer by zlib. */
#include "writer/gzip_mem.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { LEVEL = 4, GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };

static int deflate_whole(z_stream *z, char *out, size_t room, const void *data, size_t n)
{
	int rc;

	z->next_in = (unsigned char *)data;
	z->avail_in = (unsigned)n;
	z->next_out = (unsigned char *)out;
	z->avail_out = (unsigned)room;
	rc = deflate(z, Z_FINISH);
	return rc == Z_STREAM_END ? 0 : -1;
}

int gzip_mem(char **out, size_t *n_out, const void *data, size_t n, struct err *err)
{
	z_stream z = { 0 };
	size_t room;
	int rc;

	*out = NULL;
	if (n > INT_MAX / 2)
		return err_set(err, SONDE_ENOMEM, "%zu bytes are too many to compress at once", n);
	if (deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	room = deflateBound(&z, (unsigned long)n);
	*out = malloc(room);
	rc = *out ? deflate_whole(&z, *out, room, data, n) : -1;
	*n_out = z.total_out;
	deflateEnd(&z);
	if (!rc)
		return 0;
	free(*out);
	*out = NULL;
	return err_set(err, SONDE_ENOMEM, "out of memory");
}
