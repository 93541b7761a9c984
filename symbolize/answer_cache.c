/* answer_cache.c - answers about one binary, kept in a file from one run to the next.
 *
 *	header | address[n] | first frame[n + 1] | frame[n_frames] | strings, the first is ""
 *
 * Addresses ascend.  The key in the header stands for what the answers depend on: build id, version of
 * this program, size and time of the binary and of each file with its debug information.  A checksum
 * covers the rest.  A file is mapped, checked and used as it is.  Whoever has new answers writes a whole
 * file beside it and renames it, so readers see the old or the new one; of two writers the last wins.
 * Files that were not used for longest go when all together are too big.
 */
#include "symbolize/answer_cache.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/outfile.h"
#include "base/strtab.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC	       0x32656863616373ULL /* scache2 */
#define MAX_FILE_BYTES ((size_t)64 << 20)
#define MAX_ALL_BYTES  ((uint64_t)256 << 20)
#define MAX_FRAMES     256 /* of one address */

struct header {
	uint64_t magic, key, checksum; /* of all that follows */
	uint32_t n, n_frames;
	uint64_t string_bytes;
};

struct cached_frame {
	uint32_t function, file; /* where in the strings */
	int64_t line, column, start_line;
};

struct answer_cache {
	uint64_t key;
	char path[PATH_MAX];
	void *map;
	size_t map_bytes;
	/* in the map, or where the caller has it */
	const struct header *header; /* NULL = nothing is there yet */
	const uint64_t *addresses;
	const uint32_t *first;
	const struct cached_frame *frames;
	const char *strings;
};

/* ---- where ---- */

static bool cache_folder(char *out, size_t bytes)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int n;

	if (cache && cache[0] == '/')
		n = snprintf(out, bytes, "%s", cache);
	else if (home && home[0] == '/')
		n = snprintf(out, bytes, "%s/.cache", home);
	else
		return false;
	if (n < 0 || (size_t)n + 8 > bytes)
		return false;
	mkdir(out, 0700);
	strcpy(out + n, "/sonde");
	return mkdir(out, 0700) == 0 || errno == EEXIST;
}

static uint64_t key_of(struct elf_file *const *files, size_t n)
{
	uint64_t h = hash_bytes(SONDE_VERSION, strlen(SONDE_VERSION));

	for (size_t i = 0; i < n; i++) {
		h = hash_add(h, i);
		if (!files[i])
			continue;
		h = hash_add(h, hash_bytes(files[i]->build_id, strlen(files[i]->build_id)));
		h = hash_add(hash_add(h, files[i]->bytes), (uint64_t)files[i]->modified_ns);
	}
	return h;
}

/* ---- reading ---- */

/* n + 1 words, made even so that frames begin at a multiple of 8. */
static size_t first_words(size_t n)
{
	return n + 2 - n % 2;
}

static bool use(struct answer_cache *c, const void *bytes, size_t n)
{
	const struct header *h = bytes;
	size_t at = sizeof(*h);

	if (n < sizeof(*h) || (uintptr_t)bytes % 8)
		return false;
	c->header = h;
	c->addresses = (const uint64_t *)((const char *)bytes + at);
	at += sizeof(uint64_t) * h->n;
	c->first = (const uint32_t *)((const char *)bytes + at);
	at += sizeof(uint32_t) * first_words(h->n);
	c->frames = (const struct cached_frame *)((const char *)bytes + at);
	at += sizeof(struct cached_frame) * h->n_frames;
	c->strings = (const char *)bytes + at;
	if (h->magic == MAGIC && h->key == c->key && h->string_bytes && at < n &&
	    h->string_bytes == n - at && c->strings[h->string_bytes - 1] == 0 &&
	    hash_bytes(h + 1, n - sizeof(*h)) == h->checksum)
		return true;
	c->header = NULL;
	return false;
}

static void map_file(struct answer_cache *c)
{
	int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (size_t)st.st_size <= MAX_FILE_BYTES) {
		c->map_bytes = (size_t)st.st_size;
		c->map = mmap(NULL, c->map_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
		if (c->map == MAP_FAILED)
			c->map = NULL;
		else if (use(c, c->map, c->map_bytes))
			futimens(fd, NULL); /* it was used */
	}
	close(fd);
}

