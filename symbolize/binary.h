/* binary.h - struct binary for the other files of this room. */
#ifndef SONDE_SYMBOLIZE_BINARY_H
#define SONDE_SYMBOLIZE_BINARY_H

#include "symbolize/elf_file.h"
#include "symbolize/symbolize.h"

/* Take over an open ELF file (closed in any case). */
SONDE_MUST int binary_from_elf(struct binary **out, struct elf_file *elf,
			       const struct symbolize_opts *opts, struct err *err);

/* The file of a kernel, whose mappings begin at this address of it. */
void binary_set_kernel_text(struct binary *b, uint64_t address);
uint64_t binary_kernel_text(const struct binary *b); /* 0 = it is none */

/* opts->binary_path, else PPROF_BINARY_PATH, else pprof's own default; may be NULL. */
const char *symbolize_search_path(const struct symbolize_opts *opts);

/* Not memory that no file backs: device mappings, JIT output, names in brackets. */
bool mapping_has_file(const char *file);

struct data_symbols { /* binary_data.c: by address */
	struct data_symbol *v;
	size_t n, cap;
	bool is_read;
};
struct data_symbols *binary_data_symbols(struct binary *b);

struct elf_file *binary_elf(const struct binary *b);
struct elf_file *binary_debug(const struct binary *b); /* NULL = none */

#endif
