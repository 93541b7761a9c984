/* cfi_entry.c - find and read the entries of .eh_frame and .debug_frame: what a function's program is and starts from.
 *
 * Runs inside the handler too: while a module has no table yet, rules are read one by one.
 */
#include "sampler/arch.h"
#include "sampler/cfi_run.h"

/* Pointer encodings, LSB 10.5.1. */
enum {
	PE_ABSPTR = 0x00,
	PE_ULEB128 = 0x01,
	PE_UDATA2 = 0x02,
	PE_UDATA4 = 0x03,
	PE_UDATA8 = 0x04,
	PE_SLEB128 = 0x09,
	PE_SDATA2 = 0x0a,
	PE_SDATA4 = 0x0b,
	PE_SDATA8 = 0x0c,
	PE_PCREL = 0x10,
	PE_DATAREL = 0x30,
	PE_OMIT = 0xff,
};

static struct cursor cursor_at(const struct cfi_source *src, uint64_t address)
{
	struct cursor c = { src->data, src->data + src->bytes, false };

	if (address < src->data_at || address - src->data_at > src->bytes) {
		c.p = c.end;
		c.bad = true;
	} else {
		c.p += address - src->data_at;
	}
	return c;
}

static uint64_t address_of(const struct cfi_source *src, const uint8_t *p)
{
	return src->data_at + (uint64_t)(p - src->data);
}

/* The number alone, by the format in the low four bits. */
static uint64_t read_value(struct cursor *c, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case PE_ABSPTR:
	case PE_UDATA8:
	case PE_SDATA8:
		return cursor_fixed(c, 8);
	case PE_ULEB128:
		return cursor_uleb(c);
	case PE_SLEB128:
		return (uint64_t)cursor_sleb(c);
	case PE_UDATA2:
		return cursor_fixed(c, 2);
	case PE_SDATA2:
		return (uint64_t)(int16_t)cursor_fixed(c, 2);
	case PE_UDATA4:
		return cursor_fixed(c, 4);
	case PE_SDATA4:
		return (uint64_t)(int32_t)cursor_fixed(c, 4);
	default:
		c->bad = true;
		return 0;
	}
}

/* An address relative to the load address, whatever it is written relative to. */
static uint64_t read_pointer(const struct cfi_source *src, struct cursor *c, uint8_t encoding)
{
	uint64_t here = address_of(src, c->p), v = read_value(c, encoding);

	if ((encoding & 0x70) == PE_PCREL)
		return v + here;
	if ((encoding & 0x70) == PE_DATAREL)
		return v + src->hdr_at;
	return v - src->base;
}

struct entry {
	const uint8_t *at; /* of its length */
	const uint8_t *id_at;
	uint64_t id; /* what it is, or where its CIE */
	struct cursor body;
	bool is_cie;
};

/* Length and id.  An .eh_frame's ids are 0 for a CIE and else the distance back to one; a .debug_frame's are all ones,
 * and offsets in the section. */
static bool read_entry(const struct cfi_source *src, struct cursor *c, struct entry *e)
{
	uint64_t n;
	bool is_64;

	e->at = c->p;
	n = cursor_fixed(c, 4);
	is_64 = n == 0xffffffff;
	if (is_64)
		n = cursor_fixed(c, 8);
	e->body = cursor_block(c, n);
	if (c->bad || n == 0)
		return false;
	e->id_at = e->body.p;
	is_64 = is_64 && src->is_debug_frame;
	e->id = cursor_fixed(&e->body, is_64 ? 8 : 4);
	e->is_cie = src->is_debug_frame ? e->id == (is_64 ? UINT64_MAX : UINT32_MAX) : e->id == 0;
	return !e->body.bad;
}

static bool read_augmentation(struct cie *cie, struct cursor *c, const char *letters)
{
	struct cursor data = cursor_block(c, cursor_uleb(c));

	cie->has_augmentation = true;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			cie->pointer_encoding = cursor_u8(&data);
			break;
		case 'P':
			read_value(&data, cursor_u8(&data));
			break;
		case 'L':
			cursor_u8(&data);
			break;
		case 'S':
			cie->is_signal = true;
			break;
		case 'B': /* aarch64 pointer authentication */
			break;
		default:
			return true; /* unknown letters end what can be read, and the length has been skipped */
		}
	}
	return !data.bad;
}

/* The version decides what stands between the letters and the return address register. */
static bool read_cie_head(struct cie *cie, struct cursor *body, char *letters, size_t most)
{
	uint8_t version = cursor_u8(body);

	if (version != 1 && version != 3 && version != 4)
		return false;
	for (size_t i = 0; (letters[i] = (char)cursor_u8(body)); i++)
		if (i == most - 2)
			return false;
	if (letters[0] == 'e' && letters[1] == 'h')
		return false; /* gcc 2 */
	if (version == 4 && cursor_fixed(body, 2) != 8)
		return false; /* other than 8 bytes of address, or segments */
	cie->code_align = cursor_uleb(body);
	cie->data_align = cursor_sleb(body);
	return (version == 1 ? cursor_u8(body) : cursor_uleb(body)) == ARCH_REG_RA;
}

