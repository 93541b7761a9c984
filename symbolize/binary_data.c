/* binary_data.c - the symbol that an address of data belongs to.
 *
 * The last symbol that begins at or before the address, if it reaches that far; of several at one
 * place the longest, of these the last in the table.  A symbol without a size reaches to the next.
 */
#include "symbolize/binary.h"
#include "symbolize/elf_strings.h"

#include <gelf.h>
#include <string.h>

static bool is_wanted(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);

	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE)
		return false;
	return type == STT_NOTYPE || type == STT_OBJECT || type == STT_FUNC ||
	       type == STT_GNU_IFUNC;
}

static void search_table(struct elf_file *f, Elf_Scn *table, uint64_t address,
			 struct data_symbol *best)
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

		if (!gelf_getsym(data, (int)i, &sym) || !is_wanted(&sym) || sym.st_value > address)
			continue;
		if (best->name && (sym.st_value < best->start ||
				   (sym.st_value == best->start && sym.st_size < best->bytes)))
			continue;
		name = elf_string(&names, sym.st_name, &bytes);
		if (name && name[0] && name[0] != '$')
			*best = (struct data_symbol){ name, sym.st_value, sym.st_size };
	}
}

static void search_file(struct elf_file *f, uint32_t type, uint64_t address,
			struct data_symbol *best)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while (f && (scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == type)
			search_table(f, scn, address, best);
}

bool binary_data(const struct binary *b, uint64_t address, struct data_symbol *out)
{
	*out = (struct data_symbol){ 0 };
	search_file(binary_debug(b), SHT_SYMTAB, address, out);
	if (!out->name)
		search_file(binary_elf(b), SHT_SYMTAB, address, out);
	if (!out->name)
		search_file(binary_elf(b), SHT_DYNSYM, address, out);
	if (out->name && (out->bytes == 0 || address - out->start < out->bytes))
		return true;
	*out = (struct data_symbol){ 0 };
	return false;
}
