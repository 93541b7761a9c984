/* libdwarf_attrs.c - attributes of a die, and the pieces of code that it covers. */
#include "symbolize/libdwarf_reader.h"

void libdwarf_forget(struct libdwarf_reader *r, Dwarf_Error e)
{
	if (e)
		dwarf_dealloc_error(r->dbg, e);
}

static Dwarf_Attribute get_attr(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at)
{
	Dwarf_Attribute a = NULL;
	Dwarf_Error e = NULL;

	if (dwarf_attr(die, at, &a, &e) == DW_DLV_OK)
		return a;
	libdwarf_forget(r, e);
	return NULL;
}

static void put_attr(struct libdwarf_reader *r, Dwarf_Attribute a)
{
	if (a)
		dwarf_dealloc(r->dbg, a, DW_DLA_ATTR);
}

bool die_unsigned(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at, uint64_t *value)
{
	Dwarf_Attribute a = get_attr(r, die, at);
	Dwarf_Error e = NULL;
	Dwarf_Unsigned u;
	Dwarf_Signed s;
	bool ok = false;

	if (!a)
		return false;
	if (dwarf_formudata(a, &u, &e) == DW_DLV_OK) {
		*value = u;
		ok = true;
	} else {
		libdwarf_forget(r, e);
		e = NULL;
		if (dwarf_formsdata(a, &s, &e) == DW_DLV_OK && s >= 0) {
			*value = (uint64_t)s;
			ok = true;
		}
		libdwarf_forget(r, e);
	}
	put_attr(r, a);
	return ok;
}

const char *die_string(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at)
{
	Dwarf_Attribute a = get_attr(r, die, at);
	Dwarf_Error e = NULL;
	Dwarf_Half form = 0;
	char *s = NULL;

	if (!a)
		return NULL;
	/* Strings of a second file (dwz) would come as a text that says so. */
	if (dwarf_whatform(a, &form, &e) != DW_DLV_OK || form == DW_FORM_GNU_strp_alt ||
	    form == DW_FORM_strp_sup || dwarf_formstring(a, &s, &e) != DW_DLV_OK)
		s = NULL;
	libdwarf_forget(r, e);
	put_attr(r, a);
	return s && s[0] ? s : NULL;
}

/* An offset into another section: DW_FORM_sec_offset, and plain data before DWARF 4. */
bool die_offset(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at, Dwarf_Off *offset)
{
	Dwarf_Attribute a = get_attr(r, die, at);
	Dwarf_Unsigned value = 0;
	Dwarf_Error e = NULL;
	Dwarf_Half form = 0;
	bool ok;

	if (!a)
		return false;
	ok = dwarf_whatform(a, &form, &e) == DW_DLV_OK;
	if (ok && form == DW_FORM_sec_offset) {
		ok = dwarf_global_formref(a, offset, &e) == DW_DLV_OK;
	} else if (ok) {
		ok = dwarf_formudata(a, &value, &e) == DW_DLV_OK;
		*offset = value;
	}
	libdwarf_forget(r, e);
	put_attr(r, a);
	return ok;
}

bool die_reference(struct libdwarf_reader *r, Dwarf_Die die, Dwarf_Half at, Dwarf_Off *to)
{
	Dwarf_Attribute a = get_attr(r, die, at);
	Dwarf_Error e = NULL;
	Dwarf_Half form = 0;
	bool ok;

	if (!a)
		return false;
	ok = dwarf_whatform(a, &form, &e) == DW_DLV_OK && form != DW_FORM_GNU_ref_alt &&
	     form != DW_FORM_ref_sup4 && form != DW_FORM_ref_sup8 && form != DW_FORM_ref_sig8 &&
	     dwarf_global_formref(a, to, &e) == DW_DLV_OK;
	libdwarf_forget(r, e);
	put_attr(r, a);
	return ok;
}

static void visit(struct libdwarf_reader *r, uint64_t start, uint64_t end, libdwarf_range_fn fn,
		  void *ctx)
{
	if (start < end && elf_file_is_code(r->in->source->binary, start))
		fn(ctx, start, end);
}

