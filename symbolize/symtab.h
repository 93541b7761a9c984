/* symtab.h - the symbols of one binary, sorted, one name an address. */
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

/* What of a symbol decides whether it speaks for an address: symtab.c. */
enum {
	RANK_LOCAL = 1,
	RANK_WEAK = 2,
	RANK_GLOBAL = 3,
	RANK_FUNC = 4,
	RANK_OWN = 8, /* not an ifunc, whose code is that of the function that chooses */
	RANK_SIZED = 16,
};

struct symbol {
	uint64_t start, end;
	const char *name; /* lives as long as the table */
	uint8_t rank;
	const char *file; /* of a local one, the source file; NULL = unknown */
};

/* The symbol whose code holds the address, or NULL. */
const struct symbol *symtab_find(const struct symtab *t, uint64_t address);

/* All of them, by address; how many. */
size_t symtab_all(const struct symtab *t, const struct symbol **out);

/* Tables that do not come from ELF files: an empty one, symbols in any order, their names copied,
 * and sorted before anything is looked up. */
struct symtab *symtab_new_empty(void);
void symtab_add(struct symtab *t, struct symbol s, size_t name_bytes);
void symtab_sort(struct symtab *t);

/* For plt.c: one more symbol; the name is copied. */
void symtab_add_stub(struct symtab *t, uint64_t start, uint64_t end, const char *name);

/* What an address is called, an ifunc's name before all others. */
struct symtab_name {
	uint64_t address;
	size_t tag;		     /* the caller's */
	const struct symbol *symbol; /* NULL = none begins there */
};

/* Find the symbols of addresses, which ascend, in a table that need not be sorted yet. */
void symtab_names_at(const struct symtab *t, struct symtab_name *names, size_t n);

/* plt.c: name the stubs in the PLT sections of f. */
void plt_add_stubs(struct symtab *t, struct elf_file *f);

#endif
