/* own_modules.h - the unwind tables of the modules of this process, for tests and benchmarks of the unwinder.
 */
#ifndef SONDE_TESTS_OWN_MODULES_H
#define SONDE_TESTS_OWN_MODULES_H

#include "sampler/cfi.h"
#include "sampler/quirks.h"

#include <link.h>

enum { OWN_MODULES = 256 };

static union {
	struct module_list list;
	char room[sizeof(struct module_list) + OWN_MODULES * sizeof(struct module)];
} own_modules;
static struct module_rules own_rules[OWN_MODULES];
static struct cfi_source own_sources[OWN_MODULES];

static bool own_modules_read_code(const struct cfi_source *src, uint64_t at, void *to, size_t n)
{
	memcpy(to, (const void *)(uintptr_t)(src->base + at), n);
	return true;
}

/* compile() makes a table of a module; the loader's name of it is for messages. */
typedef const struct cfi_table *own_compile_fn(const struct cfi_source *src, const char *name);

static const struct cfi_table *own_modules_compile(const struct cfi_source *src, const char *name)
{
	const struct cfi_source *const all[] = { src };

	return cfi_compile(all, 1, NULL);
}

static int own_modules_add(struct dl_phdr_info *info, size_t size, void *arg)
{
	const ElfW(Phdr) *text = NULL, *frames = NULL, *holder = NULL;
	own_compile_fn **compile = arg;
	struct module_list *list = &own_modules.list;
	struct cfi_source *src = &own_sources[list->n];
	struct module_rules *rules = &own_rules[list->n];
	uint32_t at;

	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && (p->p_flags & PF_X))
			text = p;
		if (p->p_type == PT_GNU_EH_FRAME)
			frames = p;
	}
	for (int i = 0; frames && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && frames->p_vaddr - p->p_vaddr < p->p_memsz)
			holder = p;
	}
	if (!text || !holder || list->n == OWN_MODULES)
		return 0;
	*src = (struct cfi_source){
		.data = (const uint8_t *)(info->dlpi_addr + holder->p_vaddr),
		.bytes = holder->p_memsz,
		.data_at = holder->p_vaddr,
		.hdr_at = frames->p_vaddr,
		.base = info->dlpi_addr,
		.text_at = text->p_vaddr & ~(uint64_t)4095,
		.text_bytes = ((text->p_vaddr + text->p_memsz + 4095) & ~(uint64_t)4095) -
			      (text->p_vaddr & ~(uint64_t)4095),
		.read_code = own_modules_read_code,
	};
	quirks_note(src, info->dlpi_addr);
	rules->table = (*compile)(src, info->dlpi_name);
	rules->source = src;
	for (at = list->n++; at && list->modules[at - 1].start > info->dlpi_addr; at--)
		list->modules[at] = list->modules[at - 1];
	list->modules[at] = (struct module){
		.start = info->dlpi_addr + src->text_at,
		.end = info->dlpi_addr + src->text_at + src->text_bytes,
		.base = info->dlpi_addr,
		.rules = rules,
	};
	return 0;
}

/* NULL = own_modules_compile. */
static inline const struct module_list *own_modules_list(own_compile_fn *compile)
{
	if (!compile)
		compile = own_modules_compile;
	own_modules.list.generation = 1;
	own_modules.list.context_entry = quirks_context_entry();
	dl_iterate_phdr(own_modules_add, &compile);
	return &own_modules.list;
}

#endif
