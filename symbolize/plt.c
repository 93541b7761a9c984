/* plt.c - names for the stubs through which calls into shared libraries go: puts@plt.
 *
 * No symbol table names these stubs (mold's does: puts$plt), yet hot small calls spend visible time in
 * them.  Every stub jumps through a slot; the slot is the address of a relocation, and the relocation
 * names the symbol:
 *
 *	[f3 0f 1e fa]  [41 bb imm32]  [f2]  ff 25 disp32
 *	endbr64        mov imm,%r11d  bnd   jmp *disp32(%rip)
 *
 *	[bti c]  adrp x16, page  ldr x17, [x16, low]  add x16, x16, low  br x17
 *
 * A function that the program chooses when it starts (an ifunc) has a stub too, and is known by the
 * function that chooses.
 *
 * That holds for .plt, .plt.sec and .plt.got, lazy or not, of all linkers, on x86-64 and arm64; other
 * machines get no stub names.
 */
#include "symbolize/elf_strings.h"
#include "symbolize/symtab.h"

#include <endian.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TABLES 16 /* of relocations; usual are two */

struct slot {
	uint64_t address;
	const char *name;
};

struct slots {
	VEC(struct slot) v;
	VEC(struct symtab_name) chosen; /* the functions that do it; tag: which slot */
};

