/* binary_data.c - the symbol that an address of data belongs to.
 *
 * The last symbol that begins at or before the address, if it reaches that far; of several at one
 * place the longest, of these the last in the table.  A symbol without a size reaches to the next.  They
 * are sorted when the first is asked for.
 */
#include "symbolize/binary.h"
#include "symbolize/elf_strings.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

static bool is_wanted(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE)
		return false;
	return type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC ||
	       type == STT_GNU_IFUNC;
}

static void add_table(struct data_symbols *l, struct elf_file *f, Elf_Scn *table)
{
	Elf_Data *data = elf_getdata(table, NULL);
	struct elf_strings names;
	GElf_Shdr sh;
	GElf_Sym sym;

	if (!data || !gelf_getshdr(table, &sh) || (sh.sh_flags & SHF_COMPRESSED) || !sh.sh_entsize)
		return;
	names = elf_strings_get(f->elf, sh.sh_link);
	for (size_t i = 1; i < data->d_size / sh.sh_entsize && i <= INT32_MAX; i++) {
		const char *name;
		size_t bytes;

		if (!gelf_getsym(data, (int)i, &sym) || !is_wanted(&sym))
			continue;
		name = elf_string(&names, sym.st_name, &bytes);
		if (name && name[0] && name[0] != '$')
			*VEC_PUSH(l) = (struct data_symbol){ name, sym.st_value, sym.st_size };
	}
}

static void add_tables(struct data_symbols *l, struct elf_file *f, uint32_t type)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while (f && (scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == type)
			add_table(l, f, scn);
}

static bool is_before(const struct data_symbol *a, const struct data_symbol *b)
{
	return a->start != b->start ? a->start < b->start : a->bytes <= b->bytes;
}

/* Of equals the later ones stay behind, which qsort() does not promise. */
static void merge_sort(struct data_symbol *v, struct data_symbol *spare, size_t n)
{
	size_t half = n / 2, a = 0, b = half;

	if (n < 2)
		return;
	merge_sort(v, spare, half);
	merge_sort(v + half, spare, n - half);
	for (size_t i = 0; i < n; i++)
		spare[i] = b == n || (a < half && is_before(&v[a], &v[b])) ? v[a++] : v[b++];
	memcpy(v, spare, n * sizeof(*v));
}

static void read_symbols(struct binary *b, struct data_symbols *l)
{
	struct data_symbols spare = { 0 };

	l->is_read = true;
	add_tables(l, binary_debug(b), SHT_SYMTAB);
	if (l->n == 0)
		add_tables(l, binary_elf(b), SHT_SYMTAB);
	if (l->n == 0)
		add_tables(l, binary_elf(b), SHT_DYNSYM);
	VEC_MUST(&spare, l->n);
	merge_sort(l->v, spare.v, l->n);
	VEC_RELEASE(&spare);
}

bool binary_data(struct binary *b, uint64_t address, struct data_symbol *out)
{
	struct data_symbols *l = binary_data_symbols(b);
	size_t lo = 0, hi;

	if (!l->is_read)
		read_symbols(b, l);
	for (hi = l->n; lo < hi;) {
		size_t mid = (lo + hi) / 2;

		if (l->v[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	*out = (struct data_symbol){ 0 };
	if (!lo || (l->v[lo - 1].bytes && address - l->v[lo - 1].start >= l->v[lo - 1].bytes))
		return false;
	*out = l->v[lo - 1];
	return true;
}
