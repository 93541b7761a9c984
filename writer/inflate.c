/* inflate.c - gzip from a descriptor, by ISA-L, which takes pieces as zlib does and is as fast as
 * libdeflate, which does not.  It is loaded for files that are large enough to gain by it. */
#include "writer/inflate.h"
#include "base/library.h"
#include "base/memory.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { INPUT = 1 << 13 }; /* so that small files come in several reads */
#else
enum { INPUT = 1 << 18 };
#endif

static struct {
	void (*init)(struct inflate_state *);
	void (*reset)(struct inflate_state *);
	int (*inflate)(struct inflate_state *);
} isal;

/* All or none of the functions. */
static void load(void)
{
	static const char *const names[] = { "libisal.so.2", NULL };
	static const struct library_function functions[] = {
		{ "isal_inflate_init", &isal.init },
		{ "isal_inflate_reset", &isal.reset },
		{ "isal_inflate", &isal.inflate },
	};
	struct err err;

	if (library_load(names, functions, 3, &err))
		isal.inflate = NULL;
}

/* Several files are read at a time. */
static bool is_loaded(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	return isal.inflate != NULL;
}

struct inflate {
	int fd;
	bool at_end;
	struct inflate_state state;
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
	z->state.avail_in = (uint32_t)left + (got > 0 ? (uint32_t)got : 0);
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
	isal.reset(&z->state);
	return input_left(z) >= 2 && memcmp(z->state.next_in, "\x1f\x8b", 2) == 0;
}

static bool is_behind_a_member(const struct inflate *z)
{
	return z->state.block_state == ISAL_BLOCK_FINISH;
}

static bool step(struct inflate *z)
{
	uint32_t room = z->state.avail_out;
	size_t left;
	int rc;

	if (is_behind_a_member(z))
		return next_member(z);
	if (input_left(z) == 0 && !read_more(z))
		return false;
	left = input_left(z);
	rc = isal.inflate(&z->state);
	if (rc != ISAL_DECOMP_OK && rc != ISAL_END_INPUT && rc != ISAL_OUT_OVERFLOW)
		return false;
	/* that nothing came of nothing means that the file ends in the middle */
	return left || z->state.avail_out < room || is_behind_a_member(z);
}

ssize_t inflate_next(struct inflate *z, uint8_t *out, size_t want)
{
	z->state.next_out = out;
	z->state.avail_out = (uint32_t)want;
	while (z->state.avail_out && !z->at_end)
		if (!step(z))
			return -1;
	return z->state.next_out - out;
}

struct inflate *inflate_new(int fd)
{
	struct inflate *z = is_loaded() ? memory_map(memory_round(sizeof(*z))) : NULL;

	if (!z)
		return NULL;
	z->fd = fd;
	isal.init(&z->state);
	z->state.crc_flag = ISAL_GZIP;
	z->state.next_in = z->input;
	return z;
}

void inflate_free(struct inflate *z)
{
	if (z)
		memory_unmap(z, memory_round(sizeof(*z)));
}
