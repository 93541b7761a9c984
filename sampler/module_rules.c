/* module_rules.c - hold the unwind tables, and until one is compiled what a rule can be read from.
 *
 * A process that ends before its first sample pays for no table: handlers read rules out of the frame information
 * itself until the keeper has compiled what they met.  Modules that can be closed are read from a copy.  What is known
 * stays known by build id, so a library that is opened and closed many times is compiled once.  All that takes time
 * is done without a lock, and adopted under it: fork() waits for no table.
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
	bool is_open, is_tried;
};

/* Handlers point into these. */
struct known_block {
	struct known_block *next;
	unsigned n;
	struct known known[KNOWN_AT_ONCE];
};

static struct known_block *blocks;
static struct cfi_room room; /* of whoever compiles */

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
static bool hold(struct module_made *m, uintptr_t from, size_t n, bool is_permanent)
{
	m->source.bytes = n;
	m->source.data = (const uint8_t *)from;
	if (is_permanent)
		return true;
	if (n > MAX_COPY)
		return false;
	m->copy = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m->source.data = m->copy;
	if (m->copy == MAP_FAILED) {
		m->copy = NULL;
		return false;
	}
	if (own_memory_copy(m->copy, from, n, false))
		return true;
	munmap(m->copy, n);
	m->copy = NULL;
	return false;
}

static bool read_code(const struct cfi_source *src, uint64_t at, void *to, size_t n)
{
	return own_memory_copy(to, src->code_base + at, n, false);
}

static bool open_source(struct module_made *m, const struct module_frames *f)
{
	struct cfi_source *src = &m->source;
	uintptr_t from;

	src->base = f->base;
	src->read_code = read_code;
	src->text_at = f->start - f->base;
	src->text_bytes = f->end - f->start;
	quirks_note(src, f->base);
	if (!f->hdr)
		return false;
	from = frames_start(f);
	src->hdr_at = f->hdr - f->base;
	src->data_at = from - f->base;
	return hold(m, from, f->readable_end - from, f->is_permanent);
}

/* source NULL = there is none but in the file. */
static const struct cfi_table *compile(const struct cfi_source *source,
				       const struct module_frames *f)
{
	const struct cfi_source *sources[1 + FRAME_FILE_SECTIONS];
	const struct cfi_table *table = NULL;
	struct cfi_source here;
	struct frame_file file;
	unsigned n = 0;

	if (source) {
		here = *source;
		here.code_base = f->base; /* it may have come back at another address */
		sources[n++] = &here;
	}
	frame_file_open(&file, f, n == 0);
	for (unsigned i = 0; i < file.n; i++)
		sources[n++] = &file.sections[i];
	if (n)
		table = cfi_compile(sources, n, &room);
	frame_file_close(&file);
	return table;
}

struct module_rules *module_rules_find(const struct module_frames *f)
{
	struct key key = key_of(f);
	struct known *k = find(&key);

	if (!k) {
		k = add();
		if (k)
			k->key = key;
	}
	return k ? &k->rules : NULL;
}

static struct known *known_of(struct module_rules *rules)
{
	return (struct known *)rules; /* its first member */
}

bool module_rules_are_closed(struct module_rules *rules)
{
	return rules && !known_of(rules)->is_open;
}

bool module_rules_want_table(struct module_rules *rules)
{
	return rules && known_of(rules)->is_open && !known_of(rules)->is_tried &&
	       atomic_load(&rules->wanted) && !atomic_load(&rules->table);
}

void module_rules_open(const struct module_frames *f, struct module_made *m)
{
	memset(m, 0, sizeof(*m));
	m->is_open = true;
	m->has_source = open_source(m, f);
	if (!m->has_source) { /* there is nothing that a handler could do without a table */
		m->table = compile(NULL, f);
		m->is_tried = true;
	}
}

void module_rules_compile(struct module_rules *rules, const struct module_frames *f,
			  struct module_made *m)
{
	memset(m, 0, sizeof(*m));
	m->table = compile(atomic_load(&rules->source), f);
	m->is_tried = true;
}

void module_rules_adopt(struct module_rules *rules, const struct module_made *m)
{
	struct known *k = known_of(rules);

	if (m->is_open) {
		k->is_open = true;
		k->source = m->source;
		k->copy = m->copy;
	}
	if (m->has_source)
		atomic_store(&rules->source, &k->source);
	k->is_tried |= m->is_tried;
	if (!m->table)
		return;
	atomic_store(&rules->table, m->table);
	atomic_store(&rules->source, NULL);
	own_memory_retire(k->copy, k->source.bytes);
	k->copy = NULL;
}

void module_rules_rest(void)
{
	cfi_room_release(&room);
	frame_file_rest();
}

void module_rules_forked(void)
{
	memset(&room, 0, sizeof(room));
	frame_file_forked();
}
