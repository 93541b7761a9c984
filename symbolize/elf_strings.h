/* elf_strings.h - names in a string table of an ELF file.
 *
 * libelf looks for the end of each in all that follows it: a damaged file, whose table is one string of
 * megabytes, would take hours.
 */
#ifndef SONDE_SYMBOLIZE_ELF_STRINGS_H
#define SONDE_SYMBOLIZE_ELF_STRINGS_H

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

struct elf_strings {
	const char *p; /* as long as the file */
	size_t n;
};

/* The strings of a section; empty where it has none. */
struct elf_strings elf_strings_get(Elf *elf, size_t section);
/* Those of the names of sections. */
struct elf_strings elf_section_names(Elf *elf);
/* The string at an offset, and how long it is; NULL if there is none, or it is longer than names are. */
const char *elf_string(const struct elf_strings *s, uint64_t offset, size_t *bytes);

#endif
