/* cfi.c - run the call frame programs of a module once and keep their rows in compact form.
 *
 * Of the registers only rsp, rbp and the return address are followed: they are all that is needed to find the next
 * frame on x86-64.  What a row of the table cannot say (CFA in another register, exotic expressions) becomes
 * RULE_NONE, and the unwinder guesses by frame pointer there.
 *
 * Rows come out sorted because the FDEs are taken in the order of .eh_frame_hdr's search table, which every linker
 * writes sorted.  The few hundred distinct rules of a module are stored once and named by 16 bits.
 */
#include "sampler/cfi.h"
#include "base/hash.h"
#include "base/vec.h"
#include "sampler/cfi_reader.h"

#include <sys/mman.h>

enum { REG_BP = 6, REG_SP = 7, REG_RA = 16, MAX_REMEMBERED = 16 };

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

enum where { SAME, AT_CFA, AT_BP, UNDEFINED, ELSEWHERE };

struct saved {
	enum where where;
	int64_t offset;
};

struct state {		    /* of the registers at one row */
	enum rule_kind cfa; /* RULE_NONE: not representable */
	int64_t cfa_offset;
	struct saved bp, ra;
};

struct cie {
	const uint8_t *at; /* NULL = none */
	uint64_t code_align;
	int64_t data_align;
	uint8_t pointer_encoding;
	bool has_augmentation, is_signal;
	struct state initial;
};

struct compiler {
	const struct cfi_source *src;
	struct cie cie; /* the last one; FDEs of one CIE come in runs */
	VEC(uint32_t) at;
	VEC(uint16_t) rule;
	VEC(struct rule) rules;
	struct hash_map rule_map;
	bool full; /* out of memory or of rule numbers */
};

/* ---- rows ---- */

static int rule_number(struct compiler *c, struct rule r)
{
	uint64_t key = (uint64_t)r.kind | (uint64_t)r.bp_at_bp << 8 |
		       (uint64_t)(uint16_t)r.bp_offset << 16 |
		       (uint64_t)(uint32_t)r.cfa_offset << 32;
	uint32_t *at;

	if (hash_map_reserve(&c->rule_map, c->rule_map.n + 1))
		return -1;
	for (at = hash_map_first(&c->rule_map, hash_mix(key)); *at != HASH_MAP_NONE;
	     at = hash_map_next(&c->rule_map, at, hash_mix(key)))
		if (memcmp(&c->rules.v[*at], &r, sizeof(r)) == 0)
			return (int)*at;
	if (c->rules.n > UINT16_MAX || VEC_RESERVE(&c->rules, c->rules.n + 1))
		return -1;
	*at = (uint32_t)c->rules.n;
	hash_map_added(&c->rule_map, at, hash_mix(key));
	c->rules.v[c->rules.n] = r;
	return (int)c->rules.n++;
}

static struct rule rule_of(const struct state *s)
{
	struct rule r = { .kind = (uint8_t)s->cfa, .bp_offset = BP_SAME };

	if (s->ra.where == UNDEFINED)
		return (struct rule){ .kind = RULE_END };
	if (s->cfa == RULE_NONE || s->cfa_offset != (int32_t)s->cfa_offset ||
	    s->ra.where != AT_CFA || s->ra.offset != -8)
		return (struct rule){ .kind = RULE_NONE };
	r.cfa_offset = (int32_t)s->cfa_offset;
	if (s->bp.where == AT_CFA || s->bp.where == AT_BP) {
		bool fits = s->bp.offset > BP_LOST && s->bp.offset <= INT16_MAX;

		r.bp_offset = fits ? (int16_t)s->bp.offset : BP_LOST;
		r.bp_at_bp = fits && s->bp.where == AT_BP;
	} else if (s->bp.where != SAME) {
		r.bp_offset = BP_LOST;
	}
	return r;
}

static void add_row(struct compiler *c, uint64_t address, struct rule r)
{
	uint64_t relative = address - c->src->text_at;
	int number;

	if (c->full || address < c->src->text_at || relative > c->src->text_bytes)
		return;
	number = rule_number(c, r);
	if (number < 0 || VEC_RESERVE(&c->at, c->at.n + 1) || VEC_RESERVE(&c->rule, c->at.n + 1)) {
		c->full = true;
		return;
	}
	while (c->at.n && c->at.v[c->at.n - 1] >= relative)
		c->at.n--; /* the end of the FDE before, or one that overlaps */
	if (c->at.n && c->rule.v[c->at.n - 1] == number)
		return;
	c->at.v[c->at.n] = (uint32_t)relative;
	c->rule.v[c->at.n++] = (uint16_t)number;
}

