/* dwarf_abbrevs.c - abbreviations, compiled so that dies can be gone over fast.
 *
 * A die is a code and the values of its attributes, whose kinds and forms are in the abbreviation of
 * that code.  Most dies are of no interest but have to be gone over, so each abbreviation is turned
 * into a few steps: neighbours of fixed size become one addition.  Where DW_AT_sibling says at which
 * byte the children of a die end, the step says so.  It is done when a code is first met, as many of
 * them never are.
 *
 * A table is good for units with the same sizes of addresses and offsets; a worker keeps a few, as
 * units refer to each other.
 */
#include "symbolize/dwarf_reader.h"

#include <stdlib.h>

#define MAX_STEP_BYTES (1u << 20)

static const uint8_t slots[] = {
	/* by attribute, plus 1; 0 = of no interest */
	[DW_AT_name] = SLOT_NAME + 1,
	[DW_AT_linkage_name] = SLOT_LINKAGE_NAME + 1,
	[DW_AT_abstract_origin] = SLOT_ORIGIN + 1,
	[DW_AT_specification] = SLOT_SPECIFICATION + 1,
	[DW_AT_signature] = SLOT_SIGNATURE + 1,
	[DW_AT_sibling] = SLOT_SIBLING + 1,
	[DW_AT_low_pc] = SLOT_LOW + 1,
	[DW_AT_high_pc] = SLOT_HIGH + 1,
	[DW_AT_ranges] = SLOT_RANGES + 1,
	[DW_AT_decl_file] = SLOT_DECL_FILE + 1,
	[DW_AT_decl_line] = SLOT_DECL_LINE + 1,
	[DW_AT_call_file] = SLOT_CALL_FILE + 1,
	[DW_AT_call_line] = SLOT_CALL_LINE + 1,
	[DW_AT_call_column] = SLOT_CALL_COLUMN + 1,
	[DW_AT_comp_dir] = SLOT_COMP_DIR + 1,
	[DW_AT_stmt_list] = SLOT_STMT_LIST + 1,
	[DW_AT_language] = SLOT_LANGUAGE + 1,
	[DW_AT_addr_base] = SLOT_ADDR_BASE + 1,
	[DW_AT_str_offsets_base] = SLOT_STR_OFFSETS_BASE + 1,
	[DW_AT_rnglists_base] = SLOT_RNGLISTS_BASE + 1,
	[DW_AT_dwo_name] = SLOT_DWO_NAME + 1,
};

static enum dwarf_slot slot_of(uint64_t at)
{
	if (at < sizeof(slots))
		return slots[at] ? slots[at] - 1u : NO_SLOT;
	switch (at) {
	case DW_AT_MIPS_linkage_name:
		return SLOT_LINKAGE_NAME;
	case DW_AT_GNU_discriminator:
		return SLOT_DISCRIMINATOR;
	case DW_AT_GNU_addr_base:
		return SLOT_ADDR_BASE;
	case DW_AT_GNU_ranges_base:
		return SLOT_RANGES_BASE;
	case DW_AT_GNU_dwo_name:
		return SLOT_DWO_NAME;
	case DW_AT_GNU_dwo_id:
		return SLOT_DWO_ID;
	default:
		return NO_SLOT;
	}
}

static enum dwarf_kind kind_of(uint64_t tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
		return KIND_FUNCTION;
	case DW_TAG_inlined_subroutine:
		return KIND_INLINED;
	case DW_TAG_namespace:
	case DW_TAG_module:
		return KIND_SPACE;
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
		return KIND_BLOCK;
	default:
		return KIND_OTHER;
	}
}

static struct dwarf_step step_of(const struct dwarf_abbrevs *t, uint16_t form)
{
	unsigned offset = t->is_dwarf64 ? 8 : 4;

	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return (struct dwarf_step){ STEP_BYTES, 0 };
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return (struct dwarf_step){ STEP_BYTES, 1 };
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return (struct dwarf_step){ STEP_BYTES, 2 };
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return (struct dwarf_step){ STEP_BYTES, 3 };
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return (struct dwarf_step){ STEP_BYTES, 4 };
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return (struct dwarf_step){ STEP_BYTES, 8 };
	case DW_FORM_data16:
		return (struct dwarf_step){ STEP_BYTES, 16 };
	case DW_FORM_addr:
		return (struct dwarf_step){ STEP_BYTES, t->address_bytes };
	case DW_FORM_ref_addr:
		return (struct dwarf_step){ STEP_BYTES,
					    t->version <= 2 ? t->address_bytes : offset };
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_sec_offset:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return (struct dwarf_step){ STEP_BYTES, offset };
	case DW_FORM_udata:
	case DW_FORM_sdata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_rnglistx:
	case DW_FORM_loclistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		return (struct dwarf_step){ STEP_LEB, 0 };
	case DW_FORM_string:
		return (struct dwarf_step){ STEP_STRING, 0 };
	case DW_FORM_block1:
		return (struct dwarf_step){ STEP_BLOCK, 1 };
	case DW_FORM_block2:
		return (struct dwarf_step){ STEP_BLOCK, 2 };
	case DW_FORM_block4:
		return (struct dwarf_step){ STEP_BLOCK, 4 };
	case DW_FORM_block:
	case DW_FORM_exprloc:
		return (struct dwarf_step){ STEP_BLOCK, 0 };
	default:
		return (struct dwarf_step){ STEP_FORM, form };
	}
}

