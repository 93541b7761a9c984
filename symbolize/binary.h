/* binary.h - struct binary for the other files of this room. */
#ifndef SONDE_SYMBOLIZE_BINARY_H
#define SONDE_SYMBOLIZE_BINARY_H

#include "symbolize/elf_file.h"
#include "symbolize/symbolize.h"

/* Take over an open ELF file (closed in any case). */
SONDE_MUST int binary_from_elf(struct binary **out, struct elf_file *elf,
			       const struct symbolize_opts *opts, struct err *err);

/* opts->binary_path, else PPROF_BINARY_PATH, else pprof's own default; may be NULL. */
const char *symbolize_search_path(const struct symbolize_opts *opts);

struct elf_file *binary_elf(const struct binary *b);
struct elf_file *binary_debug(const struct binary *b); /* NULL = none */

#endif