/* ---- call frame programs ---- */

/* The expressions that linkers and gcc write for a CFA. */
static void set_cfa_expression(struct state *s, struct cursor e)
{
	static const uint8_t plt[] = { 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a,
				       0x00, 0x2a, 0x33, 0x24, 0x22 };
	size_t n = (size_t)(e.end - e.p);
	uint8_t op;

	s->cfa = RULE_NONE;
	if (n == sizeof(plt) && memcmp(e.p, plt, 6) == 0 && memcmp(e.p + 7, plt + 7, 4) == 0 &&
	    e.p[6] >= 0x30 && e.p[6] <= 0x4f) { /* rsp + 8 + ((rip & 15) >= literal) << 3 */
		s->cfa = RULE_PLT;
		s->cfa_offset = e.p[6] - 0x30;
		return;
	}
	op = cursor_u8(&e);
	s->cfa_offset = cursor_sleb(&e);
	if ((op == 0x76 || op == 0x77) && cursor_u8(&e) == 0x06 && e.p == e.end &&
	    !e.bad) /* breg6|7, deref */
		s->cfa = op == 0x76 ? RULE_DEREF_BP : RULE_DEREF_SP;
}

static void set_cfa(struct state *s, uint64_t reg, int64_t offset)
{
	s->cfa = reg == REG_SP ? RULE_SP : reg == REG_BP ? RULE_BP : RULE_NONE;
	s->cfa_offset = offset;
}

static void save_at(struct state *s, uint64_t reg, enum where where, int64_t offset)
{
	if (reg == REG_BP)
		s->bp = (struct saved){ where, offset };
	else if (reg == REG_RA)
		s->ra = (struct saved){ where, offset };
}

/* DW_CFA_expression: only "at rbp + constant" is representable, which is how a realigned main() saves rbp. */
static void save_at_expression(struct state *s, uint64_t reg, struct cursor e)
{
	uint8_t op = cursor_u8(&e);
	int64_t offset = cursor_sleb(&e);

	if (op == 0x76 && e.p == e.end && !e.bad)
		save_at(s, reg, AT_BP, offset);
	else
		save_at(s, reg, ELSEWHERE, 0);
}

static void restore(struct state *s, const struct state *initial, uint64_t reg)
{
	if (reg == REG_BP)
		s->bp = initial->bp;
	else if (reg == REG_RA)
		s->ra = initial->ra;
}

struct program {
	struct compiler *c; /* NULL while the initial instructions of a CIE run: no rows */
	const struct cie *cie;
	struct state s, remembered[MAX_REMEMBERED];
	unsigned n_remembered;
	uint64_t pc, end;
};

static void advance(struct program *p, uint64_t delta)
{
	if (p->c)
		add_row(p->c, p->pc, rule_of(&p->s));
	p->pc += delta * p->cie->code_align;
}

/* A factored offset; hostile ones wrap around. */
static int64_t scaled(const struct program *p, uint64_t n)
{
	return (int64_t)(n * (uint64_t)p->cie->data_align);
}

/* The opcodes that carry their operand in the low six bits, and those that only move. */
static bool run_primary(struct program *p, struct cursor *i, uint8_t op)
{
	switch (op & 0xc0) {
	case 0x40: /* DW_CFA_advance_loc */
		advance(p, op & 0x3f);
		return true;
	case 0x80: /* DW_CFA_offset */
		save_at(&p->s, op & 0x3f, AT_CFA, scaled(p, cursor_uleb(i)));
		return true;
	case 0xc0: /* DW_CFA_restore */
		restore(&p->s, &p->cie->initial, op & 0x3f);
		return true;
	}
	return false;
}