static int by_address(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* Symbols of the dynamic table that the relocations of a section are about; NULL = none. */
static Elf_Data *symbols_of(struct elf_file *f, const GElf_Shdr *sh, struct elf_strings *names)
{
	Elf_Scn *scn = elf_getscn(f->elf, sh->sh_link);
	GElf_Shdr symbols;

	if (!scn || !gelf_getshdr(scn, &symbols) || symbols.sh_type != SHT_DYNSYM)
		return NULL;
	*names = elf_strings_get(f->elf, symbols.sh_link);
	return elf_getdata(scn, NULL);
}

enum relocation { RELOCATION_OTHER, RELOCATION_NAMED, RELOCATION_CHOSEN };

/* What a slot will hold: a symbol, or what a function of the binary chooses. */
static enum relocation kind_of(const struct elf_file *f, const GElf_Rela *rela)
{
	bool is_arm = f->machine == EM_AARCH64;
	uint64_t type = GELF_R_TYPE(rela->r_info);

	if (type == (is_arm ? R_AARCH64_JUMP_SLOT : R_X86_64_JUMP_SLOT) ||
	    type == (is_arm ? R_AARCH64_GLOB_DAT : R_X86_64_GLOB_DAT))
		return RELOCATION_NAMED;
	return type == (is_arm ? R_AARCH64_IRELATIVE : R_X86_64_IRELATIVE) ? RELOCATION_CHOSEN
									   : RELOCATION_OTHER;
}

static const char *symbol_name(Elf_Data *symbols, const struct elf_strings *names,
			       const GElf_Rela *rela)
{
	GElf_Sym sym;
	size_t bytes;

	if (!symbols || GELF_R_SYM(rela->r_info) > INT32_MAX ||
	    !gelf_getsym(symbols, (int)GELF_R_SYM(rela->r_info), &sym))
		return NULL;
	return elf_string(names, sym.st_name, &bytes);
}

static void add_slots(struct slots *slots, struct elf_file *f, Elf_Scn *scn, const GElf_Shdr *sh)
{
	struct elf_strings names = { NULL, 0 };
	Elf_Data *data = elf_getdata(scn, NULL), *symbols = symbols_of(f, sh, &names);

	if (!data || !sh->sh_entsize)
		return;
	for (size_t i = 0; i < data->d_size / sh->sh_entsize && i <= INT32_MAX; i++) {
		const char *name = NULL;
		enum relocation kind;
		GElf_Rela rela;

		if (!gelf_getrela(data, (int)i, &rela))
			return;
		kind = kind_of(f, &rela);
		if (kind == RELOCATION_NAMED)
			name = symbol_name(symbols, &names, &rela);
		else if (kind == RELOCATION_CHOSEN)
			*VEC_PUSH(&slots->chosen) = (struct symtab_name){
				.address = (uint64_t)rela.r_addend,
				.tag = slots->v.n,
			};
		if (kind == RELOCATION_CHOSEN || (name && name[0]))
			*VEC_PUSH(&slots->v) = (struct slot){ rela.r_offset, name };
	}
}

static int by_chooser(const void *a, const void *b)
{
	const struct symtab_name *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

/* All are there: name those that a function chooses, and put all in order. */
static void finish_slots(struct slots *slots, const struct symtab *t)
{
	if (slots->chosen.n) {
		qsort(slots->chosen.v, slots->chosen.n, sizeof(*slots->chosen.v), by_chooser);
		symtab_names_at(t, slots->chosen.v, slots->chosen.n);
	}
	for (size_t i = 0; i < slots->chosen.n; i++) {
		const struct symtab_name *name = &slots->chosen.v[i];

		if (name->symbol)
			slots->v.v[name->tag].name = name->symbol->name;
	}
	if (slots->v.n)
		qsort(slots->v.v, slots->v.n, sizeof(*slots->v.v), by_address);
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
	if (n - at >= 6 && p[at] == 0x41 && p[at + 1] == 0xbb)
		at += 6;
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

#define ARM_BTI_C 0xd503245f

/* The slot that the stub at p jumps through, if it is at an adrp; else 0. */
static uint64_t arm_stub_slot(const unsigned char *p, uint64_t address)
{
	uint32_t adrp, ldr;
	int64_t page;

	memcpy(&adrp, p, 4);
	memcpy(&ldr, p + 4, 4);
	adrp = le32toh(adrp);
	ldr = le32toh(ldr);
	if ((adrp & 0x9f00001f) != 0x90000010 || (ldr & 0xffc003ff) != 0xf9400211)
		return 0;
	page = (int64_t)((adrp >> 5 & 0x7ffff) << 2 | (adrp >> 29 & 3));
	page = (page ^ 0x100000) - 0x100000; /* 21 bits with a sign */
	return (address & ~(uint64_t)0xfff) + ((uint64_t)page << 12) + (ldr >> 10 & 0xfff) * 8;
}

/* Stubs are of 16 bytes, those that a branch may be checked to go to of 24. */
static void name_arm_stubs(struct symtab *t, const struct slots *slots, const GElf_Shdr *sh,
			   struct elf_bytes code)
{
	for (size_t at = 0; code.n - at >= 8; at += 4) {
		const char *name = find_slot(slots, arm_stub_slot(code.p + at, sh->sh_addr + at));
		uint64_t start = sh->sh_addr + at;
		uint32_t before = 0;

		if (at)
			memcpy(&before, code.p + at - 4, 4);
		if (name && le32toh(before) == ARM_BTI_C)
			symtab_add_stub(t, start - 4, start + 20, name);
		else if (name)
			symtab_add_stub(t, start, start + 16, name);
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
	struct slots slots = { VEC_INIT, VEC_INIT };
	struct elf_strings names = elf_section_names(f->elf);
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	if (f->machine != EM_X86_64 && f->machine != EM_AARCH64)
		return;
	for (int n = 0; n < MAX_TABLES && (scn = elf_nextscn(f->elf, scn));)
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_RELA && (sh.sh_flags & SHF_ALLOC)) {
			add_slots(&slots, f, scn, &sh);
			n++;
		}
	scn = NULL;
	finish_slots(&slots, t);
	while (slots.v.n && (scn = elf_nextscn(f->elf, scn))) {
		const char *name;
		struct elf_bytes code;
		size_t bytes;

		if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_EXECINSTR) ||
		    !(name = elf_string(&names, sh.sh_name, &bytes)) ||
		    (strncmp(name, ".plt", 4) != 0 && strcmp(name, ".iplt") != 0) ||
		    elf_file_data(f, scn, name, &code, NULL))
			continue;
		if (f->machine == EM_AARCH64)
			name_arm_stubs(t, &slots, &sh, code);
		else
			name_stubs(t, &slots, &sh, code, stub_size(&slots, &sh, code));
	}
	VEC_RELEASE(&slots.v);
	VEC_RELEASE(&slots.chosen);
}
