/* elf_relocate.c - object files: where their sections would be, and their debug information made to say
 * so.
 *
 * In an object file every section begins at 0 and whatever refers to another place is a relocation, in
 * debug information too.  So that one address means one place, sections with code are laid out one
 * behind the other, .text first at 0; addresses in others are given by section (addr2line -j).
 *
 * Linked files are left alone: kernels are linked with relocations for their debug information, half a
 * gigabyte of them, that are applied already.
 */
#include "symbolize/elf_relocate.h"
#include "symbolize/elf_inflate.h"
#include "symbolize/elf_strings.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT 64

static void place(struct elf_file *f, size_t section, const GElf_Shdr *sh, uint64_t *end)
{
	*VEC_PUSH(&f->bases) = (struct elf_base){ section, *end };
	*end = (*end + sh->sh_size + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

static int by_section(const void *a, const void *b)
{
	const struct elf_base *x = a, *y = b;

	return (x->section > y->section) - (x->section < y->section);
}

void elf_object_lay_out(struct elf_file *f)
{
	struct elf_strings names = elf_section_names(f->elf);
	uint64_t end = 0;

	for (int time = 0; time < 2; time++) {
		Elf_Scn *scn = NULL;
		GElf_Shdr sh;

		while ((scn = elf_nextscn(f->elf, scn))) {
			const char *name;
			size_t bytes;
			bool is_text;

			if (!gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_ALLOC) ||
			    !(sh.sh_flags & SHF_EXECINSTR) || sh.sh_size > UINT32_MAX)
				continue;
			name = elf_string(&names, sh.sh_name, &bytes);
			is_text = name && strcmp(name, ".text") == 0;
			if (is_text == (time == 0))
				place(f, elf_ndxscn(scn), &sh, &end);
		}
	}
	if (f->bases.n)
		qsort(f->bases.v, f->bases.n, sizeof(*f->bases.v), by_section);
}

uint64_t elf_section_base(const struct elf_file *f, size_t section, uint64_t header_address)
{
	struct elf_base key = { .section = section }, *found = NULL;

	if (f->bases.n)
		found = bsearch(&key, f->bases.v, f->bases.n, sizeof(key), by_section);
	return found ? found->address : header_address;
}

/* The relocations that put an address of 4 or of 8 bytes in; 0 = there is none.  (RISC-V's add and
 * subtract, and those of 64-bit MIPS are of another shape.) */
static const struct machine {
	uint16_t number;
	bool is_64;
	uint16_t four, signed_four, eight;
} machines[] = {
	{ EM_X86_64, true, R_X86_64_32, R_X86_64_32S, R_X86_64_64 },
	{ EM_AARCH64, true, R_AARCH64_ABS32, 0, R_AARCH64_ABS64 },
	{ EM_386, false, R_386_32, 0, 0 },
	{ EM_ARM, false, R_ARM_ABS32, 0, 0 },
	{ EM_MIPS, false, R_MIPS_32, 0, 0 },
	{ EM_PPC, false, R_PPC_ADDR32, 0, 0 },
	{ EM_PPC64, true, R_PPC64_ADDR32, 0, R_PPC64_ADDR64 },
	{ EM_S390, true, R_390_32, 0, R_390_64 },
};

static const struct machine *find_machine(const struct elf_file *f)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].number == f->machine && machines[i].is_64 == f->is_64)
			return &machines[i];
	return NULL;
}

/* How many bytes a relocation of this type replaces by an address; 0 = it is of no interest. */
static unsigned width_of(const struct machine *m, uint64_t type)
{
	if (type == 0)
		return 0;
	return type == m->eight ? 8 : type == m->four || type == m->signed_four ? 4 : 0;
}

struct target {
	unsigned char *p;
	size_t n;
	bool is_little;
};

static void put(const struct target *t, uint64_t at, unsigned width, uint64_t value)
{
	if (at > t->n || width > t->n - at)
		return;
	for (unsigned i = 0; i < width; i++)
		t->p[at + i] = (unsigned char)(value >> 8 * (t->is_little ? i : width - 1 - i));
}

/* What is there, where a relocation has no addend of its own: 4 bytes. */
static uint64_t get(const struct target *t, uint64_t at)
{
	uint64_t value = 0;

	if (at > t->n || t->n - at < 4)
		return 0;
	for (unsigned i = 0; i < 4; i++)
		value |= (uint64_t)t->p[at + i] << 8 * (t->is_little ? i : 3 - i);
	return value;
}

static bool next_relocation(Elf_Data *relocations, int i, const GElf_Shdr *sh,
			    const struct target *t, GElf_Rela *r)
{
	GElf_Rel without;

	if (sh->sh_type == SHT_RELA)
		return gelf_getrela(relocations, i, r);
	if (!gelf_getrel(relocations, i, &without))
		return false;
	*r = (GElf_Rela){ without.r_offset, without.r_info, (GElf_Sxword)get(t, without.r_offset) };
	return true;
}

static void apply(const struct elf_file *f, const struct machine *m, Elf_Scn *scn,
		  const GElf_Shdr *sh, const struct target *t)
{
	Elf_Scn *symbols_scn = elf_getscn(f->elf, sh->sh_link);
	Elf_Data *relocations = elf_getdata(scn, NULL);
	Elf_Data *symbols = symbols_scn ? elf_getdata(symbols_scn, NULL) : NULL;
	GElf_Rela r;

	for (int i = 0; relocations && symbols && next_relocation(relocations, i, sh, t, &r); i++) {
		unsigned width = width_of(m, GELF_R_TYPE(r.r_info));
		GElf_Sym s;

		if (!width || GELF_R_SYM(r.r_info) > INT32_MAX ||
		    !gelf_getsym(symbols, (int)GELF_R_SYM(r.r_info), &s))
			continue;
		put(t, r.r_offset, width,
		    elf_section_base(f, s.st_shndx, 0) + s.st_value + (uint64_t)r.r_addend);
	}
}

void elf_object_relocate(struct elf_file *f, size_t section, struct elf_bytes *bytes)
{
	const struct machine *m = find_machine(f);
	struct target t = { NULL, bytes->n, f->is_little };
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	/* The first: there is one, and each of a damaged file's million may be as long as the file. */
	while (!t.p && (scn = elf_nextscn(f->elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_info != section ||
		    (sh.sh_type != SHT_RELA && sh.sh_type != SHT_REL))
			continue;
		if (!m) {
			bytes->n = 0; /* what it says would be wrong */
			return;
		}
		t.p = mmap(NULL, bytes->n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
		if (t.p == MAP_FAILED)
			return;
		memcpy(t.p, bytes->p, bytes->n);
		apply(f, m, scn, &sh, &t);
	}
	if (!t.p)
		return;
	bytes->p = t.p;
	*VEC_PUSH(&f->plain) = (struct elf_plain){ section, *bytes };
}
