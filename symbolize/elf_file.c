/* elf_file.c - one ELF file, mapped and read through libelf: segments, sections, build id.
 *
 * Every byte of the file is hostile.  libelf keeps section bounds inside the file; sections that are
 * compressed are inflated here (elf_inflate.c).  A file that shrinks while it is mapped still costs
 * a SIGBUS, as it does every reader that maps.
 */
#include "symbolize/elf_file.h"
#include "base/parallel.h"
#include "symbolize/elf_inflate.h"
#include "symbolize/elf_relocate.h"
#include "symbolize/elf_strings.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SECTIONS 16 /* of one elf_file_sections() */

static int map_file(struct elf_file *f, const char *path, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st)) {
		int e = errno;

		if (fd >= 0)
			close(fd);
		return err_set(err, e == ENOENT ? SONDE_ENOTFOUND : SONDE_EIO,
			       "cannot open '%s': %s", path, strerror(e));
	}
	if (!S_ISREG(st.st_mode) || st.st_size == 0) {
		close(fd);
		return err_set(err, SONDE_EFORMAT, "not an ELF file: '%s' is %s", path,
			       S_ISREG(st.st_mode) ? "empty" : "no regular file");
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return err_set(err, SONDE_EIO, "cannot map '%s': %s", path, strerror(errno));
	f->image = p;
	f->bytes = (size_t)st.st_size;
	f->modified_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	f->is_mapped = true;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct elf_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void add_code(struct elf_file *f, uint64_t start, uint64_t bytes)
{
	if (bytes && bytes <= UINT64_MAX - start)
		*VEC_PUSH(&f->code) = (struct elf_range){ start, start + bytes };
}

static void read_segments(struct elf_file *f)
{
	size_t n = 0;

	if (elf_getphdrnum(f->elf, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(f->elf, (int)i, &ph))
			return;
		if (ph.p_type == PT_LOAD)
			*VEC_PUSH(&f->segments) = (struct elf_segment){
				ph.p_vaddr, ph.p_offset, ph.p_filesz, ph.p_memsz, ph.p_flags & PF_X,
			};
	}
}

static void read_code(struct elf_file *f)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_flags & SHF_EXECINSTR &&
		    sh.sh_flags & SHF_ALLOC)
			add_code(f, elf_section_base(f, elf_ndxscn(scn), sh.sh_addr), sh.sh_size);
	if (f->code.n == 0)
		for (size_t i = 0; i < f->segments.n; i++)
			if (f->segments.v[i].exec)
				add_code(f, f->segments.v[i].vaddr, f->segments.v[i].memory_bytes);
	if (f->code.n)
		qsort(f->code.v, f->code.n, sizeof(*f->code.v), by_start);
}

static bool take_build_id(struct elf_file *f, Elf_Data *notes)
{
	size_t at = 0, next, name, desc;
	GElf_Nhdr nh;

	while (notes && (next = gelf_getnote(notes, at, &nh, &name, &desc)) > 0) {
		const unsigned char *id = (const unsigned char *)notes->d_buf + desc;

		at = next;
		if (nh.n_type != NT_GNU_BUILD_ID || nh.n_namesz != 4 ||
		    memcmp((char *)notes->d_buf + name, "GNU", 4) != 0)
			continue;
		if (nh.n_descsz == 0 || nh.n_descsz > BUILD_ID_MAX)
			return false;
		for (size_t i = 0; i < nh.n_descsz; i++) {
			f->build_id[2 * i] = "0123456789abcdef"[id[i] >> 4];
			f->build_id[2 * i + 1] = "0123456789abcdef"[id[i] & 15];
		}
		return true;
	}
	return false;
}

/* Sections first: the program headers of a split-off debug file are those of the binary and point
 * nowhere. */
