/* debug_file.h - find the file that a mapping was made from, and the debug file that goes with it. */
#ifndef SONDE_SYMBOLIZE_DEBUG_FILE_H
#define SONDE_SYMBOLIZE_DEBUG_FILE_H

#include "symbolize/elf_file.h"

/* Called with one sentence for each file that was there and was refused; say may be NULL. */
struct file_log {
	void (*say)(void *ctx, const char *sentence);
	void *ctx;
	bool verbose; /* also for each that is not there */
};

/* The ELF file of a mapping: looked for in the folders of search (':' list, may be NULL), then
 * under its own name. build_id "" = any will do.  On failure err tells of the file's own name. */
SONDE_MUST int debug_file_find_binary(struct elf_file **out, const char *file, const char *build_id,
				      const char *search, const struct file_log *log,
				      struct err *err);

/* One file, if it has that build id. */
SONDE_MUST int debug_file_try(struct elf_file **out, const char *path, const char *build_id,
			      const struct file_log *log);
/* A file below the build-id folders, those of search (may be NULL) first, or NULL. */
struct elf_file *debug_file_find_by_id(const char *id, const char *search,
				       const struct file_log *log);

/* The split-off debug file of a binary that has no .debug_info of its own, or NULL. */
struct elf_file *debug_file_find(struct elf_file *binary, const char *search,
				 const struct file_log *log);

/* The file with what dwz found to be the same in several debug files, this one among them, or NULL. */
struct elf_file *debug_file_find_shared(struct elf_file *dwarf, const char *search,
					const struct file_log *log);

bool debug_file_has_dwarf(struct elf_file *f);

#endif
