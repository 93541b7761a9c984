/* code_files.c - open the binaries of a profile and keep them open. */
#include "analyze/code_files.h"
#include "analyze/notes.h"

void code_files_init(struct code_files *c, const struct profile *p, bool intel,
		     const struct notes *notes)
{
	*c = (struct code_files){
		.profile = p, .intel = intel, .notes = notes, .arena = arena_new(ARENA_DIE)
	};
}

void code_files_release(struct code_files *c)
{
	for (size_t i = 0; i < c->files.n; i++) {
		disassembler_close(c->files.v[i]->disassembler);
		binary_close(c->files.v[i]->binary);
	}
	VEC_RELEASE(&c->files);
	arena_free(c->arena);
}

static void open_file(struct code_files *c, struct code_file *f)
{
	static const struct symbolize_opts no_opts;
	const char *name = profile_str(c->profile, f->file);
	struct err err;

	if (binary_open_mapping(&f->binary, name, profile_str(c->profile, f->build_id), &no_opts,
				&err)) {
		note(c->notes, "no code of '%s': %s", name, err.text);
		f->binary = NULL;
		return;
	}
	f->symbols = binary_symbols(f->binary, c->arena, &f->n_symbols);
}

struct code_file *code_files_open(struct code_files *c, uint32_t mapping)
{
	const struct mapping *m = &c->profile->mappings.v[mapping];
	struct code_file *f;

	for (size_t i = 0; i < c->files.n; i++)
		if (c->files.v[i]->file == m->file && c->files.v[i]->build_id == m->build_id)
			return c->files.v[i]->binary ? c->files.v[i] : NULL;
	f = ARENA_NEW(c->arena, struct code_file);
	f->file = m->file;
	f->build_id = m->build_id;
	open_file(c, f);
	*VEC_PUSH(&c->files) = f;
	return f->binary ? f : NULL;
}

int code_files_disassemble(struct code_files *c, struct code_file *f, uint64_t start, uint64_t end,
			   instruction_list *out, struct err *err)
{
	int rc = 0;

	if (!f->disassembler)
		rc = disassembler_open(&f->disassembler, f->binary, f->symbols, f->n_symbols,
				       c->intel, err);
	if (!rc)
		disassemble(f->disassembler, c->arena, start, end, out);
	return rc;
}