static void add_step(struct dwarf_abbrevs *t, struct dwarf_abbrev *a, struct dwarf_step step,
		     bool is_sibling)
{
	struct dwarf_step *last = a->n_steps ? &t->steps.v[t->steps.n - 1] : NULL;

	if (is_sibling && (step.op == STEP_LEB || (step.op == STEP_BYTES && step.n <= 8))) {
		step.n = step.op == STEP_LEB ? 0 : step.n;
		step.op = STEP_SIBLING;
	}
	if (step.op == STEP_BYTES && step.n == 0)
		return;
	if (step.op == STEP_BYTES && last && last->op == STEP_BYTES && last->n < MAX_STEP_BYTES) {
		last->n += step.n;
		return;
	}
	*VEC_PUSH(&t->steps) = step;
	a->n_steps++;
}

/* Neighbours that nobody wants become one. */
static void add_attr(struct dwarf_abbrevs *t, struct dwarf_abbrev *a, struct dwarf_attr attr,
		     struct dwarf_step step)
{
	struct dwarf_attr *last = a->n_attrs ? &t->attrs.v[t->attrs.n - 1] : NULL;

	attr.op = ATTR_FORM;
	attr.n = step.n;
	if (step.op == STEP_BYTES && attr.slot == NO_SLOT)
		attr.op = ATTR_BYTES;
	else if (step.op == STEP_BYTES && step.n >= 1 && step.n <= 8)
		attr.op = ATTR_NUMBER;
	else if (step.op == STEP_BYTES && step.n == 0)
		attr.op = ATTR_CONSTANT;
	else if (step.op == STEP_LEB && attr.form != DW_FORM_sdata)
		attr.op = ATTR_LEB;
	if (attr.form == DW_FORM_flag_present)
		attr.constant = 1;
	if (attr.op == ATTR_BYTES && attr.n == 0)
		return;
	if (attr.op == ATTR_BYTES && last && last->op == ATTR_BYTES && last->n < MAX_STEP_BYTES) {
		last->n += attr.n;
		return;
	}
	*VEC_PUSH(&t->attrs) = attr;
	a->n_attrs++;
}

static void add_up(const struct dwarf_abbrevs *t, struct dwarf_abbrev *a)
{
	a->is_fixed = true;
	for (uint32_t i = 0; i < a->n_steps; i++) {
		const struct dwarf_step *step = &t->steps.v[a->first_step + i];

		if (step->op != STEP_BYTES && !(step->op == STEP_SIBLING && step->n))
			a->is_fixed = false;
		else
			a->fixed_bytes += step->n;
	}
}

/* Its attributes were gone over before, so they are all there. */
static void compile(struct dwarf_abbrevs *t, struct dwarf_abbrev *a)
{
	struct elf_bytes section = t->image->sections.v[DWARF_ABBREV];
	struct dwarf_cursor c = { .p = a->source, .end = section.p + section.n };
	uint64_t at, form;

	a->is_compiled = true;
	a->first_attr = (uint32_t)t->attrs.n;
	a->first_step = (uint32_t)t->steps.n;
	while ((void)(at = cursor_uleb(&c)), (void)(form = cursor_uleb(&c)), at || form) {
		int64_t constant = form == DW_FORM_implicit_const ? cursor_sleb(&c) : 0;
		enum dwarf_slot slot = slot_of(at);
		struct dwarf_step step;

		if (form > UINT16_MAX)
			form = 0;
		step = form < DWARF_FORMS ? t->forms[form] : step_of(t, (uint16_t)form);
		if (slot == SLOT_LOW || slot == SLOT_RANGES)
			a->has_code = true;
		add_attr(t, a,
			 (struct dwarf_attr){ .form = (uint16_t)form,
					      .slot = (uint8_t)slot,
					      .constant = constant },
			 step);
		add_step(t, a, step,
			 at == DW_AT_sibling && a->has_children && form != DW_FORM_ref_addr);
	}
	add_up(t, a);
	a->is_plain = a->is_fixed && !a->has_children && a->kind != KIND_INLINED &&
		      !(a->kind == KIND_FUNCTION && a->has_code);
}

