/* libdwarf_units.c - answer a batch of addresses: open the sections, find the units, put the pieces
 * together.
 *
 * Every unit says in its root die which code it covers, and that is the index; .debug_aranges says
 * the same, but clang writes none and others leave things out.  Units that do not say (assembly of
 * old tools) are asked last, by their line tables, and only if an address is left.
 *
 * Several units may claim one address (identical code folded by the linker, a unit with one wide
 * range).  They are all asked until one gives both a function and a line.
 *
 * libdwarf gets the sections as bytes, through its own door for that: it opens no file, inflates
 * nothing, and applies no relocations, which it would do in a kernel image at the cost of
 * gigabytes.
 */
#include "symbolize/libdwarf_reader.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CLAIMS 8 /* units that are asked for one address */

struct claim {
	uint32_t unit, address; /* numbers */
};

enum { GOT_LINE = 1, GOT_FUNCTION = 2, GOT_BOTH = 3 };

struct batch {
	struct libdwarf_reader r;
	const struct libdwarf_sink *sink;
	uint8_t *got;	   /* for each address what was answered, GOT_* */
	uint8_t *n_claims; /* for each address */
	uint32_t
		*last_claim; /* for each address, unit + 1: a unit may name a piece of code twice */
	VEC(struct claim) claims; /* by unit, then address */
	uint32_t unit;		  /* whose ranges are being read */
};

/* ---- libdwarf's door for sections from memory; section 0 is an empty one, as in ELF ---- */

/* All but .debug_types, which it takes for damaged where it is empty. */
#define N_SECTIONS DWARF_TYPES

static int section_info(void *obj, Dwarf_Half i, Dwarf_Obj_Access_Section *out, int *error)
{
	const struct libdwarf_input *in = obj;

	*out = (Dwarf_Obj_Access_Section){ .name = "", .type = 1 };
	if (i > N_SECTIONS)
		return DW_DLV_NO_ENTRY;
	if (i > 0) {
		out->name = dwarf_section_names[i - 1];
		out->size = in->source->sections->v[i - 1].n;
	}
	return DW_DLV_OK;
}

static Dwarf_Endianness byte_order(void *obj)
{
	const struct libdwarf_input *in = obj;

	return in->source->sections->is_little ? DW_OBJECT_LSB : DW_OBJECT_MSB;
}

static Dwarf_Small word_bytes(void *obj)
{
	const struct libdwarf_input *in = obj;

	return in->source->sections->is_64 ? 8 : 4;
}

static Dwarf_Unsigned section_count(void *obj)
{
	return N_SECTIONS + 1;
}

static int load_section(void *obj, Dwarf_Half i, Dwarf_Small **out, int *error)
{
	const struct libdwarf_input *in = obj;

	if (i == 0 || i > N_SECTIONS || in->source->sections->v[i - 1].n == 0)
		return DW_DLV_NO_ENTRY;
	*out = (Dwarf_Small *)(uintptr_t)in->source->sections->v[i - 1].p;
	return DW_DLV_OK;
}

static int open_sections(struct batch *b, struct err *err)
{
	static const Dwarf_Obj_Access_Methods methods = {
		.get_section_info = section_info,
		.get_byte_order = byte_order,
		.get_length_size = word_bytes,
		.get_pointer_size = word_bytes,
		.get_section_count = section_count,
		.load_section = load_section,
	};
	static Dwarf_Obj_Access_Interface door;
	Dwarf_Error e = NULL;

	door = (Dwarf_Obj_Access_Interface){ (void *)(uintptr_t)b->r.in, &methods };
	dwarf_set_de_alloc_flag(0);
	if (dwarf_object_init_b(&door, NULL, NULL, DW_GROUPNUMBER_ANY, &b->r.dbg, &e) == DW_DLV_OK)
		return 0;
	return err_set(err, SONDE_EFORMAT, "damaged debug information: %s",
		       e ? dwarf_errmsg(e) : "no debug sections");
}

/* ---- which unit answers what ---- */

static bool is_bad(const struct libdwarf_input *in, uint32_t unit)
{
	for (size_t i = 0; i < in->n_bad_units; i++)
		if (in->bad_units[i] == unit)
			return true;
	return false;
}

static void claim(struct batch *b, uint32_t address)
{
	if (b->n_claims[address] == MAX_CLAIMS || b->last_claim[address] == b->unit + 1)
		return;
	b->last_claim[address] = b->unit + 1;
	b->n_claims[address]++;
	*VEC_PUSH(&b->claims) = (struct claim){ b->unit, address };
}

static void claim_range(void *ctx, uint64_t start, uint64_t end)
{
	struct batch *b = ctx;
	const struct libdwarf_input *in = b->r.in;
	struct dwarf_slots all = { (uint32_t)in->n_addresses, in->addresses, NULL };

	for (uint32_t i = dwarf_first_slot(&all, start);
	     i < in->n_addresses && in->addresses[i] < end; i++)
		claim(b, i);
}

