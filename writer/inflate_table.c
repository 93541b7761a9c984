/* inflate_table.c - from code lengths to decoding tables (RFC 1951, 3.2.2).
 *
 * Codes are numbered in the order of their lengths, then of their symbols, and come in the stream
 * with their first bit lowest: so they are counted up reversed.  Codes that begin with the same
 * index_bits bits follow each other, so a subtable is begun where that prefix changes, as large as
 * what is left of the longer codes wants.
 */
#include "writer/inflate_table.h"

struct making {
	uint32_t *table;
	size_t room, used;
	unsigned index_bits, longest;
	unsigned left_of[MOST_CODE_BITS + 2]; /* codes of each length that have no entry yet */
	uint32_t subtable, prefix;	      /* at work; prefix UINT32_MAX = none */
	unsigned subtable_bits;
};

/* Over-subscribed, or incomplete where it must not be? */
static bool lengths_are_right(const struct making *m, bool may_be_partial)
{
	int left = 1;

	for (unsigned len = 1; len <= MOST_CODE_BITS; len++) {
		left = left * 2 - (int)m->left_of[len];
		if (left < 0)
			return false;
	}
	return left == 0 || (may_be_partial && m->longest <= 1);
}

static void sort_symbols(uint16_t *sorted, const struct making *m, const struct inflate_code *code)
{
	unsigned at[MOST_CODE_BITS + 2] = { 0 };

	for (unsigned len = 1; len <= MOST_CODE_BITS; len++)
		at[len + 1] = at[len] + m->left_of[len];
	for (unsigned i = 0; i < code->n; i++)
		if (code->lens[i])
			sorted[at[code->lens[i]]++] = (uint16_t)i;
}

static bool begin_subtable(struct making *m, uint32_t prefix, unsigned len)
{
	unsigned bits = len - m->index_bits;
	int left = 1 << bits;

	for (; bits + m->index_bits < m->longest; bits++, left *= 2) {
		left -= (int)m->left_of[bits + m->index_bits];
		if (left <= 0)
			break;
	}
	if (m->room - m->used < (size_t)1 << bits)
		return false;
	m->prefix = prefix;
	m->subtable = (uint32_t)m->used;
	m->subtable_bits = bits;
	m->used += (size_t)1 << bits;
	m->table[prefix] = m->subtable << ENTRY_RESULT | ENTRY_SPECIAL | ENTRY_SUBTABLE |
			   bits << ENTRY_LENGTH | m->index_bits;
	return true;
}

/* Wherever the bits that are looked at begin with the code. */
static void fill(uint32_t *table, unsigned bits, uint32_t code, unsigned len, uint32_t result)
{
	for (uint32_t i = code; i < (uint32_t)1 << bits; i += (uint32_t)1 << len)
		table[i] = result + (len << ENTRY_LENGTH) + len;
}

static bool add_code(struct making *m, uint32_t code, unsigned len, uint32_t result)
{
	uint32_t prefix = code & (((uint32_t)1 << m->index_bits) - 1);

	if (len <= m->index_bits) {
		fill(m->table, m->index_bits, code, len, result);
		return true;
	}
	if (prefix != m->prefix && !begin_subtable(m, prefix, len))
		return false;
	fill(m->table + m->subtable, m->subtable_bits, code >> m->index_bits, len - m->index_bits,
	     result);
	return true;
}

/* The code after this one of the same length, both reversed. */
static uint32_t next_code(uint32_t code, unsigned len)
{
	uint32_t bit = (uint32_t)1 << (len - 1);

	while (code & bit)
		bit >>= 1;
	return bit ? (code & (bit - 1)) + bit : 0;
}

bool inflate_table_make(uint32_t *table, size_t room, unsigned index_bits,
			const struct inflate_code *code)
{
	struct making m = { .table = table,
			    .room = room,
			    .used = (size_t)1 << index_bits,
			    .index_bits = index_bits,
			    .prefix = UINT32_MAX };
	uint16_t sorted[MOST_SYMBOLS];
	uint32_t bits = 0;
	unsigned n = 0;

	for (unsigned i = 0; i < code->n; i++)
		if (code->lens[i]) {
			m.left_of[code->lens[i]]++;
			m.longest = code->lens[i] > m.longest ? code->lens[i] : m.longest;
			n++;
		}
	if (!lengths_are_right(&m, code->may_be_partial))
		return false;
	if (n < 2)
		for (uint32_t i = 0; i < (uint32_t)1 << index_bits; i++)
			table[i] = ENTRY_SPECIAL;
	sort_symbols(sorted, &m, code);
	for (unsigned i = 0; i < n; i++) {
		unsigned len = code->lens[sorted[i]];

		if (!add_code(&m, bits, len, code->results[sorted[i]]))
			return false;
		bits = next_code(bits, len);
		m.left_of[len]--;
	}
	return true;
}
