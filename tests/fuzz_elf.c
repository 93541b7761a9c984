/* fuzz_elf.c - binary_open_mem(), and the answers of whatever that opened: ELF headers, notes,
 * symbols, PLT, DWARF.
 *
 * libdwarf runs in a child process, so what it does to itself is not seen here; everything else is.
 */
#include "symbolize/symbolize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t addresses[] = { 0,      0x40,	0x1000,	  0x1040,   0x1139,
					      0x2000, 0x401000, 0x401020, 0x401136, UINT64_MAX };
	struct frame frames[16];
	struct binary *b;

	if (binary_open_mem(&b, data, size, "fuzz", NULL))
		return 0;
	binary_prepare(b, addresses, sizeof(addresses) / sizeof(addresses[0]));
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		binary_lookup(b, addresses[i], frames, 16);
	binary_close(b);
	return 0;
}
