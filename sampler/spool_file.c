/* spool_file.c - a spool on disk (or in memory only) and its segments.
 *
 * Disk space is taken by fallocate before a page is mapped: a store to a page of a sparse file on a full disk would
 * be answered by SIGBUS, in the host.  No descriptor is kept open: the host may close it, or count on its number.
 */
#include "sampler/spool_file.h"
#include "sampler/spool_reserve.h"
#include "sampler/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALLEST_SEGMENT = 64 << 10, LARGEST_SEGMENT = 32 << 20 };

/* Of this process and, after a fork, of its parent before: what a handler remembers of a segment must not be taken for
 * knowledge of another. */
static uint32_t last_seq;

/* File systems without fallocate: write the zeros. */
static int write_zeros(int fd, off_t at, size_t bytes)
{
	static const char zeros[4096];

	for (; bytes; at += sizeof(zeros), bytes -= sizeof(zeros))
		if (pwrite(fd, zeros, sizeof(zeros), at) != (ssize_t)sizeof(zeros))
			return errno ? -errno : -ENOSPC;
	return 0;
}

int spool_allocate(int fd, size_t at, size_t bytes)
{
	int rc;

	do
		rc = fallocate(fd, 0, (off_t)at, (off_t)bytes) ? -errno : 0;
	while (rc == -EINTR);
	return rc == -EOPNOTSUPP || rc == -ENOSYS ? write_zeros(fd, (off_t)at, bytes) : rc;
}

/* A file larger than the host's own limit would be answered by SIGXFSZ, which ends it. */
static bool exceeds_limit(size_t bytes)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && bytes > limit.rlim_cur;
}

/* bytes more of the file, mapped. */
static int extend(struct spool *s, size_t bytes, int open_flags, void **out)
{
	int fd = -1, flags = MAP_SHARED, rc = 0;
	void *p;

	if (s->path[0]) {
		if (exceeds_limit(s->bytes + bytes))
			return -EFBIG;
		fd = open(s->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | open_flags, 0600);
		if (fd < 0)
			return -errno;
		rc = spool_allocate(fd, s->bytes, bytes);
	} else {
		flags |= MAP_ANONYMOUS;
	}
	if (rc == 0) {
		p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd,
			 fd < 0 ? 0 : (off_t)s->bytes);
		rc = p == MAP_FAILED ? -errno : 0;
	}
	if (fd >= 0)
		close(fd);
	if (rc)
		return rc;
	s->bytes += bytes;
	*out = p;
	return 0;
}

static void take_segment(struct spool *s, void *p, uint64_t offset, size_t bytes)
{
	unsigned i = s->n_segments++;

	s->segments[i] = p;
	s->used += bytes;
	segment_init(p, bytes, ++last_seq);
	s->header->segments[i].offset = offset;
	s->header->segments[i].bytes = bytes;
	atomic_store_explicit(&s->header->n_segments, i + 1, memory_order_release);
}

/* Where the file cannot be reached, as much as there is in the reserve. */
static int add_reserved(struct spool *s, size_t bytes)
{
	uint64_t offset;
	void *p = NULL;

	while (s->reserve && !(p = spool_reserve_take(s->reserve, bytes, &offset)) &&
	       bytes > SMALLEST_SEGMENT)
		bytes /= 2;
	if (!p)
		return -ENOSPC;
	take_segment(s, p, offset, bytes);
	return 0;
}

static int add_segment(struct spool *s, size_t bytes)
{
	uint64_t offset = s->bytes;
	void *p = NULL;
	int rc = -ENOSPC;

	if (s->n_segments == SPOOL_MAX_SEGMENTS || s->used + bytes > s->max_bytes)
		return rc;
	if (!s->is_guest)
		rc = extend(s, bytes, 0, &p);
	if (rc == 0)
		take_segment(s, p, offset, bytes);
	else if (s->reserve && add_reserved(s, bytes) == 0)
		rc = 0;
	return rc;
}

