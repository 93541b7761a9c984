/* fuzz_dwarf.c - dwarf_reader_lookup(): units, abbreviations, dies, ranges, names and line tables.
 *
 * The input is what a file would hold: one byte that says the byte order, whether there is a file of dwz
 * and whether details are wanted, then for each section, in the order of enum dwarf_section_id, its length
 * in two bytes and its bytes.
 * The same bytes stand for the sections of dwz's file.  Every address is code.
 */
#include "symbolize/dwarf_lookup.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_answer(void *ctx, size_t i, const struct dwarf_place *places, size_t n)
{
	size_t *bytes = ctx;

	for (size_t k = 0; k < n; k++) {
		struct frame f = dwarf_place_frame(places, n, k).frame;

		*bytes += f.function ? strlen(f.function) : 0;
		*bytes += f.file ? strlen(f.file) : 0;
	}
}

static void read_sections(const uint8_t *data, size_t size, struct dwarf_sections *s)
{
	size_t at = 1;

	for (int i = 0; i < N_DWARF_SECTIONS && size - at >= 2; i++) {
		size_t n = data[at] | data[at + 1] << 8;

		at += 2;
		if (n > size - at)
			n = size - at;
		s->v[i] = (struct elf_bytes){ data + at, n };
		at += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t addresses[] = { 0,	0x40,	  0x1000,   0x1040,
					      0x1139,	0x11b0,	  0x401000, 0x401010,
					      0x401136, 0x401180, 0x4011c0 };
	struct elf_range everywhere = { 0, UINT64_MAX };
	struct elf_file binary = { .code = { &everywhere, 1, 0 }, .path = (char[]){ "fuzz" } };
	struct dwarf_sections sections = { .is_64 = true };
	struct dwarf_source source = { .binary = &binary, .sections = &sections };
	struct dwarf_reader *r;
	size_t bytes = 0;

	if (size == 0)
		return 0;
	sections.is_little = data[0] & 1;
	read_sections(data, size, &sections);
	if (data[0] & 2)
		source.shared = &sections;
	source.wants_details = data[0] & 4;
	r = dwarf_reader_open(&source);
	dwarf_reader_lookup(r, addresses, sizeof(addresses) / sizeof(addresses[0]), take_answer,
			    &bytes);
	dwarf_reader_lookup(r, addresses + 3, 2, take_answer, &bytes);
	dwarf_reader_close(r);
	return 0;
}
