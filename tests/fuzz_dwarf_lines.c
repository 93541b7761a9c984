/* fuzz_dwarf_lines.c - dwarf_lines_read(): headers and programs of line tables, and the names of
 * their files.
 *
 * The first byte chooses the byte order; the rest is all sections that a line table refers
 * to. */
#include "symbolize/dwarf_lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t addresses[] = { 0x1000, 0x1001, 0x1100, 0x1139, 0x401136 };
	enum { N = sizeof(addresses) / sizeof(addresses[0]) };
	struct elf_range everywhere = { 0, UINT64_MAX };
	struct elf_file binary = { .code = { &everywhere, 1, 0 } };
	struct elf_bytes bytes = { data + 1, size - 1 };
	struct dwarf_sections sections = { .is_64 = true };
	struct dwarf_row rows[N] = { { 0 } };
	struct dwarf_slots slots = { N, addresses, rows };
	struct dwarf_lines lines = {
		.binary = &binary,
		.sections = &sections,
		.comp_dir = "/src",
	};

	sections.v[DWARF_LINE] = sections.v[DWARF_LINE_STR] = sections.v[DWARF_STR] =
		sections.v[DWARF_STR_OFFSETS] = bytes;
	if (size == 0)
		return 0;
	sections.is_little = data[0] & 1;
	lines.arena = arena_new(ARENA_DIE);
	dwarf_lines_read(&lines, &slots, 0);
	for (size_t i = 0; i < N; i++)
		if (rows[i].known)
			dwarf_lines_file(&lines, rows[i].file);
	for (uint64_t i = 0; i < lines.files.n && i < 100; i++)
		dwarf_lines_file(&lines, i);
	dwarf_lines_release(&lines);
	arena_free(lines.arena);
	return 0;
}
