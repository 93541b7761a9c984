/* gzip_in.c - unpack gzip, all members of it, into memory.
 *
 * Concatenated members are one stream, as gunzip has it.  libdeflate is twice as fast as zlib, but
 * wants the whole output in one piece and does not say what is wrong with a broken file: so it goes
 * first, in as much room as the file's last bytes ask for, and what it cannot do zlib does again.
 * A few kilobytes can unpack to gigabytes, so the output may not exceed half of the machine's
 * memory; below that the input is trusted to be what it says.
 */
#include "base/parallel.h"
#include "writer/input.h"

#include <libdeflate.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum {
	GZIP_WINDOW = 15 + 16, /* largest window, gzip header and trailer wanted */
	CLEAR_AHEAD_MIN = 8 << 20,
};

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; earlier ones refuse it, which does no harm */
#endif

static size_t most_bytes(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);

	return pages > 0 && page > 0 ? (size_t)pages / 2 * (size_t)page : SIZE_MAX / 4;
}

static int make_room(struct bytes *out, size_t most, struct err *err)
{
	size_t want = out->buf.cap * 2;

	if (out->buf.n < out->buf.cap)
		return 0;
	if (out->buf.n >= most)
		return err_set(
			err, SONDE_EFORMAT,
			"gzip data unpacks to more than half of this machine's memory (%zu MB)",
			most >> 20);
	if (want > most)
		want = most;
	if (VEC_RESERVE(&out->buf, want))
		return err_set(err, SONDE_ENOMEM,
			       "not enough memory to unpack gzip data of more than %zu MB "
			       "(see --max-memory)",
			       out->buf.n >> 20);
	return 0;
}

/* zlib counts in 32 bits: hand over at most that much at a time. */
static uInt chunk(size_t n)
{
	return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static int unpack_member(z_stream *z, struct bytes *out, const uint8_t *end, struct err *err)
{
	size_t most = most_bytes();
	int rc = Z_OK;

	while (rc != Z_STREAM_END) {
		uInt given;
		int full = make_room(out, most, err);

		if (full)
			return full;
		z->avail_in = chunk((size_t)(end - z->next_in));
		z->avail_out = given = chunk(out->buf.cap - out->buf.n);
		z->next_out = out->buf.v + out->buf.n;
		rc = inflate(z, Z_NO_FLUSH);
		out->buf.n += given - z->avail_out;
		if (rc == Z_MEM_ERROR)
			return err_set(err, SONDE_ENOMEM,
				       "not enough memory to unpack gzip data (see --max-memory)");
		if (rc == Z_BUF_ERROR || (rc == Z_OK && z->next_in == end && z->avail_out))
			return err_set(err, SONDE_EFORMAT,
				       "gzip data cut short after %zu unpacked bytes", out->buf.n);
		if (rc != Z_OK && rc != Z_STREAM_END)
			return err_set(err, SONDE_EFORMAT,
				       "broken gzip data after %zu unpacked bytes: %s", out->buf.n,
				       z->msg ? z->msg : "no dictionary");
	}
	return 0;
}

struct unpacking {
	struct bytes *out;
	const uint8_t *at, *end;
};

/* The members from `at` on, as far as they are whole and fit the room that out has. */
static void unpack_fast(struct unpacking *u)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	struct bytes *out = u->out;
	size_t used, made;

	while (d && u->at < u->end &&
	       libdeflate_gzip_decompress_ex(d, u->at, (size_t)(u->end - u->at),
					     out->buf.v + out->buf.n, out->buf.cap - out->buf.n,
					     &used, &made) == LIBDEFLATE_SUCCESS) {
		u->at += used;
		out->buf.n += made;
	}
	libdeflate_free_decompressor(d);
}

/* Piece 0 unpacks; piece 1 runs ahead of it and has the kernel clear the memory that is to be
 * filled, which is a quarter of the work. */
static void unpack_piece(void *ctx, size_t piece)
{
	struct unpacking *u = ctx;

	if (piece == 0)
		unpack_fast(u);
	else
		madvise(u->out->buf.v, u->out->buf.cap, MADV_POPULATE_WRITE);
}

/* Clearing ahead is worth it for much, and wrong where a small file only claims to be large. */
static bool clear_ahead(const struct unpacking *u)
{
	size_t n = (size_t)(u->end - u->at);

	return u->out->buf.n == 0 && u->out->buf.cap > CLEAR_AHEAD_MIN && u->out->buf.cap / 8 < n &&
	       parallel_width() > 1;
}

/* The last member's size is in its last four bytes, modulo 2^32; deflate makes at most 1032 of one.
 * Only a guess: what does not fit finds room later. */
static size_t expected_bytes(const uint8_t *data, size_t n)
{
	size_t said = 0;

	for (size_t i = 0; i < 4 && n >= 4; i++)
		said |= (size_t)data[n - 4 + i] << (8 * i);
	return said <= n * 1032 && said >= n / 2 ? said + 64 : n * 2 + 65536;
}

/* (What was cut short says anything at its end.) */
static int reserve_guess(struct bytes *out, const uint8_t *data, size_t n)
{
	size_t guesses[] = { expected_bytes(data, n), n * 2 + 65536 }, most = most_bytes();
	int rc = -1;

	for (size_t i = 0; rc && i < sizeof(guesses) / sizeof(guesses[0]); i++)
		rc = VEC_RESERVE(&out->buf, out->buf.n + (guesses[i] < most ? guesses[i] : most));
	return rc;
}

static int unpack_slowly(struct bytes *out, const uint8_t *at, const uint8_t *end, struct err *err)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)at };
	int rc;

	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_set(err, SONDE_ENOMEM,
			       "not enough memory to unpack gzip data (see --max-memory)");
	do
		rc = unpack_member(&z, out, end, err);
	while (!rc && z.next_in < end && inflateReset(&z) == Z_OK);
	inflateEnd(&z);
	return rc;
}

int gzip_unpack(struct bytes *out, const uint8_t *data, size_t n, struct err *err)
{
	struct unpacking u = { out, data, data + n };

	if (reserve_guess(out, data, n))
		return err_set(err, SONDE_ENOMEM,
			       "not enough memory to unpack gzip data (see --max-memory)");
	parallel_run(unpack_piece, &u, clear_ahead(&u) ? 2 : 1);
	return u.at < u.end || n == 0 ? unpack_slowly(out, u.at, u.end, err) : 0;
}
