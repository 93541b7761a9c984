/* gzip_out.c - gather small pieces, deflate them in large ones, write them to a file descriptor.
 *
 * Memory comes from an arena of its own, never from malloc: this runs inside strangers' programs.
 */
#include "writer/gzip_out.h"
#include "base/arena.h"
#include "base/outfile.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

enum {
	PIECE = 64 * 1024,
	GZIP_WINDOW = 15 + 16, /* largest window, gzip header and trailer wanted */
	MEMORY_LEVEL = 8,      /* zlib's own default */
};

struct gzip_out {
	struct arena *arena;
	z_stream z;
	int fd, status;
	const char *name;
	struct err *err;
	size_t n; /* of in */
	uint8_t in[PIECE], out[PIECE];
};

static voidpf take(voidpf arena, uInt items, uInt size)
{
	return arena_alloc(arena, (size_t)items * size);
}

/* The arena goes as a whole. */
static void give_back(voidpf arena, voidpf p)
{
}

struct gzip_out *gzip_out_new(int fd, const char *name, struct err *err)
{
	struct arena *a = arena_new(ARENA_MAY_FAIL);
	struct gzip_out *g = a ? ARENA_NEW(a, struct gzip_out) : NULL;

	if (!g)
		goto no_memory;
	g->arena = a;
	g->fd = fd;
	g->name = name;
	g->err = err;
	g->z.zalloc = take;
	g->z.zfree = give_back;
	g->z.opaque = a;
	if (deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) == Z_OK)
		return g;
no_memory:
	arena_free(a);
	err_set(err, SONDE_ENOMEM, "cannot write '%s': not enough memory to compress it", name);
	return NULL;
}

static void deflate_piece(struct gzip_out *g, int flush)
{
	g->z.next_in = g->in;
	g->z.avail_in = (uInt)g->n;
	g->n = 0;
	do {
		g->z.next_out = g->out;
		g->z.avail_out = PIECE;
		deflate(&g->z, flush); /* cannot fail: there always is room */
		if (!g->status)
			g->status =
				write_all(g->fd, g->out, PIECE - g->z.avail_out, g->name, g->err);
	} while (!g->status && g->z.avail_out == 0);
}

void gzip_out_put(struct gzip_out *g, const void *p, size_t n)
{
	const uint8_t *from = p;

	while (n && !g->status) {
		size_t fits = n < PIECE - g->n ? n : PIECE - g->n;

		memcpy(g->in + g->n, from, fits);
		g->n += fits;
		from += fits;
		n -= fits;
		if (g->n == PIECE)
			deflate_piece(g, Z_NO_FLUSH);
	}
}

void gzip_out_fail(struct gzip_out *g, int status)
{
	if (!g->status)
		g->status = status;
}

int gzip_out_close(struct gzip_out *g)
{
	int status;

	if (!g->status)
		deflate_piece(g, Z_FINISH);
	status = g->status;
	arena_free(g->arena); /* g lives there */
	return status;
}
