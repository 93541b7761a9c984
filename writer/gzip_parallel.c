/* gzip_parallel.c - gzip_out.h for the tool: blocks deflated by all cores.
 *
 * Each block is deflated on its own and ends at a byte, so that blocks that follow each other are
 * one stream, and each knows the end of the one before it as if it had been there.  Where blocks
 * begin does not depend on the number of cores.
 */
#include "base/arena.h"
#include "base/outfile.h"
#include "base/parallel.h"
#include "base/vec.h"
#include "writer/gzip_out.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

enum {
	BLOCK = 256 * 1024,
	WINDOW = 32 * 1024,
	BLOCKS = 2 * PARALLEL_MOST,
	RAW_WINDOW = -15, /* the largest; neither header nor trailer */
	MEMORY_LEVEL = 8, /* zlib's own default */
	FLUSH_BYTES = 16, /* more than what deflateBound() leaves out */
};

struct block {
	z_stream z;
	bool is_ready, failed;
	VEC(uint8_t) out;
	uLong crc;
};

struct gzip_out {
	struct arena *arena;
	int fd, status;
	const char *name;
	struct err *err;
	uint8_t *in;		/* the WINDOW bytes before, then blocks */
	size_t n, most, window; /* bytes in the blocks, at most, before them */
	bool is_last;
	uLong crc;
	uint32_t bytes; /* of all, modulo 2^32 */
	struct block blocks[BLOCKS];
};

struct gzip_out *gzip_out_new(int fd, const char *name, struct err *err)
{
	static const uint8_t header[10] = { 0x1f, 0x8b, Z_DEFLATED, [9] = 3 /* Unix */ };
	struct arena *a = arena_new(ARENA_DIE);
	struct gzip_out *g = ARENA_NEW(a, struct gzip_out);

	g->arena = a;
	g->fd = fd;
	g->name = name;
	g->err = err;
	g->most = 2 * parallel_width() * BLOCK;
	g->in = arena_alloc(a, WINDOW + g->most);
	g->status = write_all(fd, header, sizeof(header), name, err);
	return g;
}

static bool prepare(struct block *b)
{
	if (b->is_ready)
		return deflateReset(&b->z) == Z_OK;
	b->is_ready = deflateInit2(&b->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW,
				   MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
	return b->is_ready;
}

static void deflate_block(void *ctx, size_t i)
{
	struct gzip_out *g = ctx;
	struct block *b = &g->blocks[i];
	uint8_t *in = g->in + WINDOW + i * BLOCK;
	size_t left = g->n - i * BLOCK, n = left < BLOCK ? left : BLOCK;
	size_t window = i ? WINDOW : g->window;

	b->failed = !prepare(b);
	if (b->failed)
		return;
	if (window)
		deflateSetDictionary(&b->z, in - window, (uInt)window);
	VEC_MUST(&b->out, deflateBound(&b->z, n) + FLUSH_BYTES);
	b->z.next_in = in;
	b->z.avail_in = (uInt)n;
	b->z.next_out = b->out.v;
	b->z.avail_out = (uInt)b->out.cap;
	deflate(&b->z, g->is_last && left <= BLOCK ? Z_FINISH : Z_SYNC_FLUSH);
	b->out.n = b->out.cap - b->z.avail_out;
	b->crc = crc32(0, in, (uInt)n);
}

static void write_block(struct gzip_out *g, const struct block *b, size_t n)
{
	if (b->failed)
		gzip_out_fail(g, err_set(g->err, SONDE_ENOMEM,
					 "cannot write '%s': not enough memory to compress it",
					 g->name));
	if (!g->status)
		g->status = write_all(g->fd, b->out.v, b->out.n, g->name, g->err);
	g->crc = crc32_combine(g->crc, b->crc, (z_off_t)n);
	g->bytes += (uint32_t)n;
}

static void write_blocks(struct gzip_out *g)
{
	size_t n_blocks = g->n ? (g->n + BLOCK - 1) / BLOCK : 1;

	parallel_run(deflate_block, g, n_blocks);
	for (size_t i = 0; i < n_blocks; i++)
		write_block(g, &g->blocks[i], i + 1 < n_blocks ? BLOCK : g->n - i * BLOCK);
	if (g->n == g->most) {
		memcpy(g->in, g->in + g->n, WINDOW);
		g->window = WINDOW;
	}
	g->n = 0;
}

void gzip_out_put(struct gzip_out *g, const void *p, size_t n)
{
	const uint8_t *from = p;

	while (n && !g->status) {
		size_t fits = n < g->most - g->n ? n : g->most - g->n;

		memcpy(g->in + WINDOW + g->n, from, fits);
		g->n += fits;
		from += fits;
		n -= fits;
		if (g->n == g->most)
			write_blocks(g);
	}
}

void gzip_out_fail(struct gzip_out *g, int status)
{
	if (!g->status)
		g->status = status;
}

static void write_trailer(struct gzip_out *g)
{
	uint8_t trailer[8];

	for (int i = 0; i < 4; i++) {
		trailer[i] = (uint8_t)(g->crc >> 8 * i);
		trailer[4 + i] = (uint8_t)(g->bytes >> 8 * i);
	}
	if (!g->status)
		g->status = write_all(g->fd, trailer, sizeof(trailer), g->name, g->err);
}

int gzip_out_close(struct gzip_out *g)
{
	int status;

	g->is_last = true;
	if (!g->status)
		write_blocks(g);
	write_trailer(g);
	status = g->status;
	for (size_t i = 0; i < BLOCKS; i++) {
		if (g->blocks[i].is_ready)
			deflateEnd(&g->blocks[i].z);
		VEC_RELEASE(&g->blocks[i].out);
	}
	arena_free(g->arena); /* g lives there */
	return status;
}
