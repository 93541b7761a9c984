/* symtab.h - ELF symbols of one binary, sorted, one name an address. */
#ifndef SONDE_SYMBOLIZE_SYMTAB_H
#define SONDE_SYMBOLIZE_SYMTAB_H

#include "symbolize/elf_file.h"

struct symtab;

/* Read the symbols of debug (may be NULL) or else of binary, and name the stubs of binary's PLT.
 * Never fails: a damaged table is an empty one. */
struct symtab *symtab_new(struct elf_file *binary, struct elf_file *debug);
/* Only the stubs of the PLT. */
struct symtab *symtab_new_stubs(struct elf_file *binary);
void symtab_free(struct symtab *t); /* NULL is fine */

struct symbol {
	uint64_t start, end;
	const char *name; /* lives as long as the table */
	uint8_t rank;	  /* see symtab.c */
};

/* The symbol whose code holds the address, or NULL. */
const struct symbol *symtab_find(const struct symtab *t, uint64_t address);

/* All of them, by address; how many. */
size_t symtab_all(const struct symtab *t, const struct symbol **out);

/* For plt.c: one more symbol; the name is copied. */
void symtab_add_stub(struct symtab *t, uint64_t start, uint64_t end, const char *name);

/* plt.c: name the stubs in the PLT sections of f. */
void plt_add_stubs(struct symtab *t, struct elf_file *f);

#endif
