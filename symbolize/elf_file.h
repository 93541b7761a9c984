/* elf_file.h - one ELF file, mapped and read through libelf: segments, sections, build id. */
#ifndef SONDE_SYMBOLIZE_ELF_FILE_H
#define SONDE_SYMBOLIZE_ELF_FILE_H

#include "base/err.h"
#include "base/vec.h"

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX 64 /* bytes; 20 is usual */

struct elf_segment { /* a PT_LOAD */
	uint64_t vaddr, offset, file_bytes, memory_bytes;
	bool exec;
};

struct elf_range {
	uint64_t start, end;
};

struct elf_bytes {
	const unsigned char *p; /* borrowed from the file */
	size_t n;
};

struct elf_base { /* of a section in an object file */
	size_t section;
	uint64_t address;
};

struct elf_plain { /* a section that was inflated or relocated */
	size_t section;
	struct elf_bytes bytes;
};

struct elf_file {
	char *path;
	const unsigned char *image;
	size_t bytes;
	int64_t modified_ns; /* 0 = from memory */
	bool is_mapped, is_little, is_64;
	bool is_object; /* not linked: elf_relocate.h */
	bool is_debug;	/* may be an object file: it has debug information only */
	uint16_t machine;
	char build_id[2 * BUILD_ID_MAX + 1]; /* lower-case hex, "" if none */
	VEC(struct elf_segment) segments;
	VEC(struct elf_range)
	code; /* executable sections, or segments where there are none; sorted */
	VEC(struct elf_plain) plain;
	VEC(struct elf_base) bases; /* of objects */
	Elf *elf;
};

SONDE_MUST int elf_file_open(struct elf_file **out, const char *path, struct err *err);
/* The same for a file that has debug information only, such as a .dwo file: it need not be linked. */
SONDE_MUST int elf_file_open_debug(struct elf_file **out, const char *path, struct err *err);
/* The same from bytes, which the caller keeps until close. */
SONDE_MUST int elf_file_open_mem(struct elf_file **out, const void *image, size_t bytes,
				 const char *name, struct err *err);
void elf_file_close(struct elf_file *f); /* NULL is fine */

/* A section by name, inflated.  SONDE_ENOTFOUND where there is none or where it holds no bytes. */
SONDE_MUST int elf_file_section(struct elf_file *f, const char *name, struct elf_bytes *out,
				struct err *err);
/* Several at once; those that are compressed are inflated side by side.  What is not there is left
 * empty; on failure too what could be read is there.  n is at most 16. */
SONDE_MUST int elf_file_sections(struct elf_file *f, const char *const *names, size_t n,
				 struct elf_bytes *out, struct err *err);
bool elf_file_has(struct elf_file *f, const char *section); /* with bytes in the file */
bool elf_file_section_address(struct elf_file *f, const char *section, uint64_t *address);
/* The same for a section that is at hand. */
SONDE_MUST int elf_file_data(struct elf_file *f, Elf_Scn *scn, const char *name,
			     struct elf_bytes *out, struct err *err);

bool elf_file_is_code(const struct elf_file *f, uint64_t address);

/* Where a byte of the file is in the file's own address space.  false where no segment loads it. */
bool elf_file_address(const struct elf_file *f, uint64_t offset, uint64_t *address);

#endif
