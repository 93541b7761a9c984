/* answer_cache_write.c - keep answers about one binary in a file for the next run (answer_cache_internal.h).
 *
 * Whoever has new answers or names writes a whole file beside the old one and renames it, so readers see
 * the one or the other; of two writers the last wins.  What the old file has stays where it is in the new
 * one, and is copied without being looked at; what is new comes behind it.  Where that becomes too much,
 * only the answers of this run are kept.  Files that were not used for longest go when all together are
 * too big.
 */
#include "base/outfile.h"
#include "base/strtab.h"
#include "base/vec.h"
#include "symbolize/answer_cache_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ALL_BYTES ((uint64_t)256 << 20)
#define MAX_FRAMES    256 /* of one address */

/* ---- room ---- */

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

/* ---- the parts ---- */

struct writing {
	struct answer_cache *c;
	enum demangle_mode mode;
	bool keeps_old;
	bool is_full;
	size_t base;	 /* where the new part begins in the file: behind the old one */
	VEC(char) added; /* the new part */
	VEC(struct cache_entry) entries;
	struct strtab *table;
	VEC(uint32_t) places; /* of the table's strings; 0 = it has none yet */
};

/* Room for so many bytes in the new part; where in the file they are.  0 = no more fit. */
static uint32_t add_bytes(struct writing *w, size_t bytes)
{
	size_t at = w->added.n, all = (bytes + 7) / 8 * 8;

	if (bytes > ANSWER_CACHE_MAX_BYTES || w->base + at + all > ANSWER_CACHE_MAX_BYTES) {
		w->is_full = true;
		return 0;
	}
	VEC_MUST(&w->added, at + all);
	w->added.n += all;
	return (uint32_t)(w->base + at);
}

static void *added_at(const struct writing *w, uint32_t at)
{
	return w->added.v + (at - w->base);
}

/* Where a text that came out of the old file is in it; 0 = it did not. */
static uint32_t place_in_old(const struct writing *w, const char *s)
{
	uintptr_t at = (uintptr_t)s - (uintptr_t)w->c->header;

	return w->keeps_old && at < w->base ? (uint32_t)(at - offsetof(struct cache_text, s)) : 0;
}

static uint32_t put_text(struct writing *w, const char *s)
{
	uint32_t at = s ? place_in_old(w, s) : 0;
	size_t n = s ? strlen(s) : 0;
	struct cache_text *t;
	str_id id;

	if (!s || at)
		return at;
	id = strtab_add(w->table, s, n);
	if (id < w->places.n && w->places.v[id])
		return w->places.v[id];
	at = add_bytes(w, sizeof(*t) + n + 1);
	if (!at)
		return 0;
	VEC_MUST(&w->places, id + 1u);
	w->places.n = id < w->places.n ? w->places.n : id + 1u;
	t = added_at(w, at);
	t->bytes = (uint32_t)n + 1;
	memcpy(t->s, s, n + 1);
	w->places.v[id] = at;
	return at;
}

/* New texts get their checksums when all is known. */
static void put_plain(struct writing *w, uint32_t at, const char *plain)
{
	uint32_t plain_at = at && plain ? put_text(w, plain) : 0;
	struct cache_text *t;

	if (!plain_at)
		return;
	if (at >= w->base) {
		t = added_at(w, at);
		t->plain[w->mode] = plain_at;
		return;
	}
	t = (struct cache_text *)((char *)w->c->map + at);
	if (t->plain[w->mode] == plain_at)
		return;
	t->plain[w->mode] = plain_at;
	t->checksum = cache_text_checksum(t, w->c->key, at);
}

static uint32_t put_function(struct writing *w, const struct frame *f)
{
	uint32_t at = put_text(w, f->function);

	put_plain(w, at, f->plain);
	return at;
}

/* Did it come out of the old file? */
static bool is_old(const struct writing *w, const struct cached_answer *answer)
{
	struct frame frames[MAX_FRAMES];
	size_t n;

	for (size_t i = 0; i < answer->n; i++)
		if (answer->frames[i].function && !place_in_old(w, answer->frames[i].function))
			return false;
	return w->keeps_old &&
	       answer_cache_find(w->c, answer->address, DEMANGLE_NONE, frames, MAX_FRAMES, &n);
}

/* Of what the old file has only names may be new. */
static void put_old_answer(struct writing *w, const struct cached_answer *answer)
{
	for (size_t i = 0; i < answer->n; i++)
		put_function(w, &answer->frames[i]);
}

