/* vec.c - growth of the typed arrays of vec.h by mmap and mremap. */
#include "base/vec.h"
#include "base/memory.h"
#include "base/oom.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { SMALL = 64 << 10, LARGE = 4 << 20 };

static size_t map_bytes(size_t cap, size_t elem_bytes)
{
	return (cap * elem_bytes + 4095) & ~(size_t)4095;
}

/* Large arrays are walked from end to end: in large pages they cost a hundredth of the page faults.
 * Where the kernel will not, nothing is lost. */
static void prefer_large_pages(void *p, size_t bytes)
{
	if (bytes >= LARGE)
		madvise(p, bytes, MADV_HUGEPAGE);
}

static void *map(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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

	if (p == MAP_FAILED)
		return p;
	memcpy(p, old, had);
	munmap(old, had);
	return p;
#else
	return mremap(old, had, bytes, MREMAP_MAYMOVE);
#endif
}

int vec_grow(void **v, size_t *cap, size_t count, size_t elem_bytes)
{
	size_t want = *cap * 2 > count ? *cap * 2 : count;
	size_t had = *v ? map_bytes(*cap, elem_bytes) : 0, bytes;
	void *p;

	if (want > ((size_t)1 << 46) / elem_bytes)
		return -1;
	bytes = map_bytes(want, elem_bytes);
	if (!memory_take(bytes - had))
		return -1;
	p = *v ? move(*v, had, bytes) : map(bytes);
	if (p == MAP_FAILED) {
		memory_give(bytes - had);
		return -1;
	}
	prefer_large_pages(p, bytes);
	*v = p;
	*cap = bytes / elem_bytes;
	return 0;
}

/* A tool has addresses to spare: what grows at all grows in few steps. */
void vec_must(void **v, size_t *cap, size_t count, size_t elem_bytes)
{
	if (*v && count < *cap * 4 && *cap * elem_bytes < SMALL)
		count = *cap * 4;
	if (vec_grow(v, cap, count, elem_bytes))
		oom();
}

void vec_release(void *v, size_t cap, size_t elem_bytes)
{
	if (!v)
		return;
	munmap(v, map_bytes(cap, elem_bytes));
	memory_give(map_bytes(cap, elem_bytes));
}