static void read_build_id(struct elf_file *f)
{
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	size_t n = 0;

	while ((scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_NOTE &&
		    take_build_id(f, elf_getdata(scn, NULL)))
			return;
	if (elf_getphdrnum(f->elf, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(f->elf, (int)i, &ph) || ph.p_type != PT_NOTE)
			continue;
		if (take_build_id(f,
				  elf_getdata_rawchunk(f->elf, (int64_t)ph.p_offset, ph.p_filesz,
						       ph.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR)))
			return;
	}
}

static int read_image(struct elf_file *f, const char *name, struct err *err)
{
	GElf_Ehdr eh;

	f->path = strdup(name);
	if (!f->path || elf_version(EV_CURRENT) == EV_NONE)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	if (f->bytes < EI_NIDENT || memcmp(f->image, ELFMAG, SELFMAG) != 0)
		return err_set(err, SONDE_EFORMAT, "not an ELF file: '%s'", name);
	f->elf = elf_memory((char *)(uintptr_t)f->image, f->bytes);
	if (!f->elf || elf_kind(f->elf) != ELF_K_ELF || !gelf_getehdr(f->elf, &eh))
		return err_set(err, SONDE_EFORMAT, "damaged ELF header in '%s'", name);
	f->machine = eh.e_machine;
	f->is_little = eh.e_ident[EI_DATA] == ELFDATA2LSB;
	f->is_64 = eh.e_ident[EI_CLASS] == ELFCLASS64;
	f->is_object = eh.e_type == ET_REL && !f->is_debug;
	if (f->is_object)
		elf_object_lay_out(f);
	read_segments(f);
	read_code(f);
	read_build_id(f);
	return 0;
}

static int finish_open(struct elf_file **out, struct elf_file *f, int status)
{
	if (status) {
		elf_file_close(f);
		return status;
	}
	*out = f;
	return 0;
}

int elf_file_open(struct elf_file **out, const char *path, struct err *err)
{
	struct elf_file *f = calloc(1, sizeof(*f));
	int status;

	if (!f)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	status = map_file(f, path, err);
	return finish_open(out, f, status ? status : read_image(f, path, err));
}

int elf_file_open_debug(struct elf_file **out, const char *path, struct err *err)
{
	struct elf_file *f = calloc(1, sizeof(*f));
	int status;

	if (!f)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	f->is_debug = true;
	status = map_file(f, path, err);
	return finish_open(out, f, status ? status : read_image(f, path, err));
}

int elf_file_open_mem(struct elf_file **out, const void *image, size_t bytes, const char *name,
		      struct err *err)
{
	struct elf_file *f = calloc(1, sizeof(*f));

	if (!f)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	f->image = image;
	f->bytes = bytes;
	return finish_open(out, f, read_image(f, name, err));
}

void elf_file_close(struct elf_file *f)
{
	if (!f)
		return;
	elf_end(f->elf);
	if (f->is_mapped)
		munmap((void *)(uintptr_t)f->image, f->bytes);
	for (size_t i = 0; i < f->plain.n; i++)
		elf_plain_free(f->plain.v[i].bytes);
	VEC_RELEASE(&f->plain);
	VEC_RELEASE(&f->bases);
	VEC_RELEASE(&f->segments);
	VEC_RELEASE(&f->code);
	free(f->path);
	free(f);
}

/* ---- sections ---- */

/* One section on its way from the file to plain bytes. */
struct load {
	struct elf_file *f;
	size_t number;
	bool is_packed, is_known; /* known = it was loaded before */
	struct elf_packed packed;
	struct elf_bytes bytes;
	int status;
	struct err err;
};

/* Whatever libelf has a hand in: it is not to be called from several threads. */
static int begin_load(struct load *l, struct elf_file *f, Elf_Scn *scn, const char *name)
{
	struct elf_bytes raw;
	GElf_Shdr sh;
	Elf_Data *d;

	*l = (struct load){ .f = f, .number = elf_ndxscn(scn) };
	if (!gelf_getshdr(scn, &sh))
		return err_set(&l->err, SONDE_EFORMAT, "damaged section header '%s' in '%s'", name,
			       f->path);
	if (sh.sh_type == SHT_NOBITS || sh.sh_size == 0)
		return err_set(&l->err, SONDE_ENOTFOUND, "no section '%s' in '%s'", name, f->path);
	d = elf_rawdata(scn, NULL);
	if (!d || !d->d_buf)
		return err_set(&l->err, SONDE_EFORMAT, "section '%s' lies outside the file '%s'",
			       name, f->path);
	raw = l->bytes = (struct elf_bytes){ d->d_buf, d->d_size };
	for (size_t i = f->plain.n; i-- > 0;)
		if (f->plain.v[i].section == l->number) {
			l->bytes = f->plain.v[i].bytes;
			l->is_known = true;
			return 0;
		}
	if (!(sh.sh_flags & SHF_COMPRESSED) && strncmp(name, ".zdebug", 7) != 0)
		return 0;
	l->is_packed = true;
	return elf_packed_read(&l->packed, f, raw, name, &l->err);
}

static void inflate(struct load *l)
{
	l->status = elf_packed_inflate(&l->packed, l->f, &l->bytes, &l->err);
}

static int end_load(struct load *l, struct elf_bytes *out, struct err *err)
{
	if (l->status)
		return err_set(err, l->status, "%s", l->err.text);
	if (l->is_packed)
		*VEC_PUSH(&l->f->plain) = (struct elf_plain){ l->number, l->bytes };
	if (l->f->is_object && !l->is_known)
		elf_object_relocate(l->f, l->number, &l->bytes);
	*out = l->bytes;
	return 0;
}

int elf_file_data(struct elf_file *f, Elf_Scn *scn, const char *name, struct elf_bytes *out,
		  struct err *err)
{
	struct load l;

	l.status = begin_load(&l, f, scn, name);
	if (l.status == 0 && l.is_packed)
		inflate(&l);
	return end_load(&l, out, err);
}

/* .debug_x, or .zdebug_x as older tools named it when it was compressed. */
static bool is_named(const char *section, const char *wanted)
{
	return strcmp(section, wanted) == 0 ||
	       (section[0] == '.' && section[1] == 'z' && strncmp(wanted, ".debug", 6) == 0 &&
		strcmp(section + 2, wanted + 1) == 0);
}

/* The section of that name, and the name as it is in the file; NULL if there is none.  Of several the
 * first, but in .dwo files the last: there each type unit has one of its own before the rest. */
static Elf_Scn *find_section(struct elf_file *f, const char *wanted, const char **name)
{
	struct elf_strings names = elf_section_names(f->elf);
	Elf_Scn *scn = NULL, *found = NULL;

	while ((!found || f->is_debug) && (scn = elf_nextscn(f->elf, scn))) {
		const char *s;
		size_t bytes;
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || !(s = elf_string(&names, sh.sh_name, &bytes)) ||
		    !is_named(s, wanted))
			continue;
		found = scn;
		*name = s;
	}
	return found;
}

