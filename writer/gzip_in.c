/* gzip_in.c - unpack gzip, all members of it, into memory.
 *
 * Concatenated members are one stream, as gunzip has it.  A few kilobytes can unpack to gigabytes,
 * so the output may not exceed half of the machine's memory; below that the input is trusted to be
 * what it says.
 */
#include "writer/input.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 /* largest window, gzip header and trailer wanted */ };

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
			       "not enough memory to unpack gzip data of more than %zu MB",
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
			return err_set(err, SONDE_ENOMEM, "not enough memory to unpack gzip data");
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

int gzip_unpack(struct bytes *out, const uint8_t *data, size_t n, struct err *err)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data };
	int rc;

	if (VEC_RESERVE(&out->buf, out->buf.n + n * 2 + 65536) ||
	    inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_set(err, SONDE_ENOMEM, "not enough memory to unpack gzip data");
	do
		rc = unpack_member(&z, out, data + n, err);
	while (!rc && z.next_in < data + n && inflateReset(&z) == Z_OK);
	inflateEnd(&z);
	return rc;
}
