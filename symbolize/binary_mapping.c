/* binary_mapping.c - the file behind a mapping of a process, and its addresses as the file's own.
 *
 * The way from a process address to a file address goes through the file: start, limit and offset
 * of the mapping say which byte of the file it is, and the segment that loads that byte says where
 * it thinks it is.  That holds for position-independent programs and others, and for linkers whose
 * segments do not begin at multiples of a page.  Kernels are moved as a whole.
 */
#include "symbolize/binary.h"
#include "symbolize/binary_code.h"
#include "symbolize/debug_file.h"
#include "symbolize/kernel.h"
#include "symbolize/vdso.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *symbolize_search_path(const struct symbolize_opts *opts)
{
	static char home_path[PATH_MAX];
	const char *path = opts->binary_path ? opts->binary_path : getenv("PPROF_BINARY_PATH");
	const char *home = getenv("HOME");

	if (path && path[0])
		return path;
	if (!home || !home[0])
		return NULL;
	snprintf(home_path, sizeof(home_path), "%s/pprof/binaries", home);
	return home_path;
}

static bool is_vdso(const char *file)
{
	return strcmp(file, "[vdso]") == 0 || strncmp(file, "linux-vdso.so", 13) == 0;
}

bool mapping_has_file(const char *file)
{
	if (is_vdso(file) || kernel_is_image(file))
		return true;
	return file[0] != 0 && file[0] != '[' && strncmp(file, "/dev/dri/", 9) != 0 &&
	       strncmp(file, "//anon", 6) != 0 && strncmp(file, "/memfd:", 7) != 0;
}

static int open_kernel(struct binary **out, const char *file, const char *build_id,
		       const struct symbolize_opts *opts, struct err *err)
{
	struct elf_file *elf;
	uint64_t text;
	int status = kernel_find_vmlinux(&elf, build_id, opts, err);

	if (status)
		return status;
	if (!kernel_text(elf, file, &text)) {
		status = err_set(err, SONDE_EFORMAT, "'%s' does not say where its code begins",
				 elf->path);
		elf_file_close(elf);
		return status;
	}
	status = binary_from_elf(out, elf, opts, err);
	if (!status)
		binary_set_kernel_text(*out, text);
	return status;
}

int binary_open_mapping(struct binary **out, const char *file, const char *build_id,
			const struct symbolize_opts *opts, struct err *err)
{
	struct file_log log = { opts->tell, opts->tell_ctx };
	struct elf_file *elf;
	int status;

	if (kernel_is_image(file))
		return open_kernel(out, file, build_id, opts, err);
	if (is_vdso(file))
		status = vdso_open(&elf, build_id, err);
	else
		status = debug_file_find_binary(&elf, file, build_id, symbolize_search_path(opts),
						&log, err);
	return status ? status : binary_from_elf(out, elf, opts, err);
}

int binary_open_build_id(struct binary **out, const char *build_id,
			 const struct symbolize_opts *opts, struct err *err)
{
	struct file_log log = { opts->tell, opts->tell_ctx };
	size_t n = strlen(build_id);
	char id[2 * BUILD_ID_MAX + 1];
	struct elf_file *elf;

	if (n >= sizeof(id) || n < 3 || n % 2 || strspn(build_id, "0123456789abcdefABCDEF") != n)
		return err_set(err, SONDE_EFORMAT, "not a build id: '%s'", build_id);
	for (size_t i = 0; i <= n; i++)
		id[i] = (char)tolower((unsigned char)build_id[i]);
	elf = debug_file_find_by_id(id, symbolize_search_path(opts), &log);
	if (!elf && debug_file_find_binary(&elf, "", id, symbolize_search_path(opts), &log, NULL))
		return err_set(err, SONDE_ENOTFOUND, "no file has the build id %s", build_id);
	return binary_from_elf(out, elf, opts, err);
}

/* A mapping that says nothing (all zero), or is all that there is, is pprof's way to say: addresses are the file's own. */
bool binary_file_address(const struct binary *b, const struct mapping *m, uint64_t address,
			 uint64_t *out)
{
	uint64_t text = binary_kernel_text(b);

	if (m->start == 0 && m->offset == 0 && (m->limit == 0 || m->limit == UINT64_MAX)) {
		*out = address;
		return true;
	}
	if (address < m->start)
		return false;
	if (text) {
		*out = address - m->start + text;
		return (text - m->start) % KERNEL_MOVE_ALIGNMENT == 0;
	}
	return elf_file_address(binary_elf(b), address - m->start + m->offset, out);
}