struct answer_cache *answer_cache_open(struct elf_file *const *files, size_t n)
{
	struct answer_cache *c = calloc(1, sizeof(*c));
	char folder[PATH_MAX - 2 * BUILD_ID_MAX - 8];

	if (!c || strlen(files[0]->build_id) < 16 || !cache_folder(folder, sizeof(folder))) {
		free(c);
		return NULL;
	}
	c->key = key_of(files, n);
	snprintf(c->path, sizeof(c->path), "%s/%s", folder, files[0]->build_id);
	map_file(c);
	return c;
}

struct answer_cache *answer_cache_open_mem(const void *bytes, size_t n, uint64_t key)
{
	struct answer_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->key = key;
	if (use(c, bytes, n))
		return c;
	free(c);
	return NULL;
}

void answer_cache_close(struct answer_cache *c)
{
	if (!c)
		return;
	if (c->map)
		munmap(c->map, c->map_bytes);
	free(c);
}

static const char *string_at(const struct answer_cache *c, uint32_t at)
{
	return at && at < c->header->string_bytes ? c->strings + at : NULL;
}

bool answer_cache_find(const struct answer_cache *c, uint64_t address, struct frame *frames,
		       size_t max, size_t *n)
{
	size_t lo = 0, hi = c->header ? c->header->n : 0;
	uint32_t first, end;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (c->addresses[mid] < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!c->header || lo == c->header->n || c->addresses[lo] != address)
		return false;
	first = c->first[lo];
	end = c->first[lo + 1];
	if (first > end || end > c->header->n_frames || end - first > max)
		return false;
	*n = end - first;
	for (size_t i = 0; i < *n; i++) {
		const struct cached_frame *f = &c->frames[first + i];

		frames[i] = (struct frame){ string_at(c, f->function), string_at(c, f->file),
					    f->line, f->column, f->start_line };
	}
	return true;
}

/* ---- writing ---- */

struct old_file {
	struct timespec used;
	uint64_t bytes;
	char path[PATH_MAX];
};

