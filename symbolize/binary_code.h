/* binary_code.h - what disassembly wants of a binary: its bytes and all names of its symbols.
 *
 * Part of the door of symbolize/.
 */
#ifndef SONDE_SYMBOLIZE_BINARY_CODE_H
#define SONDE_SYMBOLIZE_BINARY_CODE_H

#include "base/arena.h"
#include "base/profile.h"
#include "symbolize/symbolize.h"

/* Open the file behind a mapping, looked for as symbolize_profile() does it. */
SONDE_MUST int binary_open_mapping(struct binary **out, const char *file, const char *build_id,
				   const struct symbolize_opts *opts, struct err *err);

/* An address of the process as one of the file's own; false where the file has none for it. */
bool binary_file_address(const struct binary *b, const struct mapping *m, uint64_t address,
			 uint64_t *out);

enum machine { MACHINE_OTHER, MACHINE_X86_64, MACHINE_X86, MACHINE_ARM64 };
enum machine binary_machine(const struct binary *b);
bool binary_is_64(const struct binary *b); /* addresses have 64 bits */

/* The code at an address of the file's own: how many bytes of its section follow it (0 = no code
 * there), at *bytes, which live as long as b. */
size_t binary_code(const struct binary *b, uint64_t address, const unsigned char **bytes);
/* The first address of code that is not before this one; UINT64_MAX if there is none. */
uint64_t binary_next_code(const struct binary *b, uint64_t address);

struct code_symbol {
	uint64_t start, end; /* the next symbol or the end of the section */
	const char *name;    /* as in the file */
	bool is_code;
};

/* All names of all symbols, code and data, by address and then by name: aliases stand side by side.
 * In arena a. */
struct code_symbol *binary_symbols(const struct binary *b, struct arena *a, size_t *n);

#endif