static bool read_cie(const struct cfi_source *src, struct cie *cie, const uint8_t *at)
{
	struct cursor c = { at, src->data + src->bytes, false };
	struct entry e;
	char letters[16] = "";

	*cie = (struct cie){ .pointer_encoding = PE_ABSPTR };
	if (!read_entry(src, &c, &e) || !e.is_cie ||
	    !read_cie_head(cie, &e.body, letters, sizeof(letters)))
		return false;
	if (letters[0] == 'z' && !read_augmentation(cie, &e.body, letters + 1))
		return false;
	cfi_run_initial(cie, e.body);
	cie->at = at;
	return !e.body.bad;
}

static const uint8_t *cie_of(const struct cfi_source *src, const struct entry *e)
{
	if (src->is_debug_frame)
		return e->id < src->bytes ? src->data + e->id : NULL;
	return e->id <= (uint64_t)(e->id_at - src->data) ? e->id_at - e->id : NULL;
}

static bool read_fde(const struct cfi_source *src, struct entry *e, struct cie *cie,
		     struct fde *fde)
{
	const uint8_t *cie_at = cie_of(src, e);
	uint64_t length;

	if (e->is_cie || !cie_at)
		return false;
	if (cie->at != cie_at && !read_cie(src, cie, cie_at)) {
		cie->at = NULL;
		return false;
	}
	fde->start = read_pointer(src, &e->body, cie->pointer_encoding);
	length = read_value(&e->body, cie->pointer_encoding);
	if (cie->has_augmentation)
		cursor_block(&e->body, cursor_uleb(&e->body));
	fde->program = e->body;
	fde->end = fde->start + length;
	return !e->body.bad && length != 0 && length <= src->text_bytes &&
	       fde->start >= src->text_at && fde->start - src->text_at < src->text_bytes;
}

bool cfi_read_fde(const struct cfi_source *src, uint64_t at, struct cie *cie, struct fde *fde)
{
	struct cursor c = cursor_at(src, at);
	struct entry e;

	return !c.bad && read_entry(src, &c, &e) && read_fde(src, &e, cie, fde);
}

bool cfi_next_fde(const struct cfi_source *src, uint64_t *at, struct cie *cie, struct fde *fde)
{
	struct cursor c = cursor_at(src, *at);
	struct entry e;

	while (!c.bad && read_entry(src, &c, &e)) {
		if (read_fde(src, &e, cie, fde)) {
			*at = address_of(src, c.p);
			return true;
		}
	}
	return false;
}

bool cfi_read_index(const struct cfi_source *src, struct cfi_index *index)
{
	struct cursor h = cursor_at(src, src->hdr_at);
	uint8_t version = cursor_u8(&h), ptr_encoding = cursor_u8(&h),
		count_encoding = cursor_u8(&h);
	uint8_t table_encoding = cursor_u8(&h);

	if (!src->hdr_at || version != 1 || count_encoding == PE_OMIT ||
	    table_encoding != (PE_DATAREL | PE_SDATA4))
		return false;
	read_value(&h, ptr_encoding);
	index->n = read_value(&h, count_encoding);
	index->pairs = h.p;
	if (index->n > (uint64_t)(h.end - h.p) / 8)
		index->n = (uint64_t)(h.end - h.p) / 8;
	return !h.bad && index->n > 0;
}

static int32_t index_word(const struct cfi_index *index, uint64_t word)
{
	int32_t v;

	memcpy(&v, index->pairs + 4 * word, sizeof(v));
	return v;
}

uint64_t cfi_index_entry(const struct cfi_source *src, const struct cfi_index *index, uint64_t i)
{
	return src->hdr_at + (uint64_t)(int64_t)index_word(index, 2 * i + 1);
}

/* The last function that begins at or before the address. */
static bool search(const struct cfi_source *src, const struct cfi_index *index, uint64_t address,
		   uint64_t *found)
{
	int64_t relative = (int64_t)(address - src->hdr_at);
	uint64_t low = 0, high = index->n;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (index_word(index, 2 * mid) <= relative)
			low = mid + 1;
		else
			high = mid;
	}
	*found = low - 1;
	return low > 0;
}

bool cfi_interpret(const struct cfi_source *src, uint64_t address, struct rule *out)
{
	struct cie cie = { .at = NULL };
	struct cfi_index index;
	struct fde fde;
	uint64_t i;

	if (!cfi_read_index(src, &index) || !search(src, &index, address, &i) ||
	    !cfi_read_fde(src, cfi_index_entry(src, &index, i), &cie, &fde) ||
	    address < fde.start || address >= fde.end)
		return false;
	*out = cfi_rule_at(src, &cie, &fde, address);
	return true;
}
