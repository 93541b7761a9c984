/* gzip_stream.c - blocks that go round between a thread that unpacks and one that reads.
 *
 * A few blocks that stay in the processor's cache: to have the system clear memory for all of a
 * large file would take longer than to unpack it.
 */
#include "writer/gzip_stream.h"
#include "base/memory.h"
#include "writer/inflate.h"

#include <pthread.h>
#include <string.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { BLOCK_BYTES = 256 }; /* so that small files come in several blocks */
#else
enum { BLOCK_BYTES = 1 << 19 };
#endif

enum { BLOCKS = 4 };

/* The bytes begin at data + GZIP_STREAM_KEPT; before them are those of the block before. */
struct block {
	size_t n;
	uint8_t data[GZIP_STREAM_KEPT + BLOCK_BYTES];
};

struct gzip_stream {
	struct inflate *inflate;
	pthread_t thread;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	size_t made, taken; /* blocks; the last one taken is being read */
	bool ended, failed, closed;

	struct block blocks[BLOCKS];
};

static struct block *block_of(struct gzip_stream *s, size_t i)
{
	return &s->blocks[i % BLOCKS];
}

/* The last one taken is not free before the next is asked for.  False: nobody wants more. */
static bool wait_for_room(struct gzip_stream *s)
{
	bool closed;

	pthread_mutex_lock(&s->lock);
	while (!s->closed && s->made + 1 > s->taken + BLOCKS - 1)
		pthread_cond_wait(&s->changed, &s->lock);
	closed = s->closed;
	pthread_mutex_unlock(&s->lock);
	return !closed;
}

/* False: there are no more. */
static bool announce(struct gzip_stream *s, ssize_t n)
{
	pthread_mutex_lock(&s->lock);
	if (n > 0)
		s->made++;
	s->ended = n == 0;
	s->failed = n < 0;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return n > 0;
}

static void *unpack(void *arg)
{
	struct gzip_stream *s = arg;
	ssize_t n = 0;

	do {
		struct block *b = block_of(s, s->made), *before = block_of(s, s->made + BLOCKS - 1);

		if (!wait_for_room(s))
			break;
		memcpy(b->data, before->data + before->n, GZIP_STREAM_KEPT);
		n = inflate_next(s->inflate, b->data + GZIP_STREAM_KEPT, BLOCK_BYTES);
		b->n = n > 0 ? (size_t)n : 0;
	} while (announce(s, n));
	return NULL;
}

bool gzip_stream_next(struct gzip_stream *s, const uint8_t **data, size_t *n)
{
	bool is_there;

	pthread_mutex_lock(&s->lock);
	s->taken++;
	pthread_cond_signal(&s->changed);
	while (s->made < s->taken && !s->ended && !s->failed)
		pthread_cond_wait(&s->changed, &s->lock);
	is_there = s->made >= s->taken;
	pthread_mutex_unlock(&s->lock);
	if (is_there) {
		*data = block_of(s, s->taken - 1)->data + GZIP_STREAM_KEPT;
		*n = block_of(s, s->taken - 1)->n;
	}
	return is_there;
}

bool gzip_stream_ended(const struct gzip_stream *s)
{
	return s->ended;
}

struct gzip_stream *gzip_stream_open(int fd)
{
	size_t bytes = memory_round(sizeof(struct gzip_stream));
	struct gzip_stream *s = memory_map(bytes);

	if (!s)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->inflate = inflate_new(fd);
	if (s->inflate && pthread_create(&s->thread, NULL, unpack, s) == 0)
		return s;
	inflate_free(s->inflate);
	memory_unmap(s, bytes);
	return NULL;
}

void gzip_stream_close(struct gzip_stream *s)
{
	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_cond_signal(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	inflate_free(s->inflate);
	memory_unmap(s, memory_round(sizeof(*s)));
}
