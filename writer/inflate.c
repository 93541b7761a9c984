/* inflate.c - gzip from a descriptor, by zlib, which unlike libdeflate takes it in pieces. */
#include "writer/inflate.h"
#include "base/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { INPUT = 1 << 13 }; /* so that small files come in several reads */
#else
enum { INPUT = 1 << 18 };
#endif

struct inflate {
	int fd;
	bool at_end;
	bool is_behind_a_member;
	z_stream state;
	uint8_t input[INPUT];
};

static size_t input_left(const struct inflate *z)
{
	return z->state.avail_in;
}

/* What is left moves to the front, and as much of the file as there is room for comes behind it.
 * False: it cannot be read. */
static bool read_more(struct inflate *z)
{
	size_t left = input_left(z);
	ssize_t got;

	memmove(z->input, z->state.next_in, left);
	do
		got = read(z->fd, z->input + left, INPUT - left);
	while (got < 0 && errno == EINTR);
	z->state.next_in = z->input;
	z->state.avail_in = (uInt)left + (got > 0 ? (uInt)got : 0);
	return got >= 0;
}

/* Behind a member: another one, or the end.  False: something else. */
static bool next_member(struct inflate *z)
{
	while (input_left(z) < 2) {
		size_t before = input_left(z);

		if (!read_more(z))
			return false;
		if (input_left(z) == before)
			break;
	}
	z->at_end = input_left(z) == 0;
	if (z->at_end)
		return true;
	z->is_behind_a_member = false;
	return input_left(z) >= 2 && memcmp(z->state.next_in, "\x1f\x8b", 2) == 0 &&
	       inflateReset(&z->state) == Z_OK;
}

static bool step(struct inflate *z)
{
	int rc;

	if (z->is_behind_a_member)
		return next_member(z);
	if (input_left(z) == 0 && !read_more(z))
		return false;
	rc = inflate(&z->state, Z_NO_FLUSH);
	z->is_behind_a_member = rc == Z_STREAM_END;
	return rc == Z_OK || rc == Z_STREAM_END; /* Z_BUF_ERROR: the file ends in the middle */
}

ssize_t inflate_next(struct inflate *z, uint8_t *out, size_t want)
{
	z->state.next_out = out;
	z->state.avail_out = (uInt)want;
	while (z->state.avail_out && !z->at_end)
		if (!step(z))
			return -1;
	return z->state.next_out - out;
}

struct inflate *inflate_new(int fd)
{
	struct inflate *z = memory_map(memory_round(sizeof(*z)));

	if (!z)
		return NULL;
	z->fd = fd;
	z->state.next_in = z->input;
	if (inflateInit2(&z->state, 15 + 16) == Z_OK) /* gzip alone */
		return z;
	memory_unmap(z, memory_round(sizeof(*z)));
	return NULL;
}

void inflate_free(struct inflate *z)
{
	if (!z)
		return;
	inflateEnd(&z->state);
	memory_unmap(z, memory_round(sizeof(*z)));
}
