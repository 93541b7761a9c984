/* kernel.c - the kernel's own code and its modules in a profile: whose they are, and their names.
 *
 * The kernel lies elsewhere after each start of the machine, and so do its modules.  So the names
 * that the running kernel tells are used only for a profile of its own: by build id, and where the
 * profile has none if it was recorded since the machine was started.  Where the kernel was moved to
 * is seen from where its mapping begins; a move is a multiple of 2 MB, so a mapping that does not
 * begin at _text is noticed most of the time.
 *
 * A vmlinux tells more, inlined functions and lines; it is looked for by build id in the folders
 * where debug files are, and under the names that packages give it.
 */
#include "symbolize/kernel.h"
#include "symbolize/elf_strings.h"
#include "symbolize/kallsyms.h"
#include "symbolize/text_file.h"

#include <gelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/utsname.h>

#define KERNEL_HALF	(1ULL << 63)
#define MAX_NOTES_BYTES (1 << 20)
#define MAX_LIST_BYTES	(16 << 20)

struct kernel {
	const char *root; /* "" = of this machine */
	bool is_fresh;
	bool was_read, was_told;
	struct kallsyms symbols;
	int status; /* of reading them */
	struct err why;
};

struct kernel *kernel_new(const struct symbolize_opts *opts)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (k) {
		k->root = opts->root ? opts->root : "";
		k->is_fresh = opts->is_fresh;
	}
	return k;
}

void kernel_free(struct kernel *k)
{
	if (k)
		kallsyms_release(&k->symbols);
	free(k);
}

/* ---- mappings ---- */

bool kernel_is_image(const char *file)
{
	static const char kallsyms[] = "[kernel.kallsyms]";

	return strncmp(file, kallsyms, sizeof(kallsyms) - 1) == 0 ||
	       strcmp(file, "[kernel]") == 0 || strcmp(file, "[kernel.vmlinux]") == 0;
}

/* The name in brackets; 0 = there is none. */
static int module_name(const char *file, const char **name)
{
	size_t n = strlen(file);

	*name = file + 1;
	return n > 2 && n < NAME_MAX && file[0] == '[' && file[n - 1] == ']' ? (int)n - 2 : 0;
}

bool kernel_is_module(const char *file, uint64_t start)
{
	const char *name;
	int n = module_name(file, &name);

	if (n == 0 || start < KERNEL_HALF || strcmp(file, "[vsyscall]") == 0)
		return false;
	for (int i = 0; i < n; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
			    name[i]))
			return false;
	return true;
}

/* ---- build ids: a file of ELF notes ---- */

static bool note_build_id(const text_bytes *notes, char *out)
{
	GElf_Nhdr head;
	size_t at = 0;

	while (notes->n - at >= sizeof(head)) {
		size_t name_at = at + sizeof(head), bytes_at;

		memcpy(&head, notes->v + at, sizeof(head));
		if (head.n_namesz > notes->n - name_at)
			return false;
		bytes_at = name_at + ((head.n_namesz + 3) & ~(size_t)3);
		if (bytes_at > notes->n || head.n_descsz > notes->n - bytes_at)
			return false;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    memcmp(notes->v + name_at, "GNU", 4) == 0 && head.n_descsz <= BUILD_ID_MAX) {
			for (size_t i = 0; i < head.n_descsz; i++)
				sprintf(out + 2 * i, "%02x", (unsigned char)notes->v[bytes_at + i]);
			return head.n_descsz > 0;
		}
		at = bytes_at + ((head.n_descsz + 3) & ~(size_t)3);
		if (at > notes->n)
			return false;
	}
	return false;
}

/* The build id of the running kernel, or of a module that it has loaded; "" = unknown. */
static void running_build_id(const struct kernel *k, const char *file, char *out)
{
	text_bytes notes = VEC_INIT;
	char path[PATH_MAX];
	const char *name;
	int n = module_name(file, &name);

	out[0] = 0;
	if (kernel_is_image(file))
		snprintf(path, sizeof(path), "%s/sys/kernel/notes", k->root);
	else
		snprintf(path, sizeof(path), "%s/sys/module/%.*s/notes/.note.gnu.build-id", k->root,
			 n, name);
	if (text_file_read(&notes, path, MAX_NOTES_BYTES, NULL) || !note_build_id(&notes, out))
		out[0] = 0;
	VEC_RELEASE(&notes);
}

/* ---- where things are ---- */

/* NAME SIZE USERS NAMES STATE 0xADDRESS */
static bool module_start(const struct kernel *k, const char *file, uint64_t *start)
{
	text_bytes text = VEC_INIT;
	char path[PATH_MAX];
	struct text_line line;
	const char *name, *p;
	int n = module_name(file, &name);
	bool found = false;

	snprintf(path, sizeof(path), "%s/proc/modules", k->root);
	if (text_file_read(&text, path, MAX_LIST_BYTES, NULL) == 0) {
		p = text.v;
		while (!found && text_next_line(&p, text.v + text.n, &line)) {
			const char *at;

			if (line.end - line.p <= n || line.p[n] != ' ' ||
			    memcmp(line.p, name, (size_t)n) != 0 ||
			    !(at = memmem(line.p, (size_t)(line.end - line.p), " 0x", 3)))
				continue;
			line.p = at + 1;
			found = text_hex(&line, start);
		}
	}
	VEC_RELEASE(&text);
	return found;
}