/* DWARF 2 to 4: pairs counted from a base that an entry of its own may change. */
static void visit_ranges(struct libdwarf_reader *r, const struct libdwarf_unit *unit, Dwarf_Die die,
			 Dwarf_Off offset, libdwarf_range_fn fn, void *ctx)
{
	Dwarf_Unsigned bytes;
	Dwarf_Ranges *list;
	uint64_t base = unit->base;
	Dwarf_Error e = NULL;
	Dwarf_Signed n;
	Dwarf_Off real;

	if (dwarf_get_ranges_b(r->dbg, offset, die, &real, &list, &n, &bytes, &e) != DW_DLV_OK) {
		libdwarf_forget(r, e);
		return;
	}
	for (Dwarf_Signed i = 0; i < n && list[i].dwr_type != DW_RANGES_END; i++) {
		if (list[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = list[i].dwr_addr2;
		else
			visit(r, base + list[i].dwr_addr1, base + list[i].dwr_addr2, fn, ctx);
	}
	dwarf_ranges_dealloc(r->dbg, list, n);
}

static void visit_rnglist(struct libdwarf_reader *r, Dwarf_Attribute a, Dwarf_Half form,
			  Dwarf_Unsigned value, libdwarf_range_fn fn, void *ctx)
{
	Dwarf_Unsigned n, global, raw1, raw2, start, end;
	Dwarf_Rnglists_Head head;
	Dwarf_Bool no_addr;
	Dwarf_Error e = NULL;
	unsigned bytes, kind;

	if (dwarf_rnglists_get_rle_head(a, form, value, &head, &n, &global, &e) != DW_DLV_OK) {
		libdwarf_forget(r, e);
		return;
	}
	for (Dwarf_Unsigned i = 0; i < n; i++) {
		if (dwarf_get_rnglists_entry_fields_a(head, i, &bytes, &kind, &raw1, &raw2,
						      &no_addr, &start, &end, &e) != DW_DLV_OK ||
		    kind == DW_RLE_end_of_list)
			break;
		if (kind != DW_RLE_base_address && kind != DW_RLE_base_addressx && !no_addr)
			visit(r, start, end, fn, ctx);
	}
	libdwarf_forget(r, e);
	dwarf_dealloc_rnglists_head(head);
}

static bool visit_ranges_attr(struct libdwarf_reader *r, const struct libdwarf_unit *unit,
			      Dwarf_Die die, libdwarf_range_fn fn, void *ctx)
{
	Dwarf_Attribute a = get_attr(r, die, DW_AT_ranges);
	Dwarf_Error e = NULL;
	Dwarf_Unsigned value = 0;
	Dwarf_Half form = 0;
	Dwarf_Off offset;
	bool ok;

	if (!a)
		return false;
	ok = dwarf_whatform(a, &form, &e) == DW_DLV_OK;
	if (ok && form == DW_FORM_sec_offset) {
		ok = dwarf_global_formref(a, &offset, &e) == DW_DLV_OK;
		value = offset;
	} else if (ok) {
		ok = dwarf_formudata(a, &value, &e) == DW_DLV_OK;
	}
	libdwarf_forget(r, e);
	if (ok && unit->version >= 5)
		visit_rnglist(r, a, form, value, fn, ctx);
	else if (ok)
		visit_ranges(r, unit, die, value, fn, ctx);
	put_attr(r, a);
	return ok;
}

bool die_ranges(struct libdwarf_reader *r, const struct libdwarf_unit *unit, Dwarf_Die die,
		libdwarf_range_fn fn, void *ctx)
{
	enum Dwarf_Form_Class class;
	Dwarf_Addr low, high;
	Dwarf_Error e = NULL;
	Dwarf_Half form;

	if (dwarf_lowpc(die, &low, &e) == DW_DLV_OK &&
	    dwarf_highpc_b(die, &high, &form, &class, &e) == DW_DLV_OK) {
		if (class == DW_FORM_CLASS_CONSTANT)
			high += low;
		visit(r, low, high, fn, ctx);
		return true;
	}
	libdwarf_forget(r, e);
	return visit_ranges_attr(r, unit, die, fn, ctx);
}
