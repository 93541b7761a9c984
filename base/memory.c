/* memory.c - mmap and mremap with a sum and a limit. */
#include "base/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static size_t limit = SIZE_MAX, taken;

void memory_set_limit(size_t bytes)
{
	__atomic_store_n(&limit, bytes, __ATOMIC_RELAXED);
}

size_t memory_limit(void)
{
	return __atomic_load_n(&limit, __ATOMIC_RELAXED);
}

static void give(size_t bytes)
{
	__atomic_sub_fetch(&taken, bytes, __ATOMIC_RELAXED);
}

static bool take(size_t bytes)
{
	if (__atomic_add_fetch(&taken, bytes, __ATOMIC_RELAXED) <= memory_limit())
		return true;
	give(bytes);
	return false;
}

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION

size_t memory_round(size_t bytes)
{
	return bytes;
}

static void *map(size_t bytes)
{
	return calloc(1, bytes);
}

static void *move(void *old, size_t had, size_t bytes)
{
	char *p = realloc(old, bytes);

	if (p)
		memset(p + had, 0, bytes - had);
	return p;
}

static void unmap(void *p, size_t bytes)
{
	free(p);
}

#else

size_t memory_round(size_t bytes)
{
	return (bytes + 4095) & ~(size_t)4095;
}

static void *map(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* The thread sanitizer does not see mremap(), and takes what comes to lie at an old address for the
 * same memory. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MOVE_BY_COPY 1
#endif
#endif

static void *move(void *old, size_t had, size_t bytes)
{
#ifdef MOVE_BY_COPY
	void *p = map(bytes);

	if (p) {
		memcpy(p, old, had);
		munmap(old, had);
	}
	return p;
#else
	void *p = mremap(old, had, bytes, MREMAP_MAYMOVE);

	return p == MAP_FAILED ? NULL : p;
#endif
}

static void unmap(void *p, size_t bytes)
{
	munmap(p, bytes);
}

#endif

void *memory_map(size_t bytes)
{
	void *p;

	if (!take(bytes))
		return NULL;
	p = map(bytes);
	if (!p)
		give(bytes);
	return p;
}

void *memory_remap(void *old, size_t had, size_t bytes)
{
	void *p;

	if (!take(bytes - had))
		return NULL;
	p = move(old, had, bytes);
	if (!p)
		give(bytes - had);
	return p;
}

void memory_unmap(void *p, size_t bytes)
{
	unmap(p, bytes);
	give(bytes);
}
