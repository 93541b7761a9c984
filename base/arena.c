/* arena.c - a list of mmap'd chunks with a bump pointer.
 *
 * The first chunk is 64 KiB and each further one twice the last, up to 8 MiB; a larger request gets a chunk of its
 * own size.  Under AddressSanitizer the first is small, as clearing it would be most of what a fuzzer does, and the
 * unused tail of every chunk is poisoned, and so is a gap between neighbours.
 */
#include "base/arena.h"
#include "base/memory.h"
#include "base/oom.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define WATCHED 1
#elif defined(__has_feature)
#define WATCHED __has_feature(address_sanitizer)
#else
#define WATCHED 0
#endif
#if WATCHED
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#define GAP	       ((size_t)16)
#else
#define POISON(p, n)   ((void)0)
#define UNPOISON(p, n) ((void)0)
#define GAP	       ((size_t)0)
#endif

enum {
	FIRST_CHUNK = (WATCHED ? 4 : 64) * 1024,
	LARGEST_CHUNK = 8 * 1024 * 1024,
	ALIGN = 16,
	SHORT_TEXT = 256
};

struct chunk {
	struct chunk *prev;
	size_t size; /* with this header */
	size_t used;
	size_t pad;
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *arg;
};

struct arena {
	struct chunk *last;
	struct deferred *deferred;
	size_t bytes;
	enum arena_flags flags;
};

static void *out_of_memory(enum arena_flags flags)
{
	if (flags & ARENA_MAY_FAIL)
		return NULL;
	oom();
}

static struct chunk *chunk_new(struct chunk *prev, size_t size)
{
	struct chunk *c = memory_map(size);

	if (!c)
		return NULL;
	c->prev = prev;
	c->size = size;
	c->used = sizeof(*c);
	POISON((char *)c + c->used, size - c->used);
	return c;
}

static void chunk_free(struct chunk *c)
{
	size_t size = c->size;

	UNPOISON(c, size);
	memory_unmap(c, size);
}

struct arena *arena_new(enum arena_flags flags)
{
	struct chunk *c = chunk_new(NULL, FIRST_CHUNK);
	struct arena *a;

	if (!c)
		return out_of_memory(flags);
	a = (struct arena *)((char *)c + c->used);
	UNPOISON(a, sizeof(*a));
	c->used += (sizeof(*a) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	*a = (struct arena){ .last = c, .bytes = c->size, .flags = flags };
	return a;
}

void arena_free(struct arena *a)
{
	struct chunk *c;

	if (!a)
		return;
	for (struct deferred *d = a->deferred; d; d = d->next)
		d->fn(d->arg);
	c = a->last;
	while (c) {
		struct chunk *prev = c->prev;

		chunk_free(c);
		c = prev;
	}
}

static int grow(struct arena *a, size_t bytes)
{
	size_t size = a->last->size < LARGEST_CHUNK ? a->last->size * 2 : LARGEST_CHUNK;
	struct chunk *c;

	if (size < bytes + sizeof(struct chunk))
		size = (bytes + sizeof(struct chunk) + 4095) & ~(size_t)4095;
	c = chunk_new(a->last, size);
	if (!c)
		return -1;
	a->last = c;
	a->bytes += size;
	return 0;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	size_t need = (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	void *p;

	if (need < bytes || need > (size_t)1 << 46)
		return out_of_memory(a->flags);
	need += GAP;
	if (a->last->size - a->last->used < need && grow(a, need))
		return out_of_memory(a->flags);
	p = (char *)a->last + a->last->used;
	a->last->used += need;
	UNPOISON(p, bytes);
	memset(p, 0, bytes);
	return p;
}

void *arena_memdup(struct arena *a, const void *p, size_t bytes)
{
	void *copy = arena_alloc(a, bytes);

	if (copy && bytes)
		memcpy(copy, p, bytes);
	return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (copy)
		memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char text[SHORT_TEXT], *s;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if ((size_t)n < sizeof(text))
		return arena_memdup(a, text, (size_t)n + 1);
	s = arena_alloc(a, (size_t)n + 1);
	if (!s)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct deferred *d = ARENA_NEW(a, struct deferred);

	if (!d) {
		fn(arg);
		return;
	}
	d->fn = fn;
	d->arg = arg;
	d->next = a->deferred;
	a->deferred = d;
}

struct arena_mark arena_mark(struct arena *a)
{
	return (struct arena_mark){ a->last, a->last->used };
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
	while (a->last != m.chunk) {
		struct chunk *c = a->last;

		a->last = c->prev;
		a->bytes -= c->size;
		chunk_free(c);
	}
	POISON((char *)a->last + m.used, a->last->used - m.used);
	a->last->used = m.used;
}

size_t arena_bytes(const struct arena *a)
{
	return a->bytes;
}