int spool_create(struct spool *s, const char *path, size_t first_bytes, size_t max_bytes)
{
	void *p = NULL;
	int rc;

	memset(s, 0, sizeof(*s));
	s->max_bytes = max_bytes;
	if (path && (size_t)snprintf(s->path, sizeof(s->path), "%s", path) >= sizeof(s->path))
		return -ENAMETOOLONG;
	rc = extend(s, SPOOL_HEADER_BYTES + first_bytes, O_CREAT | O_EXCL, &p);
	if (rc) {
		if (path && rc != -EEXIST)
			unlink(path);
		return rc;
	}
	s->header = p;
	s->used = SPOOL_HEADER_BYTES;
	take_segment(s, (char *)p + SPOOL_HEADER_BYTES, SPOOL_HEADER_BYTES, first_bytes);
	return 0;
}

int spool_create_guest(struct spool *s, struct spool_reserve *reserve, size_t first_bytes,
		       size_t max_bytes)
{
	uint64_t offset = 0;
	char *p = spool_reserve_guest(reserve, SPOOL_HEADER_BYTES + first_bytes, &offset);

	if (!p)
		return -ENOSPC;
	memset(s, 0, sizeof(*s));
	s->max_bytes = max_bytes;
	s->reserve = reserve;
	s->is_guest = true;
	s->header = (struct spool_header *)p;
	s->used = SPOOL_HEADER_BYTES;
	take_segment(s, p + SPOOL_HEADER_BYTES, offset + SPOOL_HEADER_BYTES, first_bytes);
	return 0;
}

void spool_make_reserve(struct spool *s)
{
	if (s->reserve || !s->path[0])
		return;
	s->reserve = spool_reserve_map(s->path, &s->bytes);
	if (s->reserve)
		atomic_store(&s->header->reserve_at, s->reserve->offset);
}

void spool_publish(struct spool *s)
{
	s->header->version = SPOOL_VERSION;
	atomic_store_explicit(&s->header->magic, SPOOL_MAGIC, memory_order_release);
}

int spool_grow(struct spool *s)
{
	size_t last = s->segments[s->n_segments - 1]->bytes;

	return add_segment(s, last < LARGEST_SEGMENT ? last * 2 : last);
}

/* ---- giving back ---- */

struct spool_header *spool_map_header(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct spool_header *h = MAP_FAILED;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= SPOOL_HEADER_BYTES)
		h = mmap(NULL, SPOOL_HEADER_BYTES, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (h == MAP_FAILED)
		return NULL;
	if (h->magic == SPOOL_MAGIC && h->version == SPOOL_VERSION)
		return h;
	munmap(h, SPOOL_HEADER_BYTES);
	return NULL;
}

static void punch(int fd, uint64_t from, uint64_t to)
{
	from = (from + 4095) & ~(uint64_t)4095;
	if (from < to)
		(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
				(off_t)(to - from));
}

void spool_trim_file(const struct spool_header *h, const char *path, bool is_empty)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	for (unsigned i = 0; fd >= 0 && i < h->n_segments && i < SPOOL_MAX_SEGMENTS; i++) {
		uint64_t offset = h->segments[i].offset, used = 0;
		struct segment s;

		if (!is_empty) {
			if (pread(fd, &s, sizeof(s), (off_t)offset) != (ssize_t)sizeof(s))
				break;
			used = atomic_load(&s.next) * 8ULL;
		}
		punch(fd, offset + used, offset + h->segments[i].bytes);
	}
	if (fd >= 0)
		close(fd);
}

void spool_close(struct spool *s)
{
	for (unsigned i = 0; i < s->n_segments; i++)
		if (!spool_reserve_holds(s->reserve, s->segments[i]))
			munmap(s->segments[i], s->header->segments[i].bytes);
	if (s->header && !s->is_guest)
		munmap(s->header, SPOOL_HEADER_BYTES);
	s->header = NULL;
	s->n_segments = 0;
}
