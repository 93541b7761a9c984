/* spool_reserve.c - see spool_reserve.h.
 *
 * A file that is as long as it can be and has no disk blocks costs nothing, but a store to it on a full disk would be answered by
 * SIGBUS, in the host.  So what is taken is populated first, by a call that fails instead (since Linux 5.14).
 */
#include "sampler/spool_reserve.h"
#include "sampler/spool_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MOST_BYTES = 16 << 20, LIMITED_BYTES = 1 << 20, LEAST_BYTES = 256 << 10, PAGE = 4096 };

/* A host that bounds its memory or its files has not much to spare, and what is taken at once must be little. */
static size_t wanted_bytes(size_t end, bool at_once)
{
	struct rlimit memory, file;
	size_t bytes = at_once ? MOST_BYTES / 4 : MOST_BYTES;

	if (getrlimit(RLIMIT_AS, &memory) || getrlimit(RLIMIT_FSIZE, &file))
		return 0;
	if (memory.rlim_cur != RLIM_INFINITY)
		bytes = LIMITED_BYTES;
	if (file.rlim_cur < end + bytes)
		bytes = file.rlim_cur < end ? 0 : (file.rlim_cur - end) & ~(size_t)(PAGE - 1);
	return bytes < LEAST_BYTES ? 0 : bytes;
}

static bool populate(void *p, size_t bytes)
{
	return madvise(p, bytes, MADV_POPULATE_WRITE) == 0;
}

/* Its first page and its last, or all that lies between as well. */
static struct spool_reserve *map(int fd, size_t at, size_t bytes, bool at_once)
{
	void *p = MAP_FAILED;

	if (bytes && spool_allocate(fd, at, at_once ? bytes : PAGE) == 0 &&
	    spool_allocate(fd, at + bytes - PAGE, PAGE) == 0)
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);
	return p == MAP_FAILED ? NULL : p;
}

struct spool_reserve *spool_reserve_map(const char *path, size_t *end)
{
	struct spool_reserve *r;
	uintptr_t own_page = (uintptr_t)&r & ~(uintptr_t)(PAGE - 1);
	bool at_once = !populate((void *)own_page, PAGE); /* an old kernel */
	size_t bytes = wanted_bytes(*end, at_once);
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return NULL;
	r = map(fd, *end, bytes, at_once);
	close(fd);
	if (!r)
		return NULL;
	r->offset = *end;
	r->bytes = bytes;
	r->is_populated = at_once;
	atomic_store(&r->next, *end + SPOOL_HEADER_BYTES);
	*end += bytes;
	return r;
}

void spool_reserve_unmap(struct spool_reserve *r)
{
	munmap(r, r->bytes);
}

static void *at_offset(struct spool_reserve *r, uint64_t offset)
{
	return (char *)r + (offset - r->offset);
}

void *spool_reserve_take(struct spool_reserve *r, size_t bytes, uint64_t *offset)
{
	uint64_t at = atomic_load(&r->next), after;

	do {
		after = at + bytes;
		if (after > r->offset + r->bytes)
			return NULL;
	} while (!atomic_compare_exchange_weak(&r->next, &at, after));
	if (!r->is_populated && !populate(at_offset(r, at), bytes)) {
		atomic_compare_exchange_strong(&r->next, &after, at);
		return NULL;
	}
	*offset = at;
	return at_offset(r, at);
}

struct spool_header *spool_reserve_header(struct spool_reserve *r, unsigned i)
{
	uint64_t at = atomic_load(&r->guests[i]);

	return at ? at_offset(r, at) : NULL;
}

/* One whose process ended without samples is free for the next. */
static void *reuse(struct spool_reserve *r, size_t bytes, uint64_t *offset)
{
	unsigned n = atomic_load(&r->n_guests);

	for (unsigned i = 0; i < n && i < SPOOL_MAX_GUESTS; i++) {
		struct spool_header *h = spool_reserve_header(r, i);
		uint32_t state = SPOOL_FREE;

		if (h && h->segments[0].bytes + SPOOL_HEADER_BYTES == bytes &&
		    atomic_compare_exchange_strong(&h->state, &state, SPOOL_WAITING)) {
			memset(h, 0, bytes);
			*offset = atomic_load(&r->guests[i]);
			return h;
		}
	}
	return NULL;
}

void *spool_reserve_guest(struct spool_reserve *r, size_t bytes, uint64_t *offset)
{
	void *p = reuse(r, bytes, offset);
	unsigned i;

	if (p || atomic_load(&r->n_guests) >= SPOOL_MAX_GUESTS)
		return p;
	p = spool_reserve_take(r, bytes, offset);
	if (!p)
		return NULL;
	i = atomic_fetch_add(&r->n_guests, 1);
	if (i >= SPOOL_MAX_GUESTS)
		return NULL;
	atomic_store(&r->guests[i], *offset);
	return p;
}

bool spool_reserve_holds(const struct spool_reserve *r, const void *p)
{
	return r && (const char *)p >= (const char *)r &&
	       (const char *)p < (const char *)r + r->bytes;
}
