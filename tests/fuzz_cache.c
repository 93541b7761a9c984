/* fuzz_cache.c - answer_cache_open_mem() and answer_cache_find(): the file of answers about one binary.
 *
 * Magic number, key and checksum are put right, so that what follows them is reached; the first byte says
 * whether they are.
 */
#include "base/hash.h"
#include "symbolize/answer_cache.h"

#include <stdlib.h>
#include <string.h>

#define HEADER_BYTES 40
#define MAX_FRAMES   8

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

	if (!answer_cache_find(c, address, frames, MAX_FRAMES, &n))
		return 0;
	for (size_t i = 0; i < n; i++)
		bytes += text_bytes(frames[i].function) + text_bytes(frames[i].file);
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
	/* Its own addresses follow the header. */
	for (size_t at = HEADER_BYTES; at + 8 <= n && at < HEADER_BYTES + 256; at += 8) {
		memcpy(&address, bytes + at, 8);
		ask(c, address);
	}
	answer_cache_close(c);
}

static void put_right(uint8_t *bytes, size_t n)
{
	uint64_t checksum = hash_bytes(bytes + HEADER_BYTES, n - HEADER_BYTES);

	memcpy(bytes, "scache2\0", 8);
	memset(bytes + 8, 0, 8);
	memcpy(bytes + 16, &checksum, 8);
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
	if (data[0] & 1 && size - 1 >= HEADER_BYTES)
		put_right(copy, size - 1);
	read_cache(copy, size - 1);
	free(copy);
	return 0;
}
