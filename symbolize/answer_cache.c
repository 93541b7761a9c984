/* answer_cache.c - read answers about one binary that were kept in a file (answer_cache_internal.h).
 *
 * The key in the header stands for what the answers depend on: build id, version of this program, size
 * and time of the binary and of each file with its debug information.  A file is mapped and used as it
 * is.  What is damaged in it is as if it were not there.
 */
#include "symbolize/answer_cache_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* ---- the file ---- */

static bool is_header(const struct cache_header *h, uint64_t key, size_t n)
{
	return h->magic == ANSWER_CACHE_MAGIC && h->key == key &&
	       h->checksum == cache_header_checksum(h) && h->entries_at >= sizeof(*h) &&
	       h->entries_at <= n && h->entries_at % 8 == 0 &&
	       n - h->entries_at == h->n_entries * sizeof(struct cache_entry);
}

static bool use(struct answer_cache *c, const void *bytes, size_t n)
{
	const struct cache_header *h = bytes;

	if (n < sizeof(*h) || n > ANSWER_CACHE_MAX_BYTES || (uintptr_t)bytes % 8 ||
	    !is_header(h, c->key, n) || !(c->is_sound = calloc(1, n / 64 + 1)))
		return false;
	c->header = h;
	c->entries = (const struct cache_entry *)((const char *)bytes + h->entries_at);
	return true;
}

/* Its own copy: answer_cache_write() changes it where names are new. */
static void map_file(struct answer_cache *c)
{
	int fd = open(c->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (size_t)st.st_size <= ANSWER_CACHE_MAX_BYTES) {
		c->map_bytes = (size_t)st.st_size;
		c->map = mmap(NULL, c->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
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
	free(c->is_sound);
	free(c);
}

/* ---- what is in it ---- */

/* That many bytes from there on, NULL if not all of them lie before the entries. */
static const void *bytes_at(const struct answer_cache *c, uint32_t at, size_t n)
{
	uint32_t end = c->header->entries_at;

	if (at < sizeof(*c->header) || at % 8 || at > end || n > end - at)
		return NULL;
	return (const char *)c->header + at;
}

const struct cache_text *cache_text_at(const struct answer_cache *c, uint32_t at)
{
	const struct cache_text *t = bytes_at(c, at, sizeof(*t));
	unsigned char *sound, bit = (unsigned char)(1 << at / 8 % 8);

	if (!t || t->bytes == 0 || !bytes_at(c, at, sizeof(*t) + t->bytes))
		return NULL;
	sound = &c->is_sound[at / 64];
	if (*sound & bit)
		return t;
	if (t->s[t->bytes - 1] || cache_text_checksum(t, c->key, at) != t->checksum)
		return NULL;
	*sound |= bit;
	return t;
}

static const struct cache_entry *find_entry(const struct answer_cache *c, uint64_t address)
{
	size_t lo = 0, hi = c->header ? c->header->n_entries : 0;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (c->entries[mid].address < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return c->header && lo < c->header->n_entries && c->entries[lo].address == address
		       ? &c->entries[lo]
		       : NULL;
}

static const struct cache_answer *find_answer(const struct answer_cache *c, uint64_t address,
					      size_t max)
{
	const struct cache_entry *e = find_entry(c, address);
	const struct cache_answer *a = e ? bytes_at(c, e->at, sizeof(*a)) : NULL;

	if (!a || a->n > max || !bytes_at(c, e->at, cache_answer_bytes(a->n)) ||
	    cache_checksum(a, cache_answer_bytes(a->n), c->key, address) != e->checksum)
		return NULL;
	return a;
}

/* Unknown is sound. */
static bool take_text(const struct answer_cache *c, uint32_t at, const struct cache_text **out)
{
	*out = at ? cache_text_at(c, at) : NULL;
	return *out || !at;
}

static bool take_frame(const struct answer_cache *c, const struct cache_frame *f,
		       enum demangle_mode mode, struct frame *out)
{
	const struct cache_text *function, *file, *plain = NULL;

	if (!take_text(c, f->function, &function) || !take_text(c, f->file, &file))
		return false;
	if (function && mode < DEMANGLE_NONE)
		plain = cache_text_at(c, function->plain[mode]);
	*out = (struct frame){
		.function = function ? function->s : NULL,
		.plain = plain ? plain->s : NULL,
		.file = file ? file->s : NULL,
		.line = f->line,
		.column = f->column,
		.discriminator = f->discriminator,
		.start_line = f->start_line,
	};
	return true;
}

bool answer_cache_find(const struct answer_cache *c, uint64_t address, enum demangle_mode mode,
		       struct frame *frames, size_t max, size_t *n)
{
	const struct cache_answer *a = find_answer(c, address, max);

	for (size_t i = 0; a && i < a->n; i++)
		if (!take_frame(c, &a->frames[i], mode, &frames[i]))
			return false;
	*n = a ? a->n : 0;
	return a != NULL;
}
