/* plt.c - names for the stubs through which calls into shared libraries go: puts@plt.
 *
 * No symbol table names these stubs, yet hot small calls spend visible time in them.  On x86-64
 * every stub ends in `jmp *slot(%rip)`; the slot is the address of a relocation, and the relocation
 * names the symbol:
 *
 *	[f3 0f 1e fa]  [f2]  ff 25 disp32         endbr64, bnd, jmp *disp32(%rip)
 *
 * A function that the program chooses when it starts (an ifunc) has a stub too, and is known by the
 * function that chooses.
 *
 * That holds for .plt, .plt.sec and .plt.got, lazy or not, of all linkers; other machines get no
 * stub names.
 */
#include "symbolize/symtab.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	uint64_t address;
	const char *name;
};

struct slots {
	VEC(struct slot) v;
};

static int by_address(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Symbols of the dynamic table that the relocations of a section are about; NULL = none. */
static Elf_Data *symbols_of(struct elf_file *f, const GElf_Shdr *sh, size_t *names)
{
	Elf_Scn *scn = elf_getscn(f->elf, sh->sh_link);
	GElf_Shdr symbols;

	if (!scn || !gelf_getshdr(scn, &symbols) || symbols.sh_type != SHT_DYNSYM)
		return NULL;
	*names = symbols.sh_link;
	return elf_getdata(scn, NULL);
}

/* What a slot will hold: a symbol, or what a function of the binary chooses. */
static const char *name_of(const struct symtab *t, struct elf_file *f, Elf_Data *symbols,
			   size_t names, const GElf_Rela *rela)
{
	GElf_Sym sym;

	switch (GELF_R_TYPE(rela->r_info)) {
	case R_X86_64_IRELATIVE:
		return symtab_name_at(t, (uint64_t)rela->r_addend);
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_GLOB_DAT:
		if (!symbols || GELF_R_SYM(rela->r_info) > INT32_MAX ||
		    !gelf_getsym(symbols, (int)GELF_R_SYM(rela->r_info), &sym))
			return NULL;
		return elf_strptr(f->elf, names, sym.st_name);
	default:
		return NULL;
	}
}

static void add_slots(struct slots *slots, const struct symtab *t, struct elf_file *f, Elf_Scn *scn,
		      const GElf_Shdr *sh)
{
	size_t names = 0;
	Elf_Data *data = elf_getdata(scn, NULL), *symbols = symbols_of(f, sh, &names);

	if (!data || !sh->sh_entsize)
		return;
	for (size_t i = 0; i < data->d_size / sh->sh_entsize && i <= INT32_MAX; i++) {
		const char *name;
		GElf_Rela rela;

		if (!gelf_getrela(data, (int)i, &rela))
			return;
		name = name_of(t, f, symbols, names, &rela);
		if (name && name[0])
			*VEC_PUSH(&slots->v) = (struct slot){ rela.r_offset, name };
	}
}

static const char *find_slot(const struct slots *slots, uint64_t address)
{
	struct slot key = { .address = address }, *found = NULL;

	if (slots->v.n)
		found = bsearch(&key, slots->v.v, slots->v.n, sizeof(key), by_address);
	return found ? found->name : NULL;
}

/* The slot that the stub at p jumps through, 0 if it is no such stub. */
static uint64_t stub_slot(const unsigned char *p, size_t n, uint64_t address)
{
	static const unsigned char endbr64[4] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at = 0;
	int32_t disp;

	if (n >= 4 && memcmp(p, endbr64, 4) == 0)
		at = 4;
	if (at < n && p[at] == 0xf2)
		at++;
	if (n - at < 6 || p[at] != 0xff || p[at + 1] != 0x25)
		return 0;
	memcpy(&disp, p + at + 2, sizeof(disp));
	return address + at + 6 + (uint64_t)(int64_t)disp;
}

static void name_stubs(struct symtab *t, const struct slots *slots, const GElf_Shdr *sh,
		       struct elf_bytes code, size_t stub_bytes)
{
	for (size_t at = 0; code.n - at >= stub_bytes; at += stub_bytes) {
		uint64_t address = sh->sh_addr + at;
		const char *name = find_slot(slots, stub_slot(code.p + at, stub_bytes, address));

		if (name)
			symtab_add_stub(t, address, address + stub_bytes, name);
	}
}

/* Stubs that are never bound lazily may be packed by 8 bytes: in .plt.got, and in the .plt of static
 * programs, where the section does not say so. */
static size_t stub_size(const struct slots *slots, const GElf_Shdr *sh, struct elf_bytes code)
{
	bool is_second =
		code.n >= 16 && find_slot(slots, stub_slot(code.p + 8, 8, sh->sh_addr + 8));

	return sh->sh_entsize == 8 || (sh->sh_entsize == 0 && is_second) ? 8 : 16;
}

void plt_add_stubs(struct symtab *t, struct elf_file *f)
{
	struct slots slots = { VEC_INIT };
	Elf_Scn *scn = NULL;
	size_t names;
	GElf_Shdr sh;

	if (f->machine != EM_X86_64 || elf_getshdrstrndx(f->elf, &names))
		return;
	while ((scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_RELA && (sh.sh_flags & SHF_ALLOC))
			add_slots(&slots, t, f, scn, &sh);
	if (slots.v.n)
		qsort(slots.v.v, slots.v.n, sizeof(*slots.v.v), by_address);
	while (slots.v.n && (scn = elf_nextscn(f->elf, scn))) {
		const char *name;
		struct elf_bytes code;

		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_EXECINSTR) ||
		    !(name = elf_strptr(f->elf, names, sh.sh_name)) ||
		    (strncmp(name, ".plt", 4) != 0 && strcmp(name, ".iplt") != 0) ||
		    elf_file_data(f, scn, name, &code, NULL))
			continue;
		name_stubs(t, &slots, &sh, code, stub_size(&slots, &sh, code));
	}
	VEC_RELEASE(&slots.v);
}
