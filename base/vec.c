/* vec.c - growth of the typed arrays of vec.h. */
#include "base/vec.h"
#include "base/memory.h"
#include "base/oom.h"

#include <stdint.h>
#include <sys/mman.h>

enum { SMALL = 64 << 10, LARGE = 4 << 20 };

/* Large arrays are walked from end to end: in large pages they cost a hundredth of the page faults.
 * Where the kernel will not, nothing is lost. */
static void prefer_large_pages(void *p, size_t bytes)
{
	if (bytes >= LARGE)
		madvise(p, bytes, MADV_HUGEPAGE);
}

int vec_grow(void **v, size_t *cap, size_t count, size_t elem_bytes)
{
	size_t want = *cap * 2 > count ? *cap * 2 : count;
	size_t had = *v ? memory_round(*cap * elem_bytes) : 0, bytes;
	void *p;

	if (want > ((size_t)1 << 46) / elem_bytes)
		return -1;
	bytes = memory_round(want * elem_bytes);
	p = *v ? memory_remap(*v, had, bytes) : memory_map(bytes);
	if (!p)
		return -1;
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
	if (v)
		memory_unmap(v, memory_round(cap * elem_bytes));
}