static bool names_are_linkage_names(uint64_t language)
{
	return language == DW_LANG_C89 || language == DW_LANG_C || language == DW_LANG_C99 ||
	       language == DW_LANG_C11 || language == 0x2c /* C17 */ ||
	       language == DW_LANG_Mips_Assembler;
}

static void read_root(struct batch *b, Dwarf_Die root, uint16_t version)
{
	struct libdwarf_unit unit = { .version = version };
	Dwarf_Addr low = 0;
	Dwarf_Error e = NULL;
	Dwarf_Half tag = 0;
	uint64_t language = 0;

	if (dwarf_dieoffset(root, &unit.die, &e) != DW_DLV_OK ||
	    dwarf_tag(root, &tag, &e) != DW_DLV_OK)
		libdwarf_forget(&b->r, e);
	e = NULL;
	if (dwarf_lowpc(root, &low, &e) != DW_DLV_OK)
		libdwarf_forget(&b->r, e);
	unit.base = low;
	die_unsigned(&b->r, root, DW_AT_language, &language);
	unit.is_c = names_are_linkage_names(language);
	b->unit = (uint32_t)b->r.units.n;
	/* Partial and type units hold no code; the units that import them do. */
	unit.has_ranges = tag != DW_TAG_compile_unit && tag != DW_TAG_skeleton_unit;
	if (!unit.has_ranges && !is_bad(b->r.in, b->unit))
		unit.has_ranges = die_ranges(&b->r, &unit, root, claim_range, b);
	*VEC_PUSH(&b->r.units) = unit;
}

/* A header that cannot be read hides where the next one is: what came before still counts. */
static void read_units(struct batch *b)
{
	while (b->r.units.n < b->r.in->end_unit) {
		Dwarf_Unsigned bytes, type_offset, next;
		Dwarf_Half version, address_bytes, length_bytes, extension, kind;
		Dwarf_Off abbrevs;
		Dwarf_Error e = NULL;
		Dwarf_Sig8 signature;
		Dwarf_Die root;

		b->sink->enter(b->sink->ctx, (uint32_t)b->r.units.n, false);
		if (dwarf_next_cu_header_d(b->r.dbg, 1, &bytes, &version, &abbrevs, &address_bytes,
					   &length_bytes, &extension, &signature, &type_offset,
					   &next, &kind, &e) != DW_DLV_OK) {
			libdwarf_forget(&b->r, e);
			return;
		}
		if (dwarf_siblingof_b(b->r.dbg, NULL, 1, &root, &e) == DW_DLV_OK) {
			read_root(b, root, version);
			dwarf_dealloc(b->r.dbg, root, DW_DLA_DIE);
		} else {
			libdwarf_forget(&b->r, e);
			*VEC_PUSH(&b->r.units) = (struct libdwarf_unit){ .has_ranges = true };
		}
	}
}

/* ---- one unit ---- */

static int by_slot(const void *a, const void *b)
{
	const struct libdwarf_link *x = a, *y = b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->depth > y->depth) - (x->depth < y->depth);
}

/* Links outermost first become frames innermost first; each call site belongs to the frame that
 * calls. */
static size_t make_frames(struct batch *b, struct dwarf_lines *lines, const struct dwarf_row *row,
			  const struct libdwarf_link *links, size_t n, struct dwarf_frame *out)
{
	uint64_t file = row->file;
	int64_t line = row->line, column = row->column;
	bool known = row->known;

	if (n == 0)
		out[0] = (struct dwarf_frame){ .frame.line = line,
					       .frame.column = dwarf_column(column) };
	for (size_t i = 0; i < n; i++) {
		const struct libdwarf_link *link = &links[n - 1 - i];

		out[i] = (struct dwarf_frame){
			.frame = {
				.function = link->function->name,
				.file = known ? dwarf_lines_file(lines, file) : NULL,
				.line = line,
				.column = dwarf_column(column),
				.start_line = link->function->start_line,
			},
			.bare = link->function->name,
			.is_linkage = link->function->is_linkage,
		};
		known = true;
		file = link->call_file;
		line = link->call_line;
		column = link->call_column;
	}
	if (n == 0)
		out[0].frame.file = dwarf_lines_file(lines, file);
	out[0].frame.discriminator = row->discriminator;
	return n ? n : 1;
}