bool elf_file_has(struct elf_file *f, const char *section)
{
	const char *name;
	Elf_Scn *scn = find_section(f, section, &name);
	GElf_Shdr sh;

	return scn && gelf_getshdr(scn, &sh) && sh.sh_type != SHT_NOBITS;
}

bool elf_file_section_address(struct elf_file *f, const char *section, uint64_t *address)
{
	const char *name;
	Elf_Scn *scn = find_section(f, section, &name);
	GElf_Shdr sh;

	if (!scn || !gelf_getshdr(scn, &sh) || !(sh.sh_flags & SHF_ALLOC))
		return false;
	*address = elf_section_base(f, elf_ndxscn(scn), sh.sh_addr);
	return true;
}

int elf_file_section(struct elf_file *f, const char *name, struct elf_bytes *out, struct err *err)
{
	Elf_Scn *scn = find_section(f, name, &name);

	if (!scn)
		return err_set(err, SONDE_ENOTFOUND, "no section '%s' in '%s'", name, f->path);
	return elf_file_data(f, scn, name, out, err);
}

/* Inflating is most of the work where there is any. */
static void inflate_piece(void *ctx, size_t i)
{
	struct load *l = (struct load *)ctx + i;

	if (l->status == 0 && l->is_packed)
		inflate(l);
}

int elf_file_sections(struct elf_file *f, const char *const *names, size_t n, struct elf_bytes *out,
		      struct err *err)
{
	struct load loads[MAX_SECTIONS];
	bool any_packed = false;
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		const char *name;
		Elf_Scn *scn = find_section(f, names[i], &name);

		out[i] = (struct elf_bytes){ NULL, 0 };
		loads[i] = (struct load){ .status = SONDE_ENOTFOUND };
		if (scn)
			loads[i].status = begin_load(&loads[i], f, scn, name);
		any_packed |= loads[i].is_packed;
	}
	if (any_packed)
		parallel_run(inflate_piece, loads, n);
	for (size_t i = 0; i < n; i++) {
		int one = end_load(&loads[i], &out[i], status ? NULL : err);

		if (one && one != SONDE_ENOTFOUND && !status)
			status = one;
	}
	return status;
}

bool elf_file_is_code(const struct elf_file *f, uint64_t address)
{
	size_t lo = 0, hi = f->code.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (f->code.v[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && address < f->code.v[lo - 1].end;
}

bool elf_file_address(const struct elf_file *f, uint64_t offset, uint64_t *address)
{
	const struct elf_segment *found = NULL;

	for (size_t i = 0; i < f->segments.n; i++) {
		const struct elf_segment *s = &f->segments.v[i];

		if (offset < s->offset || offset - s->offset >= s->file_bytes)
			continue;
		if (!found || (s->exec && !found->exec))
			found = s;
	}
	if (found)
		*address = offset - found->offset + found->vaddr;
	return found != NULL;
}
