/* dwarf_forms.c - values of attributes.
 *
 * A value is kept as its form and a number; what the number means (an offset into a string section, an
 * index into a table of addresses, a place in this unit or another) is worked out only for what is
 * asked.
 */
#include "symbolize/dwarf_reader.h"

#define MAX_STRING ((uint64_t)1 << 16) /* longer ones are damage */

static void read_indirect(struct dwarf_cursor *c, const struct dwarf_unit *u, struct dwarf_value *v)
{
	uint64_t form = cursor_uleb(c);

	/* A form that names itself would never end. */
	if (form > UINT16_MAX || form == DW_FORM_indirect || form == DW_FORM_implicit_const)
		cursor_fail(c);
	else
		dwarf_read_form(c, u, (uint16_t)form, 0, v);
}

/* How many bytes a form has that is a number of fixed size; 0 = it is none. */
static unsigned fixed_bytes(const struct dwarf_unit *u, uint16_t form)
{
	switch (form) {
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
	case DW_FORM_ref_sup4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_addr:
		return u->address_bytes;
	case DW_FORM_ref_addr:
		return u->version <= 2 ? u->address_bytes : 0;
	default:
		return 0;
	}
}

/* Past bytes whose value nobody wants; false = the form is no such. */
static bool skip_bytes(struct dwarf_cursor *c, uint16_t form)
{
	switch (form) {
	case DW_FORM_data16:
		cursor_skip(c, 16);
		return true;
	case DW_FORM_block1:
		cursor_skip(c, cursor_fixed(c, 1));
		return true;
	case DW_FORM_block2:
		cursor_skip(c, cursor_fixed(c, 2));
		return true;
	case DW_FORM_block4:
		cursor_skip(c, cursor_fixed(c, 4));
		return true;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		cursor_skip(c, cursor_uleb(c));
		return true;
	default:
		return false;
	}
}

/* Numbers of a size that the file or the number itself decides, and strings. */
static uint64_t read_other(struct dwarf_cursor *c, uint16_t form)
{
	switch (form) {
	case DW_FORM_ref_addr:
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strp_sup:
	case DW_FORM_sec_offset:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return cursor_offset(c);
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_rnglistx:
	case DW_FORM_loclistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
		return cursor_uleb(c);
	case DW_FORM_sdata:
		return (uint64_t)cursor_sleb(c);
	case DW_FORM_string:
		return (uint64_t)(uintptr_t)cursor_string(c);
	default:
		cursor_fail(c);
		return 0;
	}
}

void dwarf_read_form(struct dwarf_cursor *c, const struct dwarf_unit *u, uint16_t form,
		     int64_t constant, struct dwarf_value *v)
{
	unsigned bytes = fixed_bytes(u, form);
	uint64_t n = 0;

	if (bytes) {
		n = cursor_fixed(c, bytes);
	} else if (form == DW_FORM_flag_present) {
		n = 1;
	} else if (form == DW_FORM_implicit_const) {
		n = (uint64_t)constant;
	} else if (form == DW_FORM_indirect) {
		read_indirect(c, u, v);
		return;
	} else if (!skip_bytes(c, form)) {
		n = read_other(c, form);
	}
	if (v)
		*v = (struct dwarf_value){ n, form };
}

/* n is 1 to 8 */
static inline uint64_t read_number(struct dwarf_cursor *c, uint32_t n)
{
	uint64_t eight;

	if (!c->is_little || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || cursor_left(c) < 8)
		return cursor_fixed(c, n);
	memcpy(&eight, c->p, 8);
	c->p += n;
	return eight & UINT64_MAX >> (64 - 8 * n);
}

void dwarf_read_die(struct dwarf_cursor *c, const struct dwarf_unit *u,
		    const struct dwarf_abbrevs *t, const struct dwarf_abbrev *a,
		    struct dwarf_die *d)
{
	const struct dwarf_attr *attr = &t->attrs.v[a->first_attr], *end = attr + a->n_attrs;
	struct dwarf_value unwanted;

