/* fuzz_cache.c - answer_cache_open_mem() and answer_cache_find(): the file of answers about one binary.
 *
 * Magic number, key and checksums of the header, of answers and of texts are put right, so that what follows
 * them is reached; the first byte says whether they are.
 */
#include "symbolize/answer_cache_internal.h"

#include <stdlib.h>
#include <string.h>

#define MAX_FRAMES  8
#define MAX_ENTRIES 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t text_bytes(const char *s)
{
	return s ? strlen(s) : 0;
}

/* Everything that an answer holds is looked at. */
static size_t ask(const struct answer_cache *c, uint64_t address)
{
	struct frame frames[MAX_FRAMES];
	size_t n = 0, bytes = 0;

	if (!answer_cache_find(c, address, (enum demangle_mode)(address % 4), frames, MAX_FRAMES,
			       &n))
		return 0;
	for (size_t i = 0; i < n; i++)
		bytes += text_bytes(frames[i].function) + text_bytes(frames[i].plain) +
			 text_bytes(frames[i].file);
	return bytes;
}

static void read_cache(const uint8_t *bytes, size_t n)
{
	struct answer_cache *c = answer_cache_open_mem(bytes, n, 0);
	uint64_t address;

	if (!c)
		return;
	for (address = 0; address < 16; address++)
		ask(c, address);
	ask(c, UINT64_MAX);
	for (uint32_t i = 0; i < c->header->n_entries && i < MAX_ENTRIES; i++)
		ask(c, c->entries[i].address);
	answer_cache_close(c);
}

static void put_text_right(uint8_t *bytes, size_t n, uint32_t at)
{
	struct cache_text t;
	struct cache_text *text = (struct cache_text *)(bytes + at);

	if (at % 8 || at > n || n - at < sizeof(t))
		return;
	memcpy(&t, text, sizeof(t));
	if (t.bytes && t.bytes <= n - at - sizeof(t))
		text->checksum = cache_text_checksum(text, 0, at);
}

static void put_function_right(uint8_t *bytes, size_t n, uint32_t at)
{
	const struct cache_text *text = (const struct cache_text *)(bytes + at);

	put_text_right(bytes, n, at);
	if (at % 8 || at > n || n - at < sizeof(*text))
		return;
	for (int mode = 0; mode < DEMANGLE_NONE; mode++)
		put_text_right(bytes, n, text->plain[mode]);
}

/* Texts may lie upon the answer, or upon the header: how long things are is asked once. */
static void put_answer_right(uint8_t *bytes, size_t n, struct cache_entry *e)
{
	struct cache_answer *a = (struct cache_answer *)(bytes + e->at);
	uint32_t at = e->at;
	uint64_t n_frames;

	if (at % 8 || at > n || n - at < sizeof(*a) || a->n > MAX_FRAMES ||
	    n - at < cache_answer_bytes(a->n))
		return;
	n_frames = a->n;
	for (size_t i = 0; i < n_frames; i++) {
		put_function_right(bytes, n, a->frames[i].function);
		put_text_right(bytes, n, a->frames[i].file);
	}
	e->checksum = cache_checksum(a, cache_answer_bytes(n_frames), 0, e->address);
}

static void put_right(uint8_t *bytes, size_t n)
{
	struct cache_header *h = (struct cache_header *)bytes;
	struct cache_entry *entries;
	size_t n_entries;

	h->magic = ANSWER_CACHE_MAGIC;
	h->key = 0;
	h->checksum = cache_header_checksum(h);
	if (h->entries_at % 8 || h->entries_at > n)
		return;
	entries = (struct cache_entry *)(bytes + h->entries_at);
	n_entries = (n - h->entries_at) / sizeof(*entries);
	for (size_t i = 0; i < n_entries && i < MAX_ENTRIES; i++)
		put_answer_right(bytes, n, &entries[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < 2)
		return 0;
	copy = malloc(size - 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1 && size - 1 >= sizeof(struct cache_header))
		put_right(copy, size - 1);
	read_cache(copy, size - 1);
	free(copy);
	return 0;
}
