/* fuzz_stream.c - proto_decode_stream(), inflate_next(): a profile that can be read as a stream is
 * the one that is read of the whole file.
 *
 * The bytes are a plain profile, packed here.
 */
#include "writer/gzip_stream.h"
#include "writer/writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 16 };

static size_t pack(uint8_t *out, size_t room, const uint8_t *data, size_t n)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)data,
		       .avail_in = (uInt)n,
		       .next_out = out,
		       .avail_out = (uInt)room };

	if (deflateInit2(&z, n % 4, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
	    deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return z.total_out;
}

static struct profile *read_stream(const uint8_t *file, size_t n)
{
	int fd = memfd_create("profile", 0);
	struct gzip_stream *stream;
	struct profile *p = NULL;

	if (fd < 0 || write(fd, file, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET))
		abort();
	stream = gzip_stream_open(fd);
	if (!stream)
		abort();
	if (!proto_decode_stream(&p, stream))
		p = NULL;
	gzip_stream_close(stream);
	close(fd);
	return p;
}

static void compare(const struct profile *p, const struct profile *want)
{
	if (p->n_samples != want->n_samples || p->stack.n != want->stack.n ||
	    p->labels.n != want->labels.n || p->values.n != want->values.n ||
	    p->locations.n != want->locations.n || p->lines.n != want->lines.n)
		abort();
	for (size_t i = 0; i < p->stack.n; i++)
		if (p->stack.v[i] != want->stack.v[i])
			abort();
	for (size_t i = 0; i < p->values.n; i++)
		if (p->values.v[i] != want->values.v[i])
			abort();
	for (size_t i = 0; i < p->labels.n; i++)
		if (strcmp(profile_str(p, p->labels.v[i].key),
			   profile_str(want, want->labels.v[i].key)) != 0 ||
		    p->labels.v[i].num != want->labels.v[i].num)
			abort();
	for (size_t i = 0; i < p->n_samples; i++)
		if (p->stack_at.v[i + 1] != want->stack_at.v[i + 1] ||
		    p->label_at.v[i + 1] != want->label_at.v[i + 1])
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packed[MOST + 4096];
	struct profile *p, *want;
	struct err err;

	if (size > MOST || size == 0)
		return 0;
	p = read_stream(packed, pack(packed, sizeof(packed), data, size));
	if (!p)
		return 0;
	if (profile_decode_mem(&want, data, size, &err))
		abort();
	compare(p, want);
	profile_free(want);
	profile_free(p);
	return 0;
}