/* False on an opcode that is not known: the rest of the program cannot be read. */
static bool run_extended(struct program *p, struct cursor *i, uint8_t op)
{
	struct state *s = &p->s;
	uint64_t reg;

	switch (op) {
	case 0x00: /* nop */
		return true;
	case 0x02: /* advance_loc1, 2, 4 */
	case 0x03:
	case 0x04:
		advance(p, cursor_fixed(i, (size_t)1 << (op - 2)));
		return true;
	case 0x05: /* offset_extended */
		reg = cursor_uleb(i);
		save_at(s, reg, AT_CFA, scaled(p, cursor_uleb(i)));
		return true;
	case 0x06: /* restore_extended */
		restore(s, &p->cie->initial, cursor_uleb(i));
		return true;
	case 0x07: /* undefined */
		save_at(s, cursor_uleb(i), UNDEFINED, 0);
		return true;
	case 0x08: /* same_value */
		save_at(s, cursor_uleb(i), SAME, 0);
		return true;
	case 0x09: /* register */
		reg = cursor_uleb(i);
		cursor_uleb(i);
		save_at(s, reg, ELSEWHERE, 0);
		return true;
	case 0x0a: /* remember_state */
		if (p->n_remembered == MAX_REMEMBERED)
			return false;
		p->remembered[p->n_remembered++] = *s;
		return true;
	case 0x0b: /* restore_state */
		if (p->n_remembered == 0)
			return false;
		*s = p->remembered[--p->n_remembered];
		return true;
	case 0x0c: /* def_cfa */
		reg = cursor_uleb(i);
		set_cfa(s, reg, (int64_t)cursor_uleb(i));
		return true;
	case 0x0d: /* def_cfa_register */
		set_cfa(s, cursor_uleb(i), s->cfa_offset);
		return true;
	case 0x0e: /* def_cfa_offset */
		s->cfa_offset = (int64_t)cursor_uleb(i);
		return true;
	case 0x0f: /* def_cfa_expression */
		set_cfa_expression(s, cursor_block(i, cursor_uleb(i)));
		return true;
	case 0x10: /* expression */
		reg = cursor_uleb(i);
		save_at_expression(s, reg, cursor_block(i, cursor_uleb(i)));
		return true;
	case 0x11: /* offset_extended_sf */
		reg = cursor_uleb(i);
		save_at(s, reg, AT_CFA, scaled(p, (uint64_t)cursor_sleb(i)));
		return true;
	case 0x12: /* def_cfa_sf */
		reg = cursor_uleb(i);
		set_cfa(s, reg, scaled(p, (uint64_t)cursor_sleb(i)));
		return true;
	case 0x13: /* def_cfa_offset_sf */
		s->cfa_offset = scaled(p, (uint64_t)cursor_sleb(i));
		return true;
	case 0x14: /* val_offset, val_offset_sf */
	case 0x15:
		reg = cursor_uleb(i);
		cursor_uleb(i);
		save_at(s, reg, ELSEWHERE, 0);
		return true;
	case 0x16: /* val_expression */
		reg = cursor_uleb(i);
		cursor_block(i, cursor_uleb(i));
		save_at(s, reg, ELSEWHERE, 0);
		return true;
	case 0x2e: /* GNU_args_size */
		cursor_uleb(i);
		return true;
	default:
		return false;
	}
}

static void run(struct program *p, struct cursor i)
{
	while (i.p < i.end && !i.bad && p->pc <= p->end) {
		uint8_t op = cursor_u8(&i);

		if (!(op & 0xc0 ? run_primary(p, &i, op) : run_extended(p, &i, op)))
			break;
	}
	if (p->c && p->pc < p->end)
		add_row(p->c, p->pc, rule_of(&p->s));
}

/* ---- entries ---- */

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

/* The contents of the entry at c, its length read; empty at the terminator. */
static struct cursor entry_body(struct cursor *c)
{
	uint64_t n = cursor_fixed(c, 4);