static void put_new_answer(struct writing *w, const struct cached_answer *answer)
{
	size_t bytes = cache_answer_bytes(answer->n);
	uint32_t at = add_bytes(w, bytes);
	struct cache_answer *a;

	if (!at)
		return;
	((struct cache_answer *)added_at(w, at))->n = answer->n;
	for (size_t i = 0; i < answer->n; i++) {
		const struct frame *f = &answer->frames[i];
		struct cache_frame frame = {
			.function = put_function(w, f),
			.file = put_text(w, f->file),
			.line = f->line,
			.column = f->column,
			.discriminator = f->discriminator,
			.start_line = f->start_line,
		};

		a = added_at(w, at);
		a->frames[i] = frame;
	}
	a = added_at(w, at);
	*VEC_PUSH(&w->entries) = (struct cache_entry){
		.address = answer->address,
		.at = at,
		.checksum = cache_checksum(a, bytes, w->c->key, answer->address),
	};
}

static void put_answers(struct writing *w, const struct cached_answer *answers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_old(w, &answers[i]))
			put_old_answer(w, &answers[i]);
		else
			put_new_answer(w, &answers[i]);
	for (size_t id = 0; id < w->places.n; id++) {
		uint32_t at = w->places.v[id];
		struct cache_text *t = at ? added_at(w, at) : NULL;

		if (t)
			t->checksum = cache_text_checksum(t, w->c->key, at);
	}
}

/* ---- the whole ---- */

static int by_address(const void *a, const void *b)
{
	const struct cache_entry *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Behind the new ones, the old ones whose address is not among them; then all in order. */
static void add_old_entries(struct writing *w)
{
	const struct cache_header *h = w->keeps_old ? w->c->header : NULL;
	size_t n_new = w->entries.n;

	if (n_new)
		qsort(w->entries.v, n_new, sizeof(*w->entries.v), by_address);
	for (uint32_t i = 0; h && i < h->n_entries; i++)
		if (!n_new || !bsearch(&w->c->entries[i], w->entries.v, n_new,
				       sizeof(*w->entries.v), by_address))
			*VEC_PUSH(&w->entries) = w->c->entries[i];
	if (w->entries.n > n_new)
		qsort(w->entries.v, w->entries.n, sizeof(*w->entries.v), by_address);
}

static int write_parts(const struct writing *w, const struct outfile *f)
{
	size_t n_entries = w->entries.n * sizeof(struct cache_entry);
	struct cache_header h = {
		.magic = ANSWER_CACHE_MAGIC,
		.key = w->c->key,
		.n_entries = (uint32_t)w->entries.n,
		.entries_at = (uint32_t)(w->base + w->added.n),
	};

	h.checksum = cache_header_checksum(&h);
	if (write_all(f->fd, &h, sizeof(h), f->path, NULL) ||
	    (w->base > sizeof(h) && write_all(f->fd, (const char *)w->c->map + sizeof(h),
					      w->base - sizeof(h), f->path, NULL)) ||
	    (w->added.n && write_all(f->fd, w->added.v, w->added.n, f->path, NULL)) ||
	    (n_entries && write_all(f->fd, w->entries.v, n_entries, f->path, NULL)))
		return SONDE_EIO;
	return 0;
}

static void write_file(const struct writing *w)
{
	const char *path = w->c->path;
	char folder[PATH_MAX];
	struct outfile f;

	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	make_room(folder);
	if (outfile_open(&f, path, NULL))
		return;
	if (f.direct || write_parts(w, &f) || outfile_commit(&f, NULL))
		outfile_abort(&f);
}

void answer_cache_write(struct answer_cache *c, enum demangle_mode mode,
			const struct cached_answer *answers, size_t n)
{
	struct writing w = {
		.c = c,
		.mode = mode,
		.keeps_old = c->header && c->map_bytes <= ANSWER_CACHE_MAX_BYTES / 2,
		.base = sizeof(struct cache_header),
		.table = strtab_new(),
	};

	if (w.keeps_old)
		w.base = c->header->entries_at;
	put_answers(&w, answers, n);
	add_old_entries(&w);
	if (!w.is_full &&
	    w.base + w.added.n + w.entries.n * sizeof(*w.entries.v) <= ANSWER_CACHE_MAX_BYTES)
		write_file(&w);
	VEC_RELEASE(&w.added);
	VEC_RELEASE(&w.entries);
	VEC_RELEASE(&w.places);
	strtab_free(w.table);
}
