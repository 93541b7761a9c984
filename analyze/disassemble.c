/* disassemble.c - drive capstone, and name what instructions jump to and read.
 *
 * A direct call prints as `callq  0x401130 <parse+0x10>`, a reference relative to the program
 * counter as `movq 0x2ee4(%rip), %rax  # 0x404010 <counter>`: the two things that nobody can work
 * out in the head.
 */
#include "analyze/disassemble.h"
#include "base/library.h"

#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char library[] = "libcapstone.so.4";

/* The functions that are used, under their own names. */
struct capstone {
	cs_err (*cs_open)(cs_arch arch, cs_mode mode, csh *handle);
	cs_err (*cs_close)(csh *handle);
	cs_err (*cs_option)(csh handle, cs_opt_type type, size_t value);
	cs_insn *(*cs_malloc)(csh handle);
	void (*cs_free)(cs_insn *insn, size_t count);
	bool (*cs_disasm_iter)(csh handle, const uint8_t **code, size_t *size, uint64_t *address,
			       cs_insn *insn);
	bool (*cs_insn_group)(csh handle, const cs_insn *insn, unsigned group);
};

struct disassembler {
	const struct binary *binary;
	const struct code_symbol *symbols;
	size_t n_symbols;
	enum machine machine;
	csh handle;
	bool is_open;
	cs_insn *insn;
};

static struct capstone cs;

static int load_library(struct err *err)
{
	static bool is_loaded;
	static const char *const names[] = { library, NULL };
	static const struct library_function functions[] = {
		{ "cs_open", &cs.cs_open },
		{ "cs_close", &cs.cs_close },
		{ "cs_option", &cs.cs_option },
		{ "cs_malloc", &cs.cs_malloc },
		{ "cs_free", &cs.cs_free },
		{ "cs_disasm_iter", &cs.cs_disasm_iter },
		{ "cs_insn_group", &cs.cs_insn_group },
	};
	int rc = is_loaded ? 0
			   : library_load(names, functions,
					  sizeof(functions) / sizeof(functions[0]), err);

	if (rc)
		err_prefix(err, "cannot disassemble");
	is_loaded = !rc;
	return rc;
}