	if (n == 0xffffffff)
		n = cursor_fixed(c, 8);
	return cursor_block(c, n);
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

static bool read_cie(const struct cfi_source *src, struct cie *cie, const uint8_t *at)
{
	struct cursor c = { at, src->data + src->bytes, false };
	struct cursor body = entry_body(&c);
	struct program p = { .cie = cie, .end = UINT64_MAX };
	char letters[16] = "";
	uint8_t version;

	*cie = (struct cie){ .pointer_encoding = PE_ABSPTR };
	if (cursor_fixed(&body, 4) != 0)
		return false;
	version = cursor_u8(&body);
	if (version != 1 && version != 3)
		return false;
	for (unsigned i = 0; (letters[i] = (char)cursor_u8(&body)); i++)
		if (i == sizeof(letters) - 2)
			return false;
	if (strcmp(letters, "eh") == 0)
		return false; /* gcc 2 */
	cie->code_align = cursor_uleb(&body);
	cie->data_align = cursor_sleb(&body);
	if ((version == 1 ? cursor_u8(&body) : cursor_uleb(&body)) != REG_RA)
		return false;
	if (letters[0] == 'z' && !read_augmentation(cie, &body, letters + 1))
		return false;
	p.s.ra = p.s.bp = (struct saved){ SAME, 0 };
	run(&p, body);
	cie->initial = p.s;
	cie->at = at;
	return !body.bad;
}

static void compile_fde(struct compiler *c, uint64_t fde_at)
{
	const struct cfi_source *src = c->src;
	struct cursor cursor = cursor_at(src, fde_at), body = entry_body(&cursor);
	const uint8_t *id_at = body.p;
	uint64_t id = cursor_fixed(&body, 4), start, length;
	struct program p;

	if (body.bad || id == 0 || id > (uint64_t)(id_at - src->data))
		return;
	if (c->cie.at != id_at - id && !read_cie(src, &c->cie, id_at - id)) {
		c->cie.at = NULL;
		return;
	}
	start = read_pointer(src, &body, c->cie.pointer_encoding);
	length = read_value(&body, c->cie.pointer_encoding);
	if (c->cie.has_augmentation)
		cursor_block(&body, cursor_uleb(&body));
	if (body.bad || length == 0 || length > src->text_bytes || start < src->text_at)
		return;
	if (c->cie.is_signal) {
		/* The kernel's frame begins one byte before, so that callers can look up at address - 1. */
		add_row(c, start, (struct rule){ .kind = RULE_SIGNAL });
	} else {
		p = (struct program){ .c = c,
				      .cie = &c->cie,
				      .s = c->cie.initial,
				      .pc = start,
				      .end = start + length };
		run(&p, body);
	}
	add_row(c, start + length, (struct rule){ .kind = RULE_NONE });
}

/* Walk .eh_frame_hdr's search table: pairs of function and FDE, 4 bytes each, relative to the header. */
static bool compile_all(struct compiler *c)
{
	const struct cfi_source *src = c->src;
	struct cursor h = cursor_at(src, src->hdr_at);
	uint8_t version = cursor_u8(&h), ptr_encoding = cursor_u8(&h),
		count_encoding = cursor_u8(&h);
	uint8_t table_encoding = cursor_u8(&h);
	uint64_t count;

	if (version != 1 || count_encoding == PE_OMIT || table_encoding != (PE_DATAREL | PE_SDATA4))
		return false;
	read_value(&h, ptr_encoding);
	count = read_value(&h, count_encoding);
	for (; count && !h.bad && !c->full; count--) {
		uint64_t fde;

		cursor_fixed(&h, 4);
		fde = read_pointer(src, &h, PE_DATAREL | PE_SDATA4);
		if (!h.bad)
			compile_fde(c, fde);
	}
	return c->at.n > 0;
}

/* ---- the table ---- */

static struct cfi_table *finish(struct compiler *c)
{
	uint32_t n_pages = (uint32_t)((c->src->text_bytes + 4095) / 4096), row = 0;
	VEC(struct cfi_table) table = VEC_INIT;
	VEC(uint32_t) page = VEC_INIT;
	struct cfi_table *t;

	if (VEC_RESERVE(&table, 1) || VEC_RESERVE(&page, n_pages + 1)) {
		VEC_RELEASE(&table);
		return NULL;
	}
	for (uint32_t i = 0; i <= n_pages; i++) {
		while (row < c->at.n && c->at.v[row] < (uint64_t)i * 4096)
			row++;
		page.v[i] = row;
	}
	page.v[n_pages] = (uint32_t)c->at.n;
	t = table.v;
	*t = (struct cfi_table){
		.n_rows = (uint32_t)c->at.n,
		.n_pages = n_pages,
		.text_at = (uint32_t)c->src->text_at,
		.text_bytes = (uint32_t)c->src->text_bytes,
		.page = page.v,
		.at = c->at.v,
		.rule = c->rule.v,
		.rules = c->rules.v,
	};
	return t;
}

struct cfi_table *cfi_compile(const struct cfi_source *src)
{
	struct compiler c = { .src = src };
	struct cfi_table *t = NULL;

	if (src->text_at > UINT32_MAX || src->text_bytes >= UINT32_MAX)
		return NULL;
	hash_map_init(&c.rule_map);
	if (compile_all(&c))
		t = finish(&c);
	hash_map_release(&c.rule_map);
	if (!t) {
		VEC_RELEASE(&c.at);
		VEC_RELEASE(&c.rule);
		VEC_RELEASE(&c.rules);
	}
	return t;
}
