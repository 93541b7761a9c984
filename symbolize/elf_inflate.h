/* elf_inflate.h - sections that are kept compressed. */
#ifndef SONDE_SYMBOLIZE_ELF_INFLATE_H
#define SONDE_SYMBOLIZE_ELF_INFLATE_H

#include "symbolize/elf_file.h"

struct elf_packed {
	struct elf_bytes bytes; /* without the header */
	uint64_t plain_bytes;
	enum { PACKED_ZLIB, PACKED_ZSTD } method;
	const char *section; /* its name, for sentences */
};

/* Read the header of a section's bytes: that of ELF, or of the older .zdebug sections. */
SONDE_MUST int elf_packed_read(struct elf_packed *out, const struct elf_file *f,
			       struct elf_bytes raw, const char *section, struct err *err);

/* Into memory of its own, which elf_plain_free() gives back.  Safe to call from several threads. */
SONDE_MUST int elf_packed_inflate(const struct elf_packed *packed, const struct elf_file *f,
				  struct elf_bytes *out, struct err *err);
void elf_plain_free(struct elf_bytes plain);

/* The ELF file inside .gnu_debugdata, made by xz; the same memory. */
SONDE_MUST int elf_unxz(struct elf_bytes packed, const char *path, struct elf_bytes *out,
			struct err *err);

#endif
