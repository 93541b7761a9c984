/* fuzz_gzip.c - gzip_unpack(), inflate_next(): what it answers does not depend on how the members
 * are cut, and is zlib's answer; what is unpacked piece by piece is the same, if it can be.
 *
 * The bytes are a file, and once more what follows a plain header, which a fuzzer hardly finds.
 */
#include "writer/inflate.h"
#include "writer/input.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 24 };

/* The size of the first member by zlib alone; 0 if it is broken, cut short or too large. */
static size_t first_member(const uint8_t *data, size_t n)
{
	static uint8_t out[65536];
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)n };
	int rc = Z_OK;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		abort();
	while (rc == Z_OK && z.total_out < MOST) {
		z.next_out = out;
		z.avail_out = sizeof(out);
		rc = inflate(&z, Z_NO_FLUSH);
	}
	inflateEnd(&z);
	return rc == Z_STREAM_END && z.avail_in == 0 ? z.total_out : 0;
}

/* Is this what comes next, and how much of it?  -1: there is something wrong. */
static ssize_t next_piece(struct inflate *z, const struct bytes *whole, size_t at, size_t want)
{
	uint8_t *room = malloc(want);
	ssize_t n;

	if (!room)
		abort();
	n = inflate_next(z, room, want);
	if (n > 0 &&
	    ((size_t)n > whole->buf.n - at || memcmp(room, whole->buf.v + at, (size_t)n) != 0))
		abort();
	free(room);
	return n;
}

/* Until something is wrong the pieces are those of the whole. */
static void unpack_in_pieces(const uint8_t *file, size_t n_file, const struct bytes *whole)
{
	int fd = memfd_create("gzip", 0);
	struct inflate *z = inflate_new(fd);
	size_t at = 0;
	ssize_t n;

	if (fd < 0 || !z || write(fd, file, n_file) != (ssize_t)n_file || lseek(fd, 0, SEEK_SET))
		abort();
	while ((n = next_piece(z, whole, at, 1 + n_file % 5 * 1000)) > 0)
		at += (size_t)n;
	if (n == 0 && at != whole->buf.n)
		abort();
	inflate_free(z);
	close(fd);
}

static void unpack(const uint8_t *data, size_t n)
{
	struct bytes out = { VEC_INIT };
	struct err err = { "" };
	size_t want = first_member(data, n);

	if (gzip_unpack(&out, data, n, &err) == 0) {
		if (want && out.buf.n != want)
			abort();
	} else if (want || !err.text[0]) {
		abort();
	}
	if (out.buf.n < MOST)
		unpack_in_pieces(data, n, &out);
	VEC_RELEASE(&out.buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t header[10] = { 0x1f, 0x8b, 8 };
	uint8_t *file;

	if (size > 1 << 16 || !(file = malloc(size + sizeof(header))))
		return 0;
	unpack(data, size);
	memcpy(file, header, sizeof(header));
	memcpy(file + sizeof(header), data, size);
	unpack(file, size + sizeof(header));
	free(file);
	return 0;
}