static const char *relocation_symbol(const char *file)
{
	return strstr(file, "]_stext") ? "_stext" : "_text";
}

static bool image_slide(const struct kernel *k, const struct kernel_code *code, uint64_t *slide)
{
	bool by_stext = strcmp(relocation_symbol(code->file), "_stext") == 0;
	uint64_t now = by_stext ? k->symbols.stext : k->symbols.text;

	*slide = now - code->start;
	return now && code->start >= KERNEL_HALF && *slide % KERNEL_MOVE_ALIGNMENT == 0;
}

/* ---- names of the running kernel ---- */

static void read_symbols(struct kernel *k)
{
	char path[PATH_MAX];

	k->was_read = true;
	snprintf(path, sizeof(path), "%s/proc/kallsyms", k->root);
	k->status = kallsyms_read(&k->symbols, path, &k->why);
}

/* Is the running kernel the one that was recorded, and where has it moved to? */
static int find_slide(const struct kernel *k, const struct kernel_code *code, uint64_t *slide,
		      struct err *err)
{
	char running[2 * BUILD_ID_MAX + 1];
	uint64_t start;

	*slide = 0;
	if (code->build_id[0]) {
		running_build_id(k, code->file, running);
		if (strcasecmp(running, code->build_id) != 0)
			return err_set(err, SONDE_ENOTFOUND,
				       "it has build id %s, the running one %s", code->build_id,
				       running[0] ? running : "none");
	} else if (!k->is_fresh) {
		return err_set(err, SONDE_ENOTFOUND,
			       "the profile does not say of which kernel (no build id)");
	}
	if (k->is_fresh)
		return 0;
	if (kernel_is_image(code->file))
		return image_slide(k, code, slide)
			       ? 0
			       : err_set(err, SONDE_ENOTFOUND, "its mapping does not begin at '%s'",
					 relocation_symbol(code->file));
	if (module_start(k, code->file, &start) && start == code->start)
		return 0;
	return err_set(err, SONDE_ENOTFOUND, "the module is now loaded elsewhere");
}

int kernel_names(struct kernel *k, const struct kernel_code *code, const struct symtab **names,
		 uint64_t *slide, struct err *err)
{
	int status;

	if (!k->was_read)
		read_symbols(k);
	if (k->status) {
		err_set(err, k->status, "%s", k->was_told ? "" : k->why.text);
		k->was_told = true;
		return k->status;
	}
	status = find_slide(k, code, slide, err);
	if (!status)
		*names = k->symbols.symtab;
	return status;
}

/* ---- vmlinux ---- */

int kernel_find_vmlinux(struct elf_file **out, const char *build_id,
			const struct symbolize_opts *opts, struct err *err)
{
	static const char *const places[] = {
		"%s/boot/vmlinux-%s",
		"%s/usr/lib/debug/boot/vmlinux-%s",
		"%s/usr/lib/debug/lib/modules/%s/vmlinux",
		"%s/lib/modules/%s/build/vmlinux",
		"%s/lib/modules/%s/vmlinux",
	};
	struct file_log log = { opts->tell, opts->tell_ctx, opts->verbose };
	const char *root = opts->root ? opts->root : "";
	const char *search = symbolize_search_path(opts);
	struct utsname machine;
	char path[PATH_MAX];

	if (!build_id[0] || strchr(build_id, '/'))
		return err_set(err, SONDE_ENOTFOUND, "no build id to find a vmlinux by");
	if ((*out = debug_file_find_by_id(build_id, search, &log)))
		return 0;
	if (uname(&machine))
		machine.release[0] = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), places[i], root, machine.release);
		if (debug_file_try(out, path, build_id, &log) == 0)
			return 0;
	}
	return err_set(err, SONDE_ENOTFOUND, "no vmlinux with build id %s was found", build_id);
}

static bool find_in_table(struct elf_file *f, Elf_Scn *table, const char *wanted, uint64_t *address)
{
	Elf_Data *data = elf_getdata(table, NULL);
	struct elf_strings names;
	GElf_Shdr sh;
	GElf_Sym sym;

	if (!data || !gelf_getshdr(table, &sh) || !sh.sh_entsize)
		return false;
	names = elf_strings_get(f->elf, sh.sh_link);
	for (size_t i = 1; i < data->d_size / sh.sh_entsize && i <= INT32_MAX; i++) {
		const char *name;
		size_t bytes;

		if (!gelf_getsym(data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF)
			continue;
		name = elf_string(&names, sym.st_name, &bytes);
		if (name && strcmp(name, wanted) == 0) {
			*address = sym.st_value;
			return true;
		}
	}
	return false;
}

bool kernel_text(struct elf_file *vmlinux, const char *file, uint64_t *address)
{
	const char *wanted = relocation_symbol(file);
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	while ((scn = elf_nextscn(vmlinux->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_SYMTAB &&
		    !(sh.sh_flags & SHF_COMPRESSED) && find_in_table(vmlinux, scn, wanted, address))
			return true;
	return false;
}