static void answer(struct batch *b, struct libdwarf_job *job, struct dwarf_lines *lines,
		   const uint32_t *numbers)
{
	size_t at = 0;

	if (job->links.n)
		qsort(job->links.v, job->links.n, sizeof(*job->links.v), by_slot);
	for (uint32_t slot = 0; slot < job->slots.n; slot++) {
		struct dwarf_frame frames[DWARF_MAX_FRAMES];
		uint8_t got = (job->depths[slot] ? GOT_FUNCTION : 0) |
			      (job->slots.rows[slot].known ? GOT_LINE : 0);
		size_t first = at, n;

		at += job->depths[slot];
		if (got <= b->got[numbers[slot]])
			continue;
		b->got[numbers[slot]] = got;
		n = make_frames(b, lines, &job->slots.rows[slot],
				at > first ? &job->links.v[first] : NULL, at - first, frames);
		b->sink->answer(b->sink->ctx, numbers[slot], frames, n);
	}
}

/* numbers: the addresses to look up in this unit, ascending.  With by_lines the unit has not said
 * what it covers: its dies are read only if its line table knows one of the addresses. */
static void read_unit(struct batch *b, uint32_t unit, const uint32_t *numbers, uint32_t n,
		      bool by_lines)
{
	struct arena *a = arena_new(ARENA_DIE);
	uint64_t *addresses = ARENA_ARRAY(a, uint64_t, n);
	struct libdwarf_job job = {
		.unit = &b->r.units.v[unit],
		.slots = { n, addresses, ARENA_ARRAY(a, struct dwarf_row, n) },
		.depths = ARENA_ARRAY(a, uint32_t, n),
		.roots = ARENA_ARRAY(a, uint32_t, n),
	};
	struct dwarf_lines lines = {
		.binary = b->r.in->source->binary,
		.sections = b->r.in->source->sections,
		.arena = a,
		.is_relative = b->r.in->source->relative_names,
	};
	Dwarf_Off offset;
	Dwarf_Error e = NULL;
	bool any = !by_lines;

	b->sink->enter(b->sink->ctx, unit, true);
	for (uint32_t i = 0; i < n; i++)
		addresses[i] = b->r.in->addresses[numbers[i]];
	if (dwarf_offdie_b(b->r.dbg, job.unit->die, 1, &job.root, &e) != DW_DLV_OK) {
		libdwarf_forget(&b->r, e);
		arena_free(a);
		return;
	}
	lines.comp_dir = die_string(&b->r, job.root, DW_AT_comp_dir);
	if (die_offset(&b->r, job.root, DW_AT_stmt_list, &offset))
		dwarf_lines_read(&lines, &job.slots, offset);
	for (uint32_t i = 0; i < n && !any; i++)
		any = job.slots.rows[i].known;
	if (any)
		libdwarf_find_functions(&b->r, &job);
	answer(b, &job, &lines, numbers);
	dwarf_lines_release(&lines);
	dwarf_dealloc(b->r.dbg, job.root, DW_DLA_DIE);
	VEC_RELEASE(&job.links);
	arena_free(a);
}

static int by_unit(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

static void read_claimed(struct batch *b, uint32_t *numbers)
{
	if (b->claims.n)
		qsort(b->claims.v, b->claims.n, sizeof(*b->claims.v), by_unit);
	for (size_t i = 0; i < b->claims.n;) {
		uint32_t unit = b->claims.v[i].unit, n = 0;

		for (; i < b->claims.n && b->claims.v[i].unit == unit; i++)
			if (b->got[b->claims.v[i].address] != GOT_BOTH)
				numbers[n++] = b->claims.v[i].address;
		if (n)
			read_unit(b, unit, numbers, n, false);
	}
}

static void read_unclaimed(struct batch *b, uint32_t *numbers)
{
	for (uint32_t unit = 0; unit < b->r.units.n; unit++) {
		uint32_t n = 0;

		if (b->r.units.v[unit].has_ranges || is_bad(b->r.in, unit))
			continue;
		for (uint32_t i = 0; i < b->r.in->n_addresses; i++)
			if (!b->got[i])
				numbers[n++] = i;
		if (n)
			read_unit(b, unit, numbers, n, true);
	}
}

int libdwarf_lookup(const struct libdwarf_input *in, const struct libdwarf_sink *sink,
		    struct err *err)
{
	struct batch b = { .sink = sink, .unit = 0 };
	struct arena *a = arena_new(ARENA_DIE);
	uint32_t *numbers = ARENA_ARRAY(a, uint32_t, in->n_addresses);
	int status;

	b.r.in = in;
	b.r.arena = a;
	b.got = ARENA_ARRAY(a, uint8_t, in->n_addresses);
	b.n_claims = ARENA_ARRAY(a, uint8_t, in->n_addresses);
	b.last_claim = ARENA_ARRAY(a, uint32_t, in->n_addresses);
	hash_map_init(&b.r.function_index);
	status = open_sections(&b, err);
	if (status == 0) {
		read_units(&b);
		read_claimed(&b, numbers);
		read_unclaimed(&b, numbers);
	}
	VEC_RELEASE(&b.claims);
	VEC_RELEASE(&b.r.units);
	VEC_RELEASE(&b.r.functions);
	hash_map_release(&b.r.function_index);
	arena_free(a);
	return status;
}
