/* module_rules.c - hold the unwind tables, and until one is compiled what a rule can be read from.
 *
 * A process that ends before its first sample pays for no table: handlers read rules out of the frame information
 * itself until the keeper has compiled what they met.  Modules that can be closed are read from a copy.  What is known
 * stays known by build id, so a library that is opened and closed many times is compiled once.
 */
#include "sampler/module_rules.h"
#include "base/hash.h"
#include "sampler/cfi.h"
#include "sampler/frame_file.h"
#include "sampler/own_memory.h"
#include "sampler/quirks.h"

#include <string.h>
#include <sys/mman.h>

enum { KNOWN_AT_ONCE = 32, MAX_COPY = 1 << 30 };

struct key { /* the build id, or the path's hash where there is none; and which segment */
	uint8_t id[24]; /* no padding after it */
	uint64_t text_at, text_bytes;
};

struct known {
	struct module_rules rules;
	struct key key;
	struct cfi_source source;
	void *copy; /* of the frame information; NULL = it is read where it is */
	bool is_tried;
};

/* Handlers point into these. */
struct known_block {
	struct known_block *next;
	unsigned n;
	struct known known[KNOWN_AT_ONCE];
};

static struct known_block *blocks;

static struct key key_of(const struct module_frames *f)
{
	struct key k;
	uint64_t h = hash_bytes(f->path, strlen(f->path));

	memset(&k, 0, sizeof(k));
	k.text_at = f->start - f->base;
	k.text_bytes = f->end - f->start;
	if (f->build_id_bytes)
		memcpy(k.id, f->build_id, BUILD_ID_BYTES);
	else
		memcpy(k.id, &h, sizeof(h));
	return k;
}

static struct known *find(const struct key *key)
{
	for (struct known_block *b = blocks; b; b = b->next)
		for (unsigned i = 0; i < b->n; i++)
			if (memcmp(&b->known[i].key, key, sizeof(*key)) == 0)
				return &b->known[i];
	return NULL;
}

static struct known *add(void)
{
	struct known_block *b = blocks;

	if (!b || b->n == KNOWN_AT_ONCE) {
		b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
		if (b == MAP_FAILED)
			return NULL;
		b->next = blocks;
		blocks = b;
	}
	return &b->known[b->n++];
}

/* .eh_frame lies behind its header in what most linkers write, before it in what gold does. */
static uintptr_t frames_start(const struct module_frames *f)
{
	struct {
		uint8_t version, encodings[3];
		int32_t eh_frame; /* relative to itself */
	} h;
	uintptr_t at;

	if (!own_memory_copy(&h, f->hdr, sizeof(h), f->is_permanent) || h.encodings[0] != 0x1b)
		return f->hdr;
	at = f->hdr + 4 + (uintptr_t)(intptr_t)h.eh_frame;
	return at >= f->readable && at < f->hdr ? at : f->hdr;
}

/* Make the frame information readable for good. */
static bool hold(struct known *k, uintptr_t from, size_t n, bool is_permanent)
{
	k->source.bytes = n;
	k->source.data = (const uint8_t *)from;
	if (is_permanent)
		return true;
	if (n > MAX_COPY)
		return false;
	k->copy = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	k->source.data = k->copy;
	if (k->copy == MAP_FAILED) {
		k->copy = NULL;
		return false;
	}
	if (own_memory_copy(k->copy, from, n, false))
		return true;
	munmap(k->copy, n);
	k->copy = NULL;
	return false;
}

static bool read_code(const struct cfi_source *src, uint64_t at, void *to, size_t n)
{
	return own_memory_copy(to, src->code_base + at, n, false);
}

static void open_source(struct known *k, const struct module_frames *f)
{
	struct cfi_source *src = &k->source;
	uintptr_t from;

	src->base = f->base;
	src->read_code = read_code;
	src->text_at = f->start - f->base;
	src->text_bytes = f->end - f->start;
	quirks_note(src, f->base);
	if (!f->hdr)
		return;
	from = frames_start(f);
	src->hdr_at = f->hdr - f->base;
	src->data_at = from - f->base;
	if (hold(k, from, f->readable_end - from, f->is_permanent))
		atomic_store(&k->rules.source, src);
}

static void compile(struct known *k, const struct module_frames *f)
{
	const struct cfi_source *sources[1 + FRAME_FILE_SECTIONS];
	const struct cfi_table *table = NULL;
	struct frame_file file;
	unsigned n = 0;

	k->is_tried = true;
	k->source.code_base = f->base; /* it may have come back at another address */
	if (atomic_load(&k->rules.source))
		sources[n++] = &k->source;
	frame_file_open(&file, f, n == 0);
	for (unsigned i = 0; i < file.n; i++)
		sources[n++] = &file.sections[i];
	if (n)
		table = cfi_compile(sources, n);
	frame_file_close(&file);
	if (!table)
		return;
	atomic_store(&k->rules.table, table);
	atomic_store(&k->rules.source, NULL);
	own_memory_retire(k->copy, k->source.bytes);
	k->copy = NULL;
}

struct module_rules *module_rules_find(const struct module_frames *f)
{
	struct key key = key_of(f);
	struct known *k = find(&key);

	if (k)
		return &k->rules;
	k = add();
	if (!k)
		return NULL;
	k->key = key;
	open_source(k, f);
	if (!atomic_load(&k->rules.source))
		compile(k, f); /* there is nothing that a handler could do without */
	return &k->rules;
}

void module_rules_compile(struct module_rules *rules, const struct module_frames *f)
{
	struct known *k = (struct known *)rules; /* its first member */

	if (k && !k->is_tried && atomic_load(&rules->wanted) && !atomic_load(&rules->table))
		compile(k, f);
}
