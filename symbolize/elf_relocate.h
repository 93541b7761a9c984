/* elf_relocate.h - object files: where their sections would be, and their debug information made to say so. */
#ifndef SONDE_SYMBOLIZE_ELF_RELOCATE_H
#define SONDE_SYMBOLIZE_ELF_RELOCATE_H

#include "symbolize/elf_file.h"

/* Give each section that would be loaded an address of its own; .text is at 0. */
void elf_object_lay_out(struct elf_file *f);

/* Where a section is, by number: as laid out, or as its header says. */
uint64_t elf_section_base(const struct elf_file *f, size_t section, uint64_t header_address);

/* Apply the relocations of a section to a copy of its bytes, which is kept as long as the file.  What
 * needs none is left where it is. */
void elf_object_relocate(struct elf_file *f, size_t section, struct elf_bytes *bytes);

#endif
