/* spool_image.c - see spool_image.h. */
#include "sampler/spool_image.h"
#include "sampler/sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const struct record *spool_record_at(const struct spool_image *im, unsigned segment, uint32_t at)
{
	uint64_t words = im->segment_words[segment];
	const struct record *r;

	if (at < im->segments[segment]->records_at || at >= words)
		return NULL;
	r = (const struct record *)((const uint64_t *)im->segments[segment] + at);
	return r->n_words <= words - at - 1 && r->n_words <= SPOOL_MAX_WORDS ? r : NULL;
}

bool spool_fits(const struct spool_image *im, unsigned segment, uint32_t at, uint32_t n,
		uint32_t words_each)
{
	uint64_t words = im->segment_words[segment];

	return at <= words && (uint64_t)n * words_each <= words - at;
}

static int check_header(const struct spool_header *h, size_t bytes, const char *path,
			struct err *err)
{
	if (bytes >= SPOOL_HEADER_BYTES && h->magic == 0 && h->version == 0)
		return err_set(err, SONDE_ENOTFOUND,
			       "'%s' holds no samples: its process ended before it began", path);
	if (bytes < SPOOL_HEADER_BYTES || h->magic != SPOOL_MAGIC)
		return err_set(err, SONDE_EFORMAT, "'%s' is not a spool of sonde", path);
	if (h->version != SPOOL_VERSION)
		return err_set(
			err, SONDE_EFORMAT,
			"'%s' was written by another version of sonde (spool version %u, not %d)",
			path, h->version, SPOOL_VERSION);
	if (h->period_ns == 0 || h->period_ns > 10000000000ULL)
		return err_set(err, SONDE_EFORMAT, "spool '%s' is damaged: period of %llu ns", path,
			       (unsigned long long)h->period_ns);
	return 0;
}

int spool_image_map(const char *path, void **out, size_t *bytes, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *p = MAP_FAILED;

	if (fd < 0 || fstat(fd, &st)) {
		int rc = err_set(err, SONDE_EIO, "cannot open spool '%s': %s", path,
				 strerror(errno));

		if (fd >= 0)
			close(fd);
		return rc;
	}
	*bytes = (size_t)st.st_size;
	if (S_ISREG(st.st_mode) && !*bytes) {
		close(fd);
		return err_set(err, SONDE_ENOTFOUND,
			       "'%s' is empty: its process ended before it began", path);
	}
	if (S_ISREG(st.st_mode))
		p = mmap(NULL, *bytes, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_set(err, SONDE_EFORMAT, "'%s' is not a spool of sonde", path);
	*out = p;
	return 0;
}

/* In a piece of the file, which begins at that offset of it. */
static void find_segments(struct spool_image *im, const void *piece, uint64_t begins,
			  uint64_t bytes)
{
	unsigned n =
		im->h->n_segments < SPOOL_MAX_SEGMENTS ? im->h->n_segments : SPOOL_MAX_SEGMENTS;

	for (unsigned i = 0; i < n; i++) {
		uint64_t offset = im->h->segments[i].offset - begins,
			 size = im->h->segments[i].bytes;

		if (offset % 4096 || offset > bytes || size > bytes - offset ||
		    size < sizeof(struct segment))
			continue;
		im->segments[im->n_segments] = (const void *)((const char *)piece + offset);
		im->segment_words[im->n_segments++] = size / 8;
	}
}

static void find_reserve(struct spool_image *im, const void *file, size_t bytes)
{
	uint64_t at = im->h->reserve_at;
	const struct spool_reserve *r = (const void *)((const char *)file + at);

	if (!at || at % 4096 || at > bytes || bytes - at < SPOOL_HEADER_BYTES || r->offset != at)
		return;
	im->reserve = r;
	im->reserve_bytes = bytes - at;
}

int spool_image_of(struct spool_image *im, const void *file, size_t bytes, const char *name,
		   struct err *err)
{
	int rc = check_header(file, bytes, name, err);

	*im = (struct spool_image){ .h = file };
	if (rc)
		return rc;
	find_segments(im, file, 0, bytes);
	find_reserve(im, file, bytes);
	return 0;
}

bool spool_image_of_guest(struct spool_image *im, const struct spool_image *host, unsigned i)
{
	const struct spool_reserve *r = host->reserve;
	uint64_t at = r && r->guests[i] ? r->guests[i] - r->offset : 0;
	const struct spool_header *h;

	if (at == 0 || at % 4096 || at > host->reserve_bytes)
		return false;
	h = (const void *)((const char *)r + at);
	if (check_header(h, host->reserve_bytes - at, "", NULL) || h->state == SPOOL_FREE ||
	    !(h->weight || h->lost_weight || h->state == SPOOL_RUNNING))
		return false;
	*im = (struct spool_image){ .h = h };
	find_segments(im, r, r->offset, host->reserve_bytes);
	return true;
}

static unsigned count_guests(const struct spool_image *host)
{
	struct spool_image guest;
	unsigned n = 0;

	for (unsigned i = 0; i < SPOOL_MAX_GUESTS; i++)
		n += spool_image_of_guest(&guest, host, i);
	return n;
}

int spool_info_read(struct spool_info *info, const char *path, struct err *err)
{
	const struct spool_header *h;
	struct spool_image im;
	size_t bytes = 0;
	void *file = NULL;
	int rc = spool_image_map(path, &file, &bytes, err);

	if (rc)
		return rc;
	h = file;
	rc = spool_image_of(&im, file, bytes, path, err);
	if (rc == 0) {
		*info = (struct spool_info){ h->pid,
					     h->parent,
					     h->pid_namespace,
					     h->weight,
					     h->start_realtime_ns,
					     h->start_cpu_ns,
					     h->exec_cpu_ns,
					     h->state != SPOOL_RUNNING,
					     count_guests(&im),
					     "",
					     "" };
		memcpy(info->program, h->program, sizeof(info->program) - 1);
		memcpy(info->out, h->out, sizeof(info->out) - 1);
	}
	munmap(file, bytes);
	return rc;
}
