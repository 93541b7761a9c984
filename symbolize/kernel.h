/* kernel.h - the kernel's own code and its modules in a profile: whose they are, and their names.
 *
 * A mapping `[kernel.kallsyms]` is the kernel; it begins where _text was when the profile was
 * recorded (or _stext, if the name says `[kernel.kallsyms]_stext`).  A mapping `[NAME]` in the
 * kernel's half of the addresses is a module, and begins where that was loaded.
 */
#ifndef SONDE_SYMBOLIZE_KERNEL_H
#define SONDE_SYMBOLIZE_KERNEL_H

#include "symbolize/binary.h"
#include "symbolize/debug_file.h"
#include "symbolize/symtab.h"

/* A kernel that randomizes its address moves by multiples of this. */
#define KERNEL_MOVE_ALIGNMENT (2 << 20)

struct kernel; /* the running one; read when first asked */

struct kernel_code { /* a mapping */
	const char *file, *build_id;
	uint64_t start;
};

struct kernel *kernel_new(const struct symbolize_opts *opts);
void kernel_free(struct kernel *k); /* NULL is fine */

bool kernel_is_image(const char *file);
bool kernel_is_module(const char *file, uint64_t start);

/* The names of the running kernel, if the mapping is its code.  They live as long as k.  *slide is
 * to be added to the mapping's addresses.  That no names can be read is said once: err is "" then. */
SONDE_MUST int kernel_names(struct kernel *k, const struct kernel_code *code,
			    const struct symtab **names, uint64_t *slide, struct err *err);

/* vmlinux of that build id, from the folders where distributions and people have it. */
SONDE_MUST int kernel_find_vmlinux(struct elf_file **out, const char *build_id,
				   const struct symbolize_opts *opts, struct err *err);
/* Where it has _text, or _stext if that is what the mapping's name says. */
bool kernel_text(struct elf_file *vmlinux, const char *file, uint64_t *address);

#endif
