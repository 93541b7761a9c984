/* fuzz_gzip.c - gzip_unpack(): what it answers does not depend on how the members are cut, and is
 * zlib's answer.
 *
 * The bytes are a file, and once more what follows a plain header, which a fuzzer hardly finds.
 */
#include "writer/input.h"

#include <stdlib.h>
#include <string.h>
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
