/* code_files.h - the binaries of one profile, each opened when first asked for. */
#ifndef SONDE_ANALYZE_CODE_FILES_H
#define SONDE_ANALYZE_CODE_FILES_H

#include "analyze/analyze.h"
#include "analyze/disassemble.h"

struct code_file {
	str_id file, build_id;
	struct binary *binary;	     /* NULL = cannot be opened, which was said */
	struct code_symbol *symbols; /* of the whole file */
	size_t n_symbols;
	struct disassembler *disassembler; /* NULL until asked for */
};

struct code_files {
	const struct profile *profile;
	bool intel;
	const struct notes *notes;
	struct arena *arena;
	VEC(struct code_file *) files;
};

void code_files_init(struct code_files *c, const struct profile *p, bool intel,
		     const struct notes *notes);
void code_files_release(struct code_files *c);

/* The binary of a mapping, or NULL; why not was said in a note, once a file. */
struct code_file *code_files_open(struct code_files *c, uint32_t mapping);

/* disassemble() in a file; texts live as long as c. */
SONDE_MUST int code_files_disassemble(struct code_files *c, struct code_file *f, uint64_t start,
				      uint64_t end, instruction_list *out, struct err *err);

#endif
