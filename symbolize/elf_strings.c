/* elf_strings.c - names in a string table of an ELF file. */
#include "symbolize/elf_strings.h"

#include <gelf.h>
#include <string.h>

#define MAX_NAME_BYTES ((size_t)1 << 15)

struct elf_strings elf_strings_get(Elf *elf, size_t section)
{
	Elf_Scn *scn = elf_getscn(elf, section);
	struct elf_strings s = { NULL, 0 };
	Elf_Data *data;
	GElf_Shdr sh;

	if (!scn || !gelf_getshdr(scn, &sh) || sh.sh_type != SHT_STRTAB ||
	    (sh.sh_flags & SHF_COMPRESSED) || !(data = elf_getdata(scn, NULL)) || !data->d_buf)
		return s;
	s.p = data->d_buf;
	s.n = data->d_size;
	return s;
}

struct elf_strings elf_section_names(Elf *elf)
{
	size_t section;

	return elf_getshdrstrndx(elf, &section) ? (struct elf_strings){ NULL, 0 }
						: elf_strings_get(elf, section);
}

const char *elf_string(const struct elf_strings *s, uint64_t offset, size_t *bytes)
{
	const char *name, *end;
	size_t most;

	if (offset >= s->n)
		return NULL;
	name = s->p + offset;
	most = s->n - offset < MAX_NAME_BYTES ? s->n - offset : MAX_NAME_BYTES;
	end = memchr(name, 0, most);
	if (!end)
		return NULL;
	*bytes = (size_t)(end - name);
	return name;
}
