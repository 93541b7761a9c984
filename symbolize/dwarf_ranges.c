/* dwarf_ranges.c - which code a die covers.
 *
 * Three ways: from DW_AT_low_pc up to DW_AT_high_pc, which is an address or a length; a list in
 * .debug_ranges up to DWARF 4; a list in .debug_rnglists from DWARF 5.  Lists count from a base, at first
 * the unit's lowest address, that entries of their own may change.
 *
 * Linkers leave ranges of functions that they threw away at 0, at 1, or at the highest addresses: what
 * does not begin in code is none.
 */
#include "symbolize/dwarf_reader.h"

struct visit {
	const struct elf_file *binary;
	dwarf_range_fn fn;
	void *ctx;
};

static void visit(const struct visit *v, uint64_t start, uint64_t end)
{
	if (start < end && elf_file_is_code(v->binary, start))
		v->fn(v->ctx, start, end);
}

static bool spend(int64_t *work)
{
	return --*work >= 0;
}

static const struct dwarf_unit *address_unit(const struct dwarf_unit *u)
{
	return u->skeleton ? u->skeleton : u;
}

/* In split units of DWARF 4 the lists stay in the file with the code. */
static void visit_old_list(int64_t *work, const struct dwarf_unit *u, uint64_t offset,
			   const struct visit *v)
{
	const struct dwarf_unit *at = address_unit(u);
	struct elf_bytes section = at->image->sections.v[DWARF_RANGES];
	unsigned n = u->address_bytes;
	uint64_t selects_base = n == 8 ? UINT64_MAX : UINT32_MAX, base = at->base;
	struct dwarf_cursor c = { .is_little = at->image->sections.is_little };

	if (u->skeleton)
		offset += at->ranges_base;
	if (offset >= section.n)
		return;
	c.p = section.p + offset;
	c.end = section.p + section.n;
	while (cursor_left(&c) && spend(work)) {
		uint64_t start = cursor_fixed(&c, n), end = cursor_fixed(&c, n);

		if (c.bad || (start == 0 && end == 0))
			return;
		if (start == selects_base)
			base = end;
		else
			visit(v, base + start, base + end);
	}
}

static void visit_list(int64_t *work, const struct dwarf_unit *u, uint64_t offset,
		       const struct visit *v)
{
	struct elf_bytes section = u->image->sections.v[DWARF_RNGLISTS];
	struct dwarf_cursor c = { .is_little = u->image->sections.is_little };
	uint64_t base = address_unit(u)->base, start, end;
	unsigned n = u->address_bytes;
	bool has_start;

	if (offset >= section.n)
		return;
	c.p = section.p + offset;
	c.end = section.p + section.n;
	while (cursor_left(&c) && !c.bad && spend(work)) {
		switch (cursor_fixed(&c, 1)) {
		case DW_RLE_end_of_list:
			return;
		case DW_RLE_base_addressx:
			if (!dwarf_indexed_address(u, cursor_uleb(&c), &base))
				return;
			break;
		case DW_RLE_startx_endx:
			has_start = dwarf_indexed_address(u, cursor_uleb(&c), &start);
			if (dwarf_indexed_address(u, cursor_uleb(&c), &end) && has_start)
				visit(v, start, end);
			break;
		case DW_RLE_startx_length:
			if (dwarf_indexed_address(u, cursor_uleb(&c), &start))
				visit(v, start, start + cursor_uleb(&c));
			else
				cursor_uleb(&c);
			break;
		case DW_RLE_offset_pair:
			start = cursor_uleb(&c);
			visit(v, base + start, base + cursor_uleb(&c));
			break;
		case DW_RLE_base_address:
			base = cursor_fixed(&c, n);
			break;
		case DW_RLE_start_end:
			start = cursor_fixed(&c, n);
			visit(v, start, cursor_fixed(&c, n));
			break;
		case DW_RLE_start_length:
			start = cursor_fixed(&c, n);
			visit(v, start, start + cursor_uleb(&c));
			break;
		default:
			return;
		}
	}
}

/* An index into the table of offsets at the beginning of the unit's lists. */
static bool indexed_list(const struct dwarf_unit *u, uint64_t number, uint64_t *offset)
{
	struct elf_bytes b = u->image->sections.v[DWARF_RNGLISTS];
	unsigned size = u->is_dwarf64 ? 8 : 4;
	uint64_t base = u->rnglists_base;

	if (base > b.n || number >= (b.n - base) / size)
		return false;
	*offset =
		base + bytes_number(b.p + base + number * size, size, u->image->sections.is_little);
	return true;
}

static void visit_lists(int64_t *work, const struct dwarf_unit *u, const struct dwarf_value *ranges,
			const struct visit *v)
{
	uint64_t offset;

	if (ranges->form == DW_FORM_rnglistx) {
		if (indexed_list(u, ranges->u, &offset))
			visit_list(work, u, offset, v);
	} else if (dwarf_unsigned(ranges, &offset)) {
		if (u->version >= 5)
			visit_list(work, u, offset, v);
		else
			visit_old_list(work, u, offset, v);
	}
}

bool dwarf_ranges(int64_t *work, const struct dwarf_unit *u, const struct dwarf_die *d,
		  dwarf_range_fn fn, void *ctx)
{
	const struct dwarf_value *high_pc = dwarf_get(d, SLOT_HIGH);
	const struct dwarf_value *ranges = dwarf_get(d, SLOT_RANGES);
	struct visit v = { u->image->reader->source->binary, fn, ctx };
	uint64_t low, high;

	if (high_pc && dwarf_address(u, dwarf_get(d, SLOT_LOW), &low)) {
		if (dwarf_unsigned(high_pc, &high))
			visit(&v, low, low + high);
		else if (dwarf_address(u, high_pc, &high))
			visit(&v, low, high);
		return true;
	}
	if (!ranges)
		return false;
	visit_lists(work, u, ranges, &v);
	return true;
}