/* Over the attributes of an entry and the zeros that end them. */
static void skip_pairs(struct dwarf_abbrevs *t, struct dwarf_cursor *c)
{
	while (cursor_left(c)) {
		uint64_t at, form;

		/* As nearly all are. */
		while (c->end - c->p >= 2 && !((c->p[0] | c->p[1]) & 128) &&
		       c->p[1] != DW_FORM_implicit_const) {
			c->p += 2;
			if (!(c->p[-2] | c->p[-1]))
				return;
			t->n_pairs++;
		}
		at = cursor_uleb(c);
		form = cursor_uleb(c);
		if (form == DW_FORM_implicit_const)
			cursor_sleb(c);
		if (c->bad || (at == 0 && form == 0))
			return;
		t->n_pairs++;
	}
	cursor_fail(c);
}

static int by_code(const void *a, const void *b)
{
	const struct dwarf_abbrev *x = a, *y = b;

	return (x->code > y->code) - (x->code < y->code);
}

const struct dwarf_abbrev *dwarf_abbrevs_read(struct dwarf_abbrevs *t, const struct dwarf_unit *u,
					      uint64_t code)
{
	struct elf_bytes section = u->image->sections.v[DWARF_ABBREV];
	struct dwarf_cursor c = { .is_little = u->image->sections.is_little };
	bool is_sorted = true;

	t->image = u->image;
	t->offset = u->abbrevs;
	t->version = u->version;
	t->address_bytes = u->address_bytes;
	t->is_dwarf64 = u->is_dwarf64;
	t->v.n = t->attrs.n = t->steps.n = 0;
	t->n_pairs = 0;
	VEC_MUST(&t->attrs, 1); /* an entry may have none, and points there */
	VEC_MUST(&t->steps, 1);
	for (uint16_t form = 0; form < DWARF_FORMS; form++)
		t->forms[form] = step_of(t, form);
	if (u->abbrevs >= section.n)
		return NULL;
	c.p = section.p + u->abbrevs;
	c.end = section.p + section.n;
	while (cursor_left(&c)) {
		struct dwarf_abbrev a = { .code = cursor_uleb(&c) };
		uint64_t tag;

		if (a.code == 0)
			break;
		tag = cursor_uleb(&c);
		a.tag = tag <= UINT16_MAX ? (uint16_t)tag : 0;
		a.kind = (uint8_t)kind_of(a.tag);
		a.has_children = cursor_fixed(&c, 1) != 0;
		a.source = c.p;
		skip_pairs(t, &c);
		if (c.bad)
			break;
		if (t->v.n && t->v.v[t->v.n - 1].code >= a.code)
			is_sorted = false;
		*VEC_PUSH(&t->v) = a;
		if (a.code == code) {
			compile(t, &t->v.v[t->v.n - 1]);
			return &t->v.v[t->v.n - 1];
		}
	}
	if (!is_sorted)
		qsort(t->v.v, t->v.n, sizeof(*t->v.v), by_code);
	return NULL;
}

bool dwarf_abbrevs_is_of(const struct dwarf_abbrevs *t, const struct dwarf_unit *u)
{
	return t->image == u->image && t->offset == u->abbrevs && t->version == u->version &&
	       t->address_bytes == u->address_bytes && t->is_dwarf64 == u->is_dwarf64;
}

struct dwarf_abbrevs *dwarf_abbrevs_get(struct dwarf_worker *w, const struct dwarf_unit *u)
{
	struct dwarf_abbrevs *t;

	for (unsigned i = 0; i < DWARF_ABBREV_TABLES; i++) {
		t = &w->tables[i];
		if (dwarf_abbrevs_is_of(t, u))
			return t->v.n ? t : NULL;
	}
	if (w->work < 0)
		return NULL;
	t = &w->tables[w->next_table];
	w->next_table = (w->next_table + 1) % DWARF_ABBREV_TABLES;
	/* Code 0 ends a table and is none in it. */
	dwarf_abbrevs_read(t, u, 0);
	dwarf_spend(w, (int64_t)t->n_pairs);
	return t->v.n ? t : NULL;
}

void dwarf_abbrevs_release(struct dwarf_abbrevs *t)
{
	VEC_RELEASE(&t->v);
	VEC_RELEASE(&t->attrs);
	VEC_RELEASE(&t->steps);
}

const struct dwarf_abbrev *dwarf_abbrevs_find_slow(struct dwarf_abbrevs *t, uint64_t code)
{
	struct dwarf_abbrev key = { .code = code }, *a;

	if (code - 1 < t->v.n && t->v.v[code - 1].code == code)
		a = &t->v.v[code - 1];
	else
		a = t->v.n ? bsearch(&key, t->v.v, t->v.n, sizeof(key), by_code) : NULL;
	if (a && !a->is_compiled)
		compile(t, a);
	return a;
}
