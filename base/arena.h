/* arena.h - many small allocations with one lifetime, freed together.
 *
 * Memory comes straight from mmap, never from malloc, so an arena can be used inside a stranger's process (the
 * library that is preloaded writes its profile with nothing else).  Running out of memory ends the process in the
 * tool; arenas made with ARENA_MAY_FAIL return NULL instead, which is what code inside the target uses.
 * Not thread-safe, not async-signal-safe (mmap is a system call, but the chunk list is not atomic).
 */
#ifndef SONDE_BASE_ARENA_H
#define SONDE_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;

enum arena_flags { ARENA_DIE = 0, ARENA_MAY_FAIL = 1 };

struct arena *arena_new(enum arena_flags flags); /* NULL only with ARENA_MAY_FAIL */
void arena_free(struct arena *a); /* NULL is fine; runs the deferred calls, last first */

void *arena_alloc(struct arena *a, size_t bytes); /* zeroed, aligned to 16; bytes may be 0 */
void *arena_memdup(struct arena *a, const void *p, size_t bytes);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, T)	     ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))

/* Call fn(arg) when the arena is freed. */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

/* Scratch use: everything allocated after the mark is given back by the rewind.  Deferred calls are not. */
struct arena_mark {
	void *chunk;
	size_t used;
};
struct arena_mark arena_mark(struct arena *a);
void arena_rewind(struct arena *a, struct arena_mark m);

size_t arena_bytes(const struct arena *a); /* mapped at present */

#endif
