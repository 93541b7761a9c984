/* pooled_pages.c - mmap(), munmap() and mremap() of what fuzzers run, without the kernel.
 *
 * A fuzzer's input is read in microseconds, and arenas and arrays, which are mapped, would cost it several times that.
 * So what is at most 128 KiB comes from a pool; the linker is told to (--wrap).  What was given back is poisoned, so that
 * the address sanitizer sees late uses as it would in unmapped memory.
 */
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE = 128 << 10, MOST = 4096 };

void *__real_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *p, size_t bytes);
void *__real_mremap(void *old, size_t had, size_t bytes, int flags);
void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *p, size_t bytes);
void *__wrap_mremap(void *old, size_t had, size_t bytes, int flags);

struct pool {
	size_t bytes, many; /* of a slot; slots */
	unsigned char *slots;
	size_t n_used, n_free; /* begun; given back */
	uint32_t free[MOST];
};

static struct pool pools[] = {
	{ .bytes = 4 << 10, .many = MOST },
	{ .bytes = 64 << 10, .many = 1024 },
	{ .bytes = LARGE, .many = 256 },
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *take(struct pool *p)
{
	void *slot = NULL;

	pthread_mutex_lock(&lock);
	if (!p->slots) {
		p->slots = __real_mmap(NULL, p->bytes * p->many, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p->slots == MAP_FAILED)
			p->many = 0;
	}
	if (p->n_free)
		slot = p->slots + p->bytes * p->free[--p->n_free];
	else if (p->n_used < p->many)
		slot = p->slots + p->bytes * p->n_used++;
	pthread_mutex_unlock(&lock);
	return slot;
}

static struct pool *pool_of(const void *p)
{
	const unsigned char *at = p;

	for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++)
		if (pools[i].slots && at >= pools[i].slots &&
		    at < pools[i].slots + pools[i].bytes * pools[i].many)
			return &pools[i];
	return NULL;
}

void *__wrap_mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	if (!at && bytes && bytes <= LARGE && flags == (MAP_PRIVATE | MAP_ANONYMOUS)) {
		void *slot = take(&pools[(bytes > pools[0].bytes) + (bytes > pools[1].bytes)]);

		if (slot) {
			__asan_unpoison_memory_region(slot, bytes);
			return memset(slot, 0, bytes);
		}
	}
	return __real_mmap(at, bytes, protection, flags, fd, offset);
}

int __wrap_munmap(void *p, size_t bytes)
{
	struct pool *pool = pool_of(p);

	if (!pool)
		return __real_munmap(p, bytes);
	__asan_poison_memory_region(p, pool->bytes);
	pthread_mutex_lock(&lock);
	pool->free[pool->n_free++] = (uint32_t)(((unsigned char *)p - pool->slots) / pool->bytes);
	pthread_mutex_unlock(&lock);
	return 0;
}

void *__wrap_mremap(void *old, size_t had, size_t bytes, int flags)
{
	void *p;

	if (!pool_of(old))
		return __real_mremap(old, had, bytes, flags);
	p = __wrap_mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return p;
	memcpy(p, old, had < bytes ? had : bytes);
	__wrap_munmap(old, had);
	return p;
}
