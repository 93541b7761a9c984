/* ordered_text.c - pieces of text from all cores to one file.
 *
 * A thread that has made a piece writes it if its turn has come, together with those after it that
 * wait; else it leaves it to the thread that makes the one before and goes on.  Each thread has
 * buffers of its own, because to move one from a core's cache to another's costs more than to fill
 * it.  It waits when they are all full, which ends: pieces are taken in order, so the one that
 * keeps the others waiting is never a thread's that has full buffers only.
 */
#include "analyze/ordered_text.h"
#include "base/parallel.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

enum {
	BUFFERS_OF_A_THREAD = 4,
	READY_OF_A_THREAD = BUFFERS_OF_A_THREAD + 1, /* it may have one number more than buffers */
};

struct member;

struct buffer {
	struct text_piece piece;
	struct member *owner;
	struct buffer *next; /* free one */
};

struct member {
	pthread_t thread;
	struct buffer buffers[BUFFERS_OF_A_THREAD], *free;
};

struct ordered_text {
	FILE *out;
	const struct text_maker *maker;
	void *ctx;
	struct arena *arena;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t written;
	struct member *members[PARALLEL_MOST];
	size_t n_members;
	struct buffer *ready[PARALLEL_MOST * READY_OF_A_THREAD]; /* by piece, modulo their number */
	size_t next;						 /* to be written */
	bool is_writing;
};

static struct member *add_member(struct ordered_text *o)
{
	struct member *m = ARENA_NEW(o->arena, struct member);

	m->thread = pthread_self();
	for (int i = 0; i < BUFFERS_OF_A_THREAD; i++) {
		struct buffer *b = &m->buffers[i];

		b->piece.scratch = arena_new(ARENA_DIE);
		b->piece.own = arena_alloc(o->arena, o->maker->own_bytes);
		b->owner = m;
		b->next = m->free;
		m->free = b;
	}
	o->members[o->n_members++] = m;
	return m;
}

static struct member *find_member(struct ordered_text *o)
{
	for (size_t i = 0; i < o->n_members; i++)
		if (pthread_equal(o->members[i]->thread, pthread_self()))
			return o->members[i];
	return add_member(o);
}

static struct buffer *take(struct ordered_text *o)
{
	struct member *m;
	struct buffer *b;

	pthread_mutex_lock(&o->lock);
	m = find_member(o);
	while (!m->free)
		pthread_cond_wait(&o->written, &o->lock);
	b = m->free;
	m->free = b->next;
	pthread_mutex_unlock(&o->lock);
	return b;
}

/* Not through the file's own buffer, which is to copy all once more.  What cannot be written is left
 * to the file, so that it knows of the error; a file in memory has no descriptor. */
static void write_text(FILE *out, const char *s, size_t n)
{
	int fd = fileno(out);

	while (fd >= 0 && n > 0) {
		ssize_t written = write(fd, s, n);

		if (written <= 0)
			break;
		s += written;
		n -= (size_t)written;
	}
	fwrite_unlocked(s, 1, n, out);
}

static struct buffer **ready(struct ordered_text *o, size_t piece)
{
	return &o->ready[piece % (sizeof(o->ready) / sizeof(o->ready[0]))];
}

/* Write all that is ready and next.  The lock is held, but not while the file is written. */
static void write_ready(struct ordered_text *o)
{
	struct buffer *b;

	o->is_writing = true;
	while ((b = *ready(o, o->next))) {
		pthread_mutex_unlock(&o->lock);
		write_text(o->out, b->piece.out.v.v, b->piece.out.v.n);
		pthread_mutex_lock(&o->lock);
		*ready(o, o->next++) = NULL;
		b->next = b->owner->free;
		b->owner->free = b;
		pthread_cond_broadcast(&o->written);
	}
	o->is_writing = false;
}

static void work(void *ctx, size_t piece)
{
	struct ordered_text *o = ctx;
	struct buffer *b = take(o);

	b->piece.out.v.n = 0;
	o->maker->make(o->ctx, piece, &b->piece);
	pthread_mutex_lock(&o->lock);
	*ready(o, piece) = b;
	if (!o->is_writing)
		write_ready(o);
	pthread_mutex_unlock(&o->lock);
}

static void release_member(struct ordered_text *o, struct member *m)
{
	for (int i = 0; i < BUFFERS_OF_A_THREAD; i++) {
		struct text_piece *t = &m->buffers[i].piece;

		o->maker->release(t->own);
		arena_free(t->scratch);
		text_release(&t->out);
	}
}

void ordered_text_print(FILE *out, const struct text_maker *maker, void *ctx, size_t n)
{
	struct ordered_text o = { .out = out,
				  .maker = maker,
				  .ctx = ctx,
				  .arena = arena_new(ARENA_DIE),
				  .lock = PTHREAD_MUTEX_INITIALIZER,
				  .written = PTHREAD_COND_INITIALIZER };

	fflush(out);
	parallel_run(work, &o, n);
	for (size_t i = 0; i < o.n_members; i++)
		release_member(&o, o.members[i]);
	arena_free(o.arena);
}
