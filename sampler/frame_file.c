/* frame_file.c - read two sections of an ELF file by their names.
 *
 * Programs that are built without asynchronous unwind tables but with -g have a .debug_frame, static ones that are
 * linked without --eh-frame-hdr an .eh_frame that nothing leads to.  Neither is found by what the loader knows, so the
 * file is opened: by the keeper, once for each module that samples lie in.  Sections that are compressed, which -gz
 * does to a .debug_frame, are left alone.
 */
#include "sampler/frame_file.h"
#include "base/vec.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SECTIONS = 4096, MAX_SECTION_BYTES = 1 << 30, MAX_PARTS = 32 };

/* Section headers, and their names: room that is kept from one file to the next. */
static VEC(Elf64_Shdr) headers;
static VEC(char) names;

static bool read_whole(int fd, uint64_t at, void *to, size_t n)
{
	size_t done = 0;
	ssize_t got = 1;

	for (; at <= INT64_MAX && done < n && got > 0; done += got > 0 ? (size_t)got : 0)
		got = pread(fd, (char *)to + done, n - done, (off_t)(at + done));
	return done == n;
}

static void *read_section(int fd, const Elf64_Shdr *s)
{
	size_t n = s->sh_size;
	void *p = MAP_FAILED;

	if (n && n <= MAX_SECTION_BYTES)
		p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (read_whole(fd, s->sh_offset, p, n))
		return p;
	munmap(p, n);
	return NULL;
}

/* Is it still the file that is mapped?  The segment must be where it was. */
static bool is_same(int fd, const Elf64_Ehdr *e, const struct module_frames *f)
{
	Elf64_Phdr parts[MAX_PARTS], *p = parts;
	unsigned n = e->e_phnum < MAX_PARTS ? e->e_phnum : MAX_PARTS;

	if (!read_whole(fd, e->e_phoff, parts, n * sizeof(*p)))
		return false;
	for (; n && (p->p_type != PT_LOAD || !(p->p_flags & PF_X) ||
		     (p->p_vaddr & ~(uint64_t)4095) != f->start - f->base);
	     n--)
		p++;
	return n && ((p->p_vaddr + p->p_memsz + 4095) & ~(uint64_t)4095) == f->end - f->base;
}

static bool read_names(int fd, const struct module_frames *f)
{
	Elf64_Ehdr e;

	if (!read_whole(fd, 0, &e, sizeof(e)) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0 ||
	    e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_phentsize != sizeof(Elf64_Phdr) ||
	    e.e_shentsize != sizeof(Elf64_Shdr) || e.e_shnum > MAX_SECTIONS ||
	    e.e_shstrndx >= e.e_shnum || !is_same(fd, &e, f) || VEC_RESERVE(&headers, e.e_shnum))
		return false;
	headers.n = e.e_shnum;
	if (!read_whole(fd, e.e_shoff, headers.v, headers.n * sizeof(*headers.v)))
		return false;
	names.n = headers.v[e.e_shstrndx].sh_size;
	return names.n && names.n <= MAX_SECTION_BYTES && !VEC_RESERVE(&names, names.n) &&
	       read_whole(fd, headers.v[e.e_shstrndx].sh_offset, names.v, names.n) &&
	       names.v[names.n - 1] == 0;
}

static void add_section(int fd, struct frame_file *file, const struct module_frames *f,
			const char *name)
{
	struct cfi_source *src = &file->sections[file->n];
	const Elf64_Shdr *s = headers.v;
	size_t i;

	for (i = 0; i < headers.n; i++, s++)
		if (s->sh_name < names.n && strcmp(names.v + s->sh_name, name) == 0)
			break;
	if (i == headers.n || s->sh_type == SHT_NOBITS || (s->sh_flags & SHF_COMPRESSED))
		return;
	*src = (struct cfi_source){
		.data = read_section(fd, s),
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
	struct stat st;

	file->n = 0;
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && read_names(fd, f)) {
		if (wants_eh_frame)
			add_section(fd, file, f, ".eh_frame");
		add_section(fd, file, f, ".debug_frame");
	}
	close(fd);
}

void frame_file_close(struct frame_file *file)
{
	for (unsigned i = 0; i < file->n; i++)
		munmap((void *)file->sections[i].data, file->sections[i].bytes);
	file->n = 0;
}

void frame_file_rest(void)
{
	VEC_RELEASE(&headers);
	VEC_RELEASE(&names);
}

void frame_file_forked(void)
{
	memset(&headers, 0, sizeof(headers));
	memset(&names, 0, sizeof(names));
}
