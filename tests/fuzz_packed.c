/* fuzz_packed.c - elf_packed_read(), elf_packed_inflate() and elf_unxz(): sections that are compressed.
 *
 * The first byte says what the rest is: bit 0 the byte order, bit 1 the word size, bits 2 and 3 a section
 * with ELF's header, one of the older .zdebug sections, or .gnu_debugdata.
 */
#include "symbolize/elf_inflate.h"

#define MAX_PLAIN ((uint64_t)1 << 20) /* what claims more costs the fuzzer its time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte is looked at. */
static unsigned sum(struct elf_bytes b)
{
	unsigned n = 0;

	for (size_t i = 0; i < b.n; i++)
		n += b.p[i];
	return n;
}

static void inflate(const struct elf_file *f, struct elf_bytes raw, const char *section)
{
	struct elf_packed packed = { .section = NULL };
	struct elf_bytes plain;
	struct err err;

	if (elf_packed_read(&packed, f, raw, section, &err) || packed.plain_bytes > MAX_PLAIN)
		return;
	if (elf_packed_inflate(&packed, f, &plain, &err))
		return;
	sum(plain);
	elf_plain_free(plain);
}

static void unpack(struct elf_bytes raw)
{
	struct elf_bytes plain;
	struct err err;

	if (elf_unxz(raw, "fuzz", &plain, &err))
		return;
	sum(plain);
	elf_plain_free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf_bytes raw = { data + 1, size - 1 };
	struct elf_file f = { .path = (char[]){ "fuzz" } };

	if (size == 0)
		return 0;
	f.is_little = data[0] & 1;
	f.is_64 = data[0] & 2;
	if ((data[0] & 12) == 8)
		unpack(raw);
	else
		inflate(&f, raw, data[0] & 4 ? ".zdebug_info" : ".debug_info");
	return 0;
}
