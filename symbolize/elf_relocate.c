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

/* How many bytes a relocation of this type replaces by an address; 0 = it is of no interest. */
static unsigned width_of(uint16_t machine, uint64_t type)
{
	switch (machine) {
	case EM_X86_64:
		return type == R_X86_64_64			     ? 8
		       : type == R_X86_64_32 || type == R_X86_64_32S ? 4
								     : 0;
	case EM_AARCH64:
		return type == R_AARCH64_ABS64 ? 8 : type == R_AARCH64_ABS32 ? 4 : 0;
	default:
		return 0;
	}
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

static void apply(const struct elf_file *f, Elf_Scn *scn, const GElf_Shdr *sh,
		  const struct target *t)
{
	Elf_Scn *symbols_scn = elf_getscn(f->elf, sh->sh_link);
	Elf_Data *relocations = elf_getdata(scn, NULL);
	Elf_Data *symbols = symbols_scn ? elf_getdata(symbols_scn, NULL) : NULL;
	GElf_Rela r;

	for (int i = 0; relocations && symbols && gelf_getrela(relocations, i, &r); i++) {
		unsigned width = width_of(f->machine, GELF_R_TYPE(r.r_info));
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
	struct target t = { NULL, bytes->n, f->is_little };
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(f->elf, scn))) {
		if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_RELA || sh.sh_info != section)
			continue;
		if (!t.p) {
			t.p = mmap(NULL, bytes->n, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (t.p == MAP_FAILED)
				return;
			memcpy(t.p, bytes->p, bytes->n);
		}
		apply(f, scn, &sh, &t);
	}
	if (!t.p)
		return;
	bytes->p = t.p;
	*VEC_PUSH(&f->plain) = (struct elf_plain){ section, *bytes };
}
