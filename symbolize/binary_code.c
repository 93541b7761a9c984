/* binary_code.c - the bytes of a binary's code and every name in its symbol table.
 *
 * Other than symtab.c, which knows one name an address, this keeps all aliases: somebody who asks
 * for `memcpy` must find it where the table also says `__memmove_avx_unaligned`.  A symbol reaches
 * to the next one, whatever its size says: the padding between functions belongs to the first.
 */
#include "symbolize/binary_code.h"
#include "symbolize/binary.h"
#include "symbolize/elf_strings.h"
#include "symbolize/symtab.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

enum machine binary_machine(const struct binary *b)
{
	const struct elf_file *f = binary_elf(b);

	switch (f->machine) {
	case EM_X86_64:
		return MACHINE_X86_64;
	case EM_386:
		return MACHINE_X86;
	case EM_AARCH64:
		return f->is_little ? MACHINE_ARM64 : MACHINE_OTHER;
	default:
		return MACHINE_OTHER;
	}
}

bool binary_is_64(const struct binary *b)
{
	return binary_elf(b)->is_64;
}

static const struct elf_segment *segment_of(const struct elf_file *f, uint64_t address)
{
	for (size_t i = 0; i < f->segments.n; i++) {
		const struct elf_segment *s = &f->segments.v[i];

		if (address >= s->vaddr && address - s->vaddr < s->file_bytes)
			return s;
	}
	return NULL;
}

/* The last range of code that begins at or before the address. */
static const struct elf_range *range_before(const struct elf_file *f, uint64_t address)
{
	const struct elf_range *found = NULL;

	for (size_t i = 0; i < f->code.n && f->code.v[i].start <= address; i++)
		found = &f->code.v[i];
	return found;
}

size_t binary_code(const struct binary *b, uint64_t address, const unsigned char **bytes)
{
	const struct elf_file *f = binary_elf(b);
	const struct elf_range *range = range_before(f, address);
	const struct elf_segment *s = segment_of(f, address);
	uint64_t n, at;

	if (!range || address >= range->end || !s)
		return 0;
	n = range->end - address;
	if (n > s->file_bytes - (address - s->vaddr))
		n = s->file_bytes - (address - s->vaddr);
	at = s->offset + (address - s->vaddr);
	if (at >= f->bytes)
		return 0;
	*bytes = f->image + at;
	return n < f->bytes - at ? n : f->bytes - at;
}

uint64_t binary_next_code(const struct binary *b, uint64_t address)
{
	const struct elf_file *f = binary_elf(b);
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < f->code.n; i++) {
		const struct elf_range *r = &f->code.v[i];
		uint64_t start = r->start > address ? r->start : address;

		if (address < r->end && start < next)
			next = start;
	}
	return next;
}

/* ---- symbols ---- */

struct list {
	VEC(struct code_symbol) v;
	struct arena *arena;
};

static void add_table(struct list *l, struct elf_file *f, Elf_Scn *table)
{
	struct elf_strings names;
	GElf_Shdr sh, in;
	Elf_Data *data;

	if (!gelf_getshdr(table, &sh) || (sh.sh_flags & SHF_COMPRESSED) || !sh.sh_entsize ||
	    !(data = elf_getdata(table, NULL)))
		return;
	names = elf_strings_get(f->elf, sh.sh_link);
	for (size_t i = 1; i < data->d_size / sh.sh_entsize && i <= INT32_MAX; i++) {
		Elf_Scn *scn;
		const char *name;
		size_t bytes;
		GElf_Sym sym;
		int type;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF ||
		    sym.st_shndx >= SHN_LORESERVE)
			continue;
		type = GELF_ST_TYPE(sym.st_info);
		scn = elf_getscn(f->elf, sym.st_shndx);
		name = elf_string(&names, sym.st_name, &bytes);
		if (type == STT_SECTION || type == STT_FILE || type == STT_TLS || !name || !*name ||
		    !scn || !gelf_getshdr(scn, &in) || !(in.sh_flags & SHF_ALLOC))
			continue;
		*VEC_PUSH(&l->v) = (struct code_symbol){ sym.st_value, in.sh_addr + in.sh_size,
							 arena_strndup(l->arena, name, bytes),
							 (in.sh_flags & SHF_EXECINSTR) != 0 };
	}
}

static void add_tables(struct list *l, struct elf_file *f, uint32_t type)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while (f && (scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == type) {
			add_table(l, f, scn);
			return; /* there is one, but in damaged files */
		}
}

/* The stubs of the PLT, which no table names. */
static void add_stubs(struct list *l, struct elf_file *f)
{
	struct symtab *t = symtab_new_stubs(f);
	const struct symbol *s;
	size_t n = symtab_all(t, &s);

	for (size_t i = 0; i < n; i++)
		*VEC_PUSH(&l->v) = (struct code_symbol){ s[i].start, s[i].end,
							 arena_strdup(l->arena, s[i].name), true };
	symtab_free(t);
}

static int by_address_and_name(const void *a, const void *b)
{
	const struct code_symbol *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void cut_ends(struct code_symbol *s, size_t n)
{
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && s[end].start == s[i].start; end++)
			;
		for (size_t k = i; end < n && k < end; k++)
			if (s[end].start < s[k].end)
				s[k].end = s[end].start;
	}
}

struct code_symbol *binary_symbols(const struct binary *b, struct arena *a, size_t *n)
{
	struct list l = { .v = VEC_INIT, .arena = a };
	struct code_symbol *out;

	add_tables(&l, binary_debug(b), SHT_SYMTAB);
	if (l.v.n == 0)
		add_tables(&l, binary_elf(b), SHT_SYMTAB);
	if (l.v.n == 0)
		add_tables(&l, binary_elf(b), SHT_DYNSYM);
	add_stubs(&l, binary_elf(b));
	if (l.v.n)
		qsort(l.v.v, l.v.n, sizeof(*l.v.v), by_address_and_name);
	cut_ends(l.v.v, l.v.n);
	out = arena_memdup(a, l.v.v, l.v.n * sizeof(*l.v.v));
	*n = l.v.n;
	VEC_RELEASE(&l.v);
	return out;
}
