/* vdso.c - the code that the kernel maps into every process.
 *
 * There is no file of it, but as long as the kernel is the same it is the same image in this
 * process, symbols included. The build id says whether it is.
 */
#include "symbolize/vdso.h"

#include <string.h>
#include <strings.h>
#include <sys/auxv.h>

/* The section headers come last; the kernel made the image, so its header can be trusted. */
static size_t image_bytes(const Elf64_Ehdr *eh)
{
	size_t end = eh->e_shoff + (size_t)eh->e_shnum * eh->e_shentsize;
	const Elf64_Phdr *ph = (const void *)((const char *)eh + eh->e_phoff);

	for (int i = 0; i < eh->e_phnum; i++)
		if (ph[i].p_type == PT_LOAD && ph[i].p_offset + ph[i].p_filesz > end)
			end = ph[i].p_offset + ph[i].p_filesz;
	return end;
}

int vdso_open(struct elf_file **out, const char *build_id, struct err *err)
{
	const Elf64_Ehdr *eh = (const void *)getauxval(AT_SYSINFO_EHDR);
	int status;

	if (!eh || eh->e_ident[EI_CLASS] != ELFCLASS64)
		return err_set(err, SONDE_ENOTFOUND, "this process has no vdso to compare with");
	status = elf_file_open_mem(out, eh, image_bytes(eh), "[vdso]", err);
	if (status)
		return status;
	if (build_id[0] && strcasecmp((*out)->build_id, build_id) == 0)
		return 0;
	elf_file_close(*out);
	return err_set(err, SONDE_ENOTFOUND, "the vdso of this kernel is another one");
}
