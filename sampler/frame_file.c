/* frame_file.c - read two sections of an ELF file by their names.
 *
 * Programs that are built without asynchronous unwind tables but with -g have a .debug_frame, static ones that are
 * linked without --eh-frame-hdr an .eh_frame that nothing leads to.  Neither is found by what the loader knows, so the
 * file is opened: by the keeper, once for each module that samples lie in.  Sections that are compressed, which -gz
 * does to a .debug_frame, are left alone.
 */
#include "sampler/frame_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SECTIONS = 4096, MAX_SECTION_BYTES = 1 << 30 };

struct elf_names { /* section headers, and their names, in memory of their own */
	Elf64_Shdr *headers;
	size_t n;
	char *names;
	size_t names_bytes;
};

static void *map_bytes(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void *read_part(int fd, uint64_t at, size_t n)
{
	char *p = n && n <= MAX_SECTION_BYTES && at <= INT64_MAX ? map_bytes(n) : NULL;
	size_t done = 0;
	ssize_t got = 1;

	for (; p && done < n && got > 0; done += got > 0 ? (size_t)got : 0)
		got = pread(fd, p + done, n - done, (off_t)(at + done));
	if (p && done < n) {
		munmap(p, n);
		p = NULL;
	}
	return p;
}

/* Is it still the file that is mapped?  The segment must be where it was. */
static bool is_same(int fd, const Elf64_Ehdr *e, const struct module_frames *f)
{
	Elf64_Phdr p;

	for (unsigned i = 0; i < e->e_phnum; i++) {
		if (pread(fd, &p, sizeof(p), (off_t)(e->e_phoff + i * sizeof(p))) != sizeof(p))
			return false;
		if (p.p_type == PT_LOAD && (p.p_flags & PF_X) &&
		    (p.p_vaddr & ~(uint64_t)4095) == f->start - f->base)
			return ((p.p_vaddr + p.p_memsz + 4095) & ~(uint64_t)4095) ==
			       f->end - f->base;
	}
	return false;
}

static bool read_names(int fd, const struct module_frames *f, struct elf_names *elf)
{
	Elf64_Ehdr e;
	const Elf64_Shdr *names;

	if (pread(fd, &e, sizeof(e), 0) != sizeof(e) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof(Elf64_Phdr) ||
	    e.e_shentsize != sizeof(Elf64_Shdr) || e.e_shnum > MAX_SECTIONS ||
	    e.e_shstrndx >= e.e_shnum || !is_same(fd, &e, f))
		return false;
	elf->n = e.e_shnum;
	elf->headers = read_part(fd, e.e_shoff, elf->n * sizeof(Elf64_Shdr));
	if (!elf->headers)
		return false;
	names = &elf->headers[e.e_shstrndx];
	elf->names_bytes = names->sh_size;
	elf->names = read_part(fd, names->sh_offset, elf->names_bytes);
	return elf->names && elf->names[elf->names_bytes - 1] == 0;
}

static void release_names(struct elf_names *elf)
{
	if (elf->headers)
		munmap(elf->headers, elf->n * sizeof(Elf64_Shdr));
	if (elf->names)
		munmap(elf->names, elf->names_bytes);
}

static void add_section(int fd, struct frame_file *file, const struct module_frames *f,
			const struct elf_names *elf, const char *name)
{
	struct cfi_source *src = &file->sections[file->n];
	const Elf64_Shdr *s = elf->headers;
	size_t i;

	for (i = 0; i < elf->n; i++, s++)
		if (s->sh_name < elf->names_bytes && strcmp(elf->names + s->sh_name, name) == 0)
			break;
	if (i == elf->n || s->sh_type == SHT_NOBITS || (s->sh_flags & SHF_COMPRESSED))
		return;
	*src = (struct cfi_source){
		.data = read_part(fd, s->sh_offset, s->sh_size),
		.bytes = s->sh_size,
		.data_at = s->sh_addr,
		.is_debug_frame = name[1] == 'd',
		.text_at = f->start - f->base,
		.text_bytes = f->end - f->start,
	};
	file->n += src->data != NULL;
}

void frame_file_open(struct frame_file *file, const struct module_frames *f, bool wants_eh_frame)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct elf_names elf = { NULL, 0, NULL, 0 };
	struct stat st;

	file->n = 0;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read_names(fd, f, &elf)) {
		if (wants_eh_frame)
			add_section(fd, file, f, &elf, ".eh_frame");
		add_section(fd, file, f, &elf, ".debug_frame");
	}
	release_names(&elf);
	close(fd);
}

void frame_file_close(struct frame_file *file)
{
	for (unsigned i = 0; i < file->n; i++)
		munmap((void *)file->sections[i].data, file->sections[i].bytes);
	file->n = 0;
}