	d->abbrev = a;
	d->has = 0;
	for (; attr < end && !c->bad; attr++) {
		bool is_wanted = attr->slot != NO_SLOT;
		struct dwarf_value *v = is_wanted ? &d->v[attr->slot] : &unwanted;

		v->form = attr->form;
		switch (attr->op) {
		case ATTR_BYTES:
			cursor_skip(c, attr->n);
			break;
		case ATTR_NUMBER:
			v->u = read_number(c, attr->n);
			break;
		case ATTR_LEB:
			v->u = cursor_uleb(c);
			break;
		case ATTR_CONSTANT:
			v->u = (uint64_t)attr->constant;
			break;
		case ATTR_FORM:
			dwarf_read_form(c, u, attr->form, attr->constant, v);
			break;
		}
		d->has |= (uint32_t)is_wanted << (attr->slot & 31);
	}
	if (c->bad)
		d->has = 0;
}

/* ---- what values mean ---- */

static const char *string_at(const struct dwarf_image *image, enum dwarf_section_id section,
			     uint64_t offset)
{
	return bytes_string(image->sections.v[section], offset, MAX_STRING);
}

static const char *indexed_string(const struct dwarf_unit *u, uint64_t number)
{
	struct elf_bytes b = u->image->sections.v[DWARF_STR_OFFSETS];
	unsigned size = u->is_dwarf64 ? 8 : 4;
	uint64_t base = u->str_offsets_base;

	if (base > b.n || number >= (b.n - base) / size)
		return NULL;
	return string_at(
		u->image, DWARF_STR,
		bytes_number(b.p + base + number * size, size, u->image->sections.is_little));
}

const char *dwarf_string(const struct dwarf_unit *u, const struct dwarf_value *v)
{
	const char *s = NULL;

	if (!v)
		return NULL;
	switch (v->form) {
	case DW_FORM_string:
		s = (const char *)(uintptr_t)v->u;
		break;
	case DW_FORM_strp:
		s = string_at(u->image, DWARF_STR, v->u);
		break;
	case DW_FORM_line_strp:
		s = string_at(u->image, DWARF_LINE_STR, v->u);
		break;
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_strp_alt:
		s = u->image->shared ? string_at(u->image->shared, DWARF_STR, v->u) : NULL;
		break;
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		s = indexed_string(u, v->u);
		break;
	}
	return s && s[0] && strnlen(s, MAX_STRING) < MAX_STRING ? s : NULL;
}

bool dwarf_unsigned(const struct dwarf_value *v, uint64_t *out)
{
	if (!v)
		return false;
	switch (v->form) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
	case DW_FORM_sec_offset:
		*out = v->u;
		return true;
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		*out = v->u;
		return (int64_t)v->u >= 0;
	default:
		return false;
	}
}

bool dwarf_indexed_address(const struct dwarf_unit *u, uint64_t number, uint64_t *out)
{
	const struct dwarf_unit *at = u->skeleton ? u->skeleton : u;
	struct elf_bytes b = at->image->sections.v[DWARF_ADDR];
	unsigned size = at->address_bytes;

	if (at->addr_base > b.n || number >= (b.n - at->addr_base) / size)
		return false;
	*out = bytes_number(b.p + at->addr_base + number * size, size,
			    at->image->sections.is_little);
	return true;
}

bool dwarf_address(const struct dwarf_unit *u, const struct dwarf_value *v, uint64_t *out)
{
	if (!v)
		return false;
	switch (v->form) {
	case DW_FORM_addr:
		*out = v->u;
		return true;
	case DW_FORM_addrx:
	case DW_FORM_addrx1:
	case DW_FORM_addrx2:
	case DW_FORM_addrx3:
	case DW_FORM_addrx4:
	case DW_FORM_GNU_addr_index:
		return dwarf_indexed_address(u, v->u, out);
	default:
		return false;
	}
}

bool dwarf_reference(const struct dwarf_unit *u, const struct dwarf_value *v,
		     struct dwarf_unit **to_unit, uint64_t *to_die)
{
	struct dwarf_image *image = u->image;
	struct dwarf_unit *unit = NULL;
	uint64_t die;

	if (!v)
		return false;
	die = v->u;
	switch (v->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		die += u->offset;
		if (die >= u->die && die < u->end)
			unit = (struct dwarf_unit *)(uintptr_t)u;
		break;
	case DW_FORM_ref_sig8:
		unit = dwarf_type_find(image, v->u);
		die = unit ? unit->type_die : 0;
		if (unit && (die < unit->die || die >= unit->end))
			unit = NULL;
		break;
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
		unit = image->shared ? dwarf_unit_at(image->shared, die) : NULL;
		break;
	case DW_FORM_ref_addr:
		unit = dwarf_unit_at(image, die);
		break;
	}
	if (!unit)
		return false;
	*to_unit = unit;
	*to_die = die;
	return true;
}