static int open_capstone(struct disassembler *d, bool intel, struct err *err)
{
	static const struct {
		cs_arch arch;
		cs_mode mode;
	} machines[] = {
		[MACHINE_X86_64] = { CS_ARCH_X86, CS_MODE_64 },
		[MACHINE_X86] = { CS_ARCH_X86, CS_MODE_32 },
		[MACHINE_ARM64] = { CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN },
	};

	if (d->machine == MACHINE_OTHER)
		return err_set(err, SONDE_EFORMAT,
			       "cannot disassemble: the code is neither x86 nor 64-bit Arm");
	if (cs.cs_open(machines[d->machine].arch, machines[d->machine].mode, &d->handle))
		return err_set(err, SONDE_EIO, "cannot disassemble: %s refuses the machine",
			       library);
	d->is_open = true;
	cs.cs_option(d->handle, CS_OPT_DETAIL, CS_OPT_ON);
	if (!intel && d->machine != MACHINE_ARM64)
		cs.cs_option(d->handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	d->insn = cs.cs_malloc(d->handle);
	return d->insn ? 0 : err_set(err, SONDE_ENOMEM, "out of memory");
}

int disassembler_open(struct disassembler **out, const struct binary *b,
		      const struct code_symbol *symbols, size_t n_symbols, bool intel,
		      struct err *err)
{
	struct disassembler *d;
	int rc = load_library(err);

	if (rc)
		return rc;
	d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(err, SONDE_ENOMEM, "out of memory");
	d->binary = b;
	d->symbols = symbols;
	d->n_symbols = n_symbols;
	d->machine = binary_machine(b);
	rc = open_capstone(d, intel, err);
	if (rc)
		disassembler_close(d);
	else
		*out = d;
	return rc;
}

void disassembler_close(struct disassembler *d)
{
	if (!d)
		return;
	if (d->insn)
		cs.cs_free(d->insn, 1);
	if (d->is_open)
		cs.cs_close(&d->handle);
	free(d);
}

/* ---- targets ---- */

/* Of two names of one address: no leading underscore, then the shorter. */
static bool is_better_name(const char *name, const char *than)
{
	if ((name[0] == '_') != (than[0] == '_'))
		return name[0] != '_';
	return strlen(name) < strlen(than);
}

const struct code_symbol *code_symbol_find(const struct code_symbol *symbols, size_t n,
					   uint64_t address)
{
	const struct code_symbol *best = NULL;
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (symbols[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t i = lo; i > 0 && symbols[i - 1].start == symbols[lo - 1].start; i--)
		if (address < symbols[i - 1].end &&
		    (!best || is_better_name(symbols[i - 1].name, best->name)))
			best = &symbols[i - 1];
	return best;
}

/* " <name+0x10>", or "". */
static const char *symbol_text(const struct disassembler *d, struct arena *a, uint64_t address)
{
	const struct code_symbol *s = code_symbol_find(d->symbols, d->n_symbols, address);
	const char *name;

	if (!s)
		return "";
	name = demangle(s->name, DEMANGLE_FULL);
	if (s->start == address)
		return arena_printf(a, " <%s>", name);
	return arena_printf(a, " <%s+0x%" PRIx64 ">", name, address - s->start);
}

static bool is_branch(const struct disassembler *d)
{
	return cs.cs_insn_group(d->handle, d->insn, CS_GRP_JUMP) ||
	       cs.cs_insn_group(d->handle, d->insn, CS_GRP_CALL);
}

/* Where x86 code jumps to or what it reads, if that is written in the instruction. */
static const char *x86_target(const struct disassembler *d, struct arena *a)
{
	const cs_x86 *x = &d->insn->detail->x86;

	for (uint8_t i = 0; i < x->op_count; i++) {
		const cs_x86_op *op = &x->operands[i];

		if (op->type == X86_OP_IMM && is_branch(d))
			return symbol_text(d, a, (uint64_t)op->imm);
		if (op->type == X86_OP_MEM && op->mem.base == X86_REG_RIP) {
			uint64_t address =
				d->insn->address + d->insn->size + (uint64_t)op->mem.disp;

			return arena_printf(a, "  # 0x%" PRIx64 "%s", address,
					    symbol_text(d, a, address));
		}
	}
	return "";
}

static const char *arm64_target(const struct disassembler *d, struct arena *a)
{
	const cs_arm64 *x = &d->insn->detail->arm64;

	for (uint8_t i = 0; i < x->op_count; i++)
		if (x->operands[i].type == ARM64_OP_IMM && is_branch(d))
			return symbol_text(d, a, (uint64_t)x->operands[i].imm);
	return "";
}

/* capstone's "(%rax, %rax, 2)" as assemblers write it: "(%rax,%rax,2)". */
static void close_up_operands(char *text)
{
	bool inside = false;
	char *to = text;

	for (const char *s = text; *s; s++) {
		inside = *s == '(' || (inside && *s != ')');
		if (!inside || *s != ' ')
			*to++ = *s;
	}
	*to = 0;
}

static const char *instruction_text(const struct disassembler *d, struct arena *a)
{
	cs_insn *i = d->insn;

	close_up_operands(i->op_str);
	if (!*i->op_str)
		return arena_strdup(a, i->mnemonic);
	return arena_printf(a, "%-6s %s%s", i->mnemonic, i->op_str,
			    d->machine == MACHINE_ARM64 ? arm64_target(d, a) : x86_target(d, a));
}

/* ---- ranges ---- */

static void disassemble_bytes(struct disassembler *d, struct arena *a, const uint8_t *code,
			      size_t n, uint64_t address, instruction_list *out)
{
	while (n > 0) {
		struct instruction *i = VEC_PUSH(out);
		uint64_t at = address;

		if (cs.cs_disasm_iter(d->handle, &code, &n, &address, d->insn)) {
			*i = (struct instruction){ at, d->insn->size, instruction_text(d, a) };
			continue;
		}
		*i = (struct instruction){ at, 1, "(bad)" };
		code++;
		n--;
		address++;
	}
}

void disassemble(struct disassembler *d, struct arena *a, uint64_t start, uint64_t end,
		 instruction_list *out)
{
	while (start < end) {
		const unsigned char *code;
		uint64_t n = binary_code(d->binary, start, &code);

		if (n == 0) {
			uint64_t next = binary_next_code(d->binary, start);

			if (next <= start) /* named, but not in the file */
				return;
			start = next;
			continue;
		}
		if (n > end - start)
			n = end - start;
		disassemble_bytes(d, a, code, n, start, out);
		start += n;
	}
}