static int by_use(const void *a, const void *b)
{
	const struct timespec *x = &((const struct old_file *)a)->used;
	const struct timespec *y = &((const struct old_file *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

/* Files that were not used for longest go first. */
static void make_room(const char *folder)
{
	VEC(struct old_file) files = VEC_INIT;
	DIR *d = opendir(folder);
	uint64_t bytes = 0;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct old_file f;
		struct stat st;

		if (snprintf(f.path, sizeof(f.path), "%s/%s", folder, e->d_name) >=
			    (int)sizeof(f.path) ||
		    lstat(f.path, &st) || !S_ISREG(st.st_mode))
			continue;
		f.used = st.st_mtim;
		f.bytes = (uint64_t)st.st_size;
		bytes += f.bytes;
		*VEC_PUSH(&files) = f;
	}
	if (d)
		closedir(d);
	if (bytes > MAX_ALL_BYTES)
		qsort(files.v, files.n, sizeof(*files.v), by_use);
	for (size_t i = 0; i < files.n && bytes > MAX_ALL_BYTES; i++) {
		unlink(files.v[i].path);
		bytes -= files.v[i].bytes;
	}
	VEC_RELEASE(&files);
}

struct writing {
	VEC(uint64_t) addresses;
	VEC(uint32_t) first;
	VEC(struct cached_frame) frames;
	VEC(char) strings;
	struct strtab *table;
	VEC(uint32_t) places; /* of the table's strings */
	VEC(struct cached_answer) answers;
	struct arena *arena; /* of frames that were in the old file */
};

static uint32_t put_string(struct writing *w, const char *s)
{
	size_t n = s ? strlen(s) : 0;
	str_id id = strtab_add(w->table, s ? s : "", n);
	size_t at = w->strings.n;

	if (id < w->places.n)
		return w->places.v[id];
	if (at + n + 1 > MAX_FILE_BYTES) { /* join() refuses it then */
		*VEC_PUSH(&w->places) = 0;
		return 0;
	}
	VEC_MUST(&w->strings, at + n + 1);
	memcpy(w->strings.v + at, s ? s : "", n + 1);
	w->strings.n += n + 1;
	*VEC_PUSH(&w->places) = (uint32_t)at;
	return (uint32_t)at;
}

static int by_address(const void *a, const void *b)
{
	const struct cached_answer *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* What the old file knows and nobody asked for this time. */
static void add_old_answers(struct writing *w, const struct answer_cache *c)
{
	size_t n_new = w->answers.n;

	if (!c->header || c->map_bytes > MAX_FILE_BYTES / 2)
		return;
	for (uint32_t i = 0; i < c->header->n; i++) {
		struct cached_answer a = { .address = c->addresses[i] };
		struct frame frames[MAX_FRAMES];

		if (bsearch(&a, w->answers.v, n_new, sizeof(a), by_address) ||
		    !answer_cache_find(c, a.address, frames, MAX_FRAMES, &a.n))
			continue;
		a.frames = arena_memdup(w->arena, frames, a.n * sizeof(*frames));
		*VEC_PUSH(&w->answers) = a;
	}
}

static void sort_answers(struct writing *w)
{
	if (w->answers.n)
		qsort(w->answers.v, w->answers.n, sizeof(*w->answers.v), by_address);
}

static void put_answers(struct writing *w)
{
	put_string(w, "");
	for (size_t i = 0; i < w->answers.n; i++) {
		const struct cached_answer *a = &w->answers.v[i];

		*VEC_PUSH(&w->addresses) = a->address;
		*VEC_PUSH(&w->first) = (uint32_t)w->frames.n;
		for (size_t k = 0; k < a->n; k++) {
			const struct frame *f = &a->frames[k];

			*VEC_PUSH(&w->frames) = (struct cached_frame){
				put_string(w, f->function),
				put_string(w, f->file),
				f->line,
				f->column,
				f->start_line,
			};
		}
	}
	while (w->first.n < first_words(w->answers.n))
		*VEC_PUSH(&w->first) = (uint32_t)w->frames.n;
}

static void *put_part(char *at, const void *part, size_t bytes)
{
	if (bytes)
		memcpy(at, part, bytes);
	return at + bytes;
}

static char *join(struct answer_cache *c, const struct writing *w, size_t *bytes)
{
	size_t n_addresses = w->addresses.n * sizeof(uint64_t);
	size_t n_first = w->first.n * sizeof(uint32_t);
	size_t n_frames = w->frames.n * sizeof(struct cached_frame);
	struct header h = { MAGIC,	 c->key, 0, (uint32_t)w->addresses.n, (uint32_t)w->frames.n,
			    w->strings.n };
	char *all, *at;

	*bytes = sizeof(h) + n_addresses + n_first + n_frames + w->strings.n;
	all = *bytes <= MAX_FILE_BYTES ? malloc(*bytes) : NULL;
	if (!all)
		return NULL;
	at = all + sizeof(h);
	at = put_part(at, w->addresses.v, n_addresses);
	at = put_part(at, w->first.v, n_first);
	at = put_part(at, w->frames.v, n_frames);
	put_part(at, w->strings.v, w->strings.n);
	h.checksum = hash_bytes(all + sizeof(h), *bytes - sizeof(h));
	memcpy(all, &h, sizeof(h));
	return all;
}

static void write_file(const char *path, const char *all, size_t bytes)
{
	char folder[PATH_MAX];
	struct outfile f;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	make_room(folder);
	if (outfile_open(&f, path, NULL))
		return;
	if (f.direct || write_all(f.fd, all, bytes, path, NULL) || outfile_commit(&f, NULL))
		outfile_abort(&f);
}

void answer_cache_write(struct answer_cache *c, const struct cached_answer *answers, size_t n)
{
	struct writing w = { .table = strtab_new(), .arena = arena_new(ARENA_DIE) };
	size_t bytes;
	char *all;

	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(&w.answers) = answers[i];
	sort_answers(&w);
	add_old_answers(&w, c);
	sort_answers(&w);
	put_answers(&w);
	all = join(c, &w, &bytes);
	if (all)
		write_file(c->path, all, bytes);
	free(all);
	VEC_RELEASE(&w.answers);
	VEC_RELEASE(&w.addresses);
	VEC_RELEASE(&w.first);
	VEC_RELEASE(&w.frames);
	VEC_RELEASE(&w.strings);
	VEC_RELEASE(&w.places);
	strtab_free(w.table);
	arena_free(w.arena);
}
