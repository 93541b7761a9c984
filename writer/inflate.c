/* inflate.c - deflate and gzip (RFC 1951, 1952), read from a descriptor.
 *
 * The bits at hand are in a word that is filled up without a branch: eight bytes are read, of which
 * it takes as many as fit whole; those that did not fit are there already when they are read again.
 * One look-up in a table of 11 bits gives most literals and lengths, one of 8 most distances.  The
 * inner loop runs while no step of it can leave the input or the output, so it has no other checks
 * but of what the file says: a code that there is not, a distance before the beginning.
 *
 * At the end of the file the input goes on with zeros; that some of them were taken is seen after.
 */
#include "writer/inflate.h"
#include "base/memory.h"
#include "writer/inflate_table.h"

#include <errno.h>
#include <libdeflate.h>
#include <string.h>
#include <unistd.h>

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { INPUT = 1 << 13 }; /* so that small files come in several reads */
#else
enum { INPUT = 1 << 18 };
#endif

enum {
	INPUT_LOW = 4096, /* more than the header of a block or a member of ours takes */
	PAD = 64,
	STEP = 32, /* more input than one step of the inner loop takes */
	LITERAL_BITS = 11,
	LITERAL_ROOM = 2342, /* most entries of any code, by zlib's enough.c */
	DISTANCE_BITS = 8,
	DISTANCE_ROOM = 402,
	PRECODE_BITS = 7,
	N_PRECODES = 19,
	N_LITERALS = 286,
	N_DISTANCES = 30,
	END_OF_BLOCK = 256,
	FIRST_LENGTH = 257,
	GZIP_HEADER = 10,
	GZIP_TRAILER = 8,
};

enum state { AT_MEMBER, AT_BLOCK, IN_STORED, IN_CODED, AT_END };

struct bits {
	const uint8_t *in;
	uint64_t word;
	unsigned n; /* in word */
};

struct inflate {
	int fd;
	bool is_eof;
	enum state state;
	bool is_last; /* block of the member */
	struct bits bits;
	const uint8_t *end; /* of the input at hand; PAD bytes follow */
	size_t stored;	    /* bytes left of the block */
	uint64_t member;    /* bytes of the member unpacked */
	uint32_t crc;
	uint32_t literals[LITERAL_ROOM], distances[DISTANCE_ROOM];
	uint32_t literal_results[MOST_SYMBOLS], distance_results[32];
	uint8_t input[INPUT + PAD];
};

/* ---- bits ---- */

static inline void refill(struct bits *b)
{
	uint64_t w;

	memcpy(&w, b->in, sizeof(w));
	b->word |= w << b->n;
	b->in += (63 - b->n) >> 3;
	b->n |= 56;
}

static inline void drop(struct bits *b, unsigned n)
{
	b->word >>= n;
	b->n -= n;
}

/* At most 32 of those that refill() made sure of. */
static inline uint32_t take(struct bits *b, unsigned n)
{
	uint32_t v = (uint32_t)(b->word & (((uint64_t)1 << n) - 1));

	drop(b, n);
	return v;
}

/* Go on with whole bytes: give back those that are in the word. */
static void to_bytes(struct bits *b)
{
	b->in -= b->n >> 3;
	b->word = 0;
	b->n = 0;
}

/* Taken more than there was? */
static bool is_past_end(const struct inflate *z)
{
	return z->bits.in - (z->bits.n >> 3) > z->end;
}

/* ---- input ---- */

static bool read_input(struct inflate *z, uint8_t *at)
{
	while (at < z->input + INPUT) {
		ssize_t n = read(z->fd, at, (size_t)(z->input + INPUT - at));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		z->is_eof = n == 0;
		if (n == 0)
			break;
		at += n;
	}
	z->end = at;
	memset(at, 0, PAD);
	return true;
}

/* Have INPUT_LOW bytes at hand, if the file has them. */
static bool need_input(struct inflate *z)
{
	size_t left = z->end > z->bits.in ? (size_t)(z->end - z->bits.in) : 0;
	size_t held = z->bits.n >> 3;

	if (left >= INPUT_LOW || z->is_eof)
		return true;
	left += held; /* the whole bytes in the word may be given back */
	memmove(z->input, z->bits.in - held, left);
	z->bits.in = z->input + held;
	return read_input(z, z->input + left);
}

/* ---- blocks ---- */

static const uint8_t precode_order[N_PRECODES] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
						   11, 4,  12, 3, 13, 2, 14, 1, 15 };

/* Literals, the end, lengths: three of them cannot come. */
static void make_literal_results(uint32_t *results)
{
	unsigned base = 3;

	for (unsigned i = 0; i < END_OF_BLOCK; i++)
		results[i] = ENTRY_LITERAL | i << ENTRY_RESULT;
	results[END_OF_BLOCK] = ENTRY_SPECIAL | ENTRY_END;
	for (unsigned i = 0; i < 28; i++) {
		unsigned extra = i < 8 ? 0 : i / 4 - 1;

		results[FIRST_LENGTH + i] = base << ENTRY_RESULT | extra;
		base += 1u << extra;
	}
	results[285] = 258u << ENTRY_RESULT;
	results[286] = results[287] = ENTRY_SPECIAL;
}

static void make_distance_results(uint32_t *results)
{
	unsigned base = 1;

	for (unsigned i = 0; i < N_DISTANCES; i++) {
		unsigned extra = i < 4 ? 0 : i / 2 - 1;

		results[i] = base << ENTRY_RESULT | extra;
		base += 1u << extra;
	}
	results[30] = results[31] = ENTRY_SPECIAL;
}

static bool make_tables(struct inflate *z, const uint8_t *lens, unsigned n_literals,
			unsigned n_distances)
{
	struct inflate_code literals = { lens, z->literal_results, n_literals, false };
	struct inflate_code distances = { lens + n_literals, z->distance_results, n_distances,
					  true };

	return inflate_table_make(z->literals, LITERAL_ROOM, LITERAL_BITS, &literals) &&
	       inflate_table_make(z->distances, DISTANCE_ROOM, DISTANCE_BITS, &distances);
}

static bool begin_fixed(struct inflate *z)
{
	uint8_t lens[MOST_SYMBOLS + 32];

	memset(lens, 8, 144);
	memset(lens + 144, 9, 112);
	memset(lens + 256, 7, 24);
	memset(lens + 280, 8, 8);
	memset(lens + MOST_SYMBOLS, 5, 32);
	return make_tables(z, lens, MOST_SYMBOLS, 32);
}

/* The lengths of the codes, which are coded themselves. */
static bool read_lengths(struct inflate *z, const uint32_t *precodes, uint8_t *lens, unsigned n)
{
	struct bits *b = &z->bits;

	for (unsigned i = 0; i < n;) {
		unsigned entry, symbol, times = 1;
		uint8_t len;

		refill(b);
		entry = precodes[b->word & ((1 << PRECODE_BITS) - 1)];
		drop(b, entry & 0xff);
		symbol = entry >> ENTRY_RESULT;
		len = symbol < 16 ? (uint8_t)symbol : 0;
		if (symbol == 16) {
			if (i == 0)
				return false;
			len = lens[i - 1];
			times = 3 + take(b, 2);
		} else if (symbol == 17) {
			times = 3 + take(b, 3);
		} else if (symbol == 18) {
			times = 11 + take(b, 7);
		}
		if (times > n - i || is_past_end(z))
			return false;
		memset(lens + i, len, times);
		i += times;
	}
	return true;
}

static bool begin_dynamic(struct inflate *z)
{
	struct bits *b = &z->bits;
	unsigned n_literals = 257 + take(b, 5), n_distances = 1 + take(b, 5),
		 n_precodes = 4 + take(b, 4);
	uint8_t lens[MOST_SYMBOLS + 32], precode_lens[N_PRECODES] = { 0 };
	uint32_t precodes[1 << PRECODE_BITS], results[N_PRECODES];
	struct inflate_code precode = { precode_lens, results, N_PRECODES, false };

	if (n_literals > N_LITERALS || n_distances > N_DISTANCES)
		return false;
	for (unsigned i = 0; i < n_precodes; i++) {
		refill(b);
		precode_lens[precode_order[i]] = (uint8_t)take(b, 3);
	}
	for (unsigned i = 0; i < N_PRECODES; i++)
		results[i] = i << ENTRY_RESULT;
	return inflate_table_make(precodes, 1 << PRECODE_BITS, PRECODE_BITS, &precode) &&
	       read_lengths(z, precodes, lens, n_literals + n_distances) && lens[END_OF_BLOCK] &&
	       make_tables(z, lens, n_literals, n_distances);
}

static bool begin_stored(struct inflate *z)
{
	struct bits *b = &z->bits;
	uint32_t n;

	drop(b, b->n & 7);
	n = take(b, 32);
	to_bytes(b);
	z->stored = n & 0xffff;
	return !is_past_end(z) && (n & 0xffff) == (~n >> 16);
}

static bool begin_block(struct inflate *z)
{
	if (!need_input(z))
		return false;
	refill(&z->bits);
	z->is_last = take(&z->bits, 1);
	z->state = IN_CODED;
	switch (take(&z->bits, 2)) {
	case 0:
		z->state = IN_STORED;
		return begin_stored(z);
	case 1:
		return begin_fixed(z);
	case 2:
		return begin_dynamic(z);
	default:
		return false;
	}
}

/* ---- what is in blocks ---- */

/* Blocks of 16 bytes may write too much, which is overwritten or in the margin. */
static inline uint8_t *copy_match(uint8_t *out, size_t distance, size_t length)
{
	const uint8_t *from = out - distance;
	uint8_t *end = out + length;

	if (distance >= 16) {
		do {
			memcpy(out, from, 16);
			out += 16;
			from += 16;
		} while (out < end);
	} else {
		do
			*out++ = *from++;
		while (out < end);
	}
	return end;
}

static inline uint32_t with_extra(uint64_t word, uint32_t entry)
{
	unsigned all = entry & 0xff, code = entry >> ENTRY_LENGTH & 15;

	return (entry >> ENTRY_RESULT) + (uint32_t)((word & (((uint64_t)1 << all) - 1)) >> code);
}

static inline uint32_t look_up(struct bits *b, const uint32_t *table, uint32_t entry)
{
	if (!(entry & ENTRY_SUBTABLE))
		return entry;
	drop(b, entry & 0xff);
	return table[(entry >> ENTRY_RESULT) +
		     (b->word & ((1u << (entry >> ENTRY_LENGTH & 15)) - 1))];
}

enum coded { CODED_MORE, CODED_ENDED, CODED_WRONG };

/* Literals and matches until the block ends, or the input or the output may not suffice for one
 * more step.  Of a step's 56 bits three literals or two and a length take at most 42, a distance,
 * with bits of its own, 28. */
static enum coded decode(struct inflate *z, uint8_t **out_at, const uint8_t *begin,
			 const uint8_t *end)
{
	const uint32_t mask = (1 << LITERAL_BITS) - 1, distance_mask = (1 << DISTANCE_BITS) - 1;
	const uint8_t *stop = z->is_eof ? z->end + STEP / 4 : z->end - STEP;
	struct bits b = z->bits;
	uint8_t *out = *out_at;
	enum coded rc = CODED_MORE;

	while (b.in <= stop && out < end) {
		size_t length, distance;
		uint32_t e;

		refill(&b);
		e = z->literals[b.word & mask];
		for (int i = 0; i < 2 && e & ENTRY_LITERAL; i++) {
			drop(&b, e & 0xff);
			*out++ = (uint8_t)(e >> ENTRY_RESULT);
			e = z->literals[b.word & mask];
		}
		e = look_up(&b, z->literals, e);
		if (e & ENTRY_LITERAL) {
			drop(&b, e & 0xff);
			*out++ = (uint8_t)(e >> ENTRY_RESULT);
			continue;
		}
		if (e & ENTRY_SPECIAL) {
			rc = e & ENTRY_END ? CODED_ENDED : CODED_WRONG;
			drop(&b, e & 0xff);
			break;
		}
		length = with_extra(b.word, e);
		drop(&b, e & 0xff);
		refill(&b);
		e = look_up(&b, z->distances, z->distances[b.word & distance_mask]);
		distance = with_extra(b.word, e);
		if (e & ENTRY_SPECIAL || distance > (size_t)(out - begin)) {
			rc = CODED_WRONG;
			break;
		}
		drop(&b, e & 0xff);
		out = copy_match(out, distance, length);
	}
	z->bits = b;
	*out_at = out;
	return rc;
}

static bool go_on_coded(struct inflate *z, uint8_t **out, const uint8_t *begin, const uint8_t *end)
{
	enum coded rc;

	if (!need_input(z))
		return false;
	rc = decode(z, out, begin, end);
	if (rc == CODED_ENDED)
		z->state = AT_BLOCK;
	return rc != CODED_WRONG && !is_past_end(z);
}

static bool go_on_stored(struct inflate *z, uint8_t **out, const uint8_t *end)
{
	size_t n = z->stored, room = (size_t)(end - *out), left;

	if (!need_input(z))
		return false;
	left = (size_t)(z->end - z->bits.in);
	if (n && !left)
		return false;
	n = n < room ? n : room;
	n = n < left ? n : left;
	memcpy(*out, z->bits.in, n);
	*out += n;
	z->bits.in += n;
	z->stored -= n;
	if (!z->stored)
		z->state = AT_BLOCK;
	return true;
}

/* ---- members ---- */

/* Headers with names and the like are left to zlib.  At the end of the file there is none. */
static bool begin_member(struct inflate *z)
{
	static const uint8_t plain[4] = { 0x1f, 0x8b, 8, 0 };
	size_t left;

	if (!need_input(z))
		return false;
	left = (size_t)(z->end - z->bits.in);
	z->state = left ? AT_BLOCK : AT_END;
	if (!left)
		return true;
	if (left < GZIP_HEADER || memcmp(z->bits.in, plain, sizeof(plain)) != 0)
		return false;
	z->bits.in += GZIP_HEADER;
	z->is_last = false;
	z->member = 0;
	z->crc = 0;
	return true;
}

static uint32_t get_u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The sum of all that was unpacked of it is up to date. */
static bool end_member(struct inflate *z)
{
	struct bits *b = &z->bits;

	to_bytes(b);
	if (!need_input(z) || z->end - b->in < GZIP_TRAILER || get_u32(b->in) != z->crc ||
	    get_u32(b->in + 4) != (uint32_t)z->member)
		return false;
	b->in += GZIP_TRAILER;
	z->state = AT_MEMBER;
	return true;
}

static bool step(struct inflate *z, uint8_t **out, const uint8_t *begin, const uint8_t *end)
{
	switch (z->state) {
	case AT_MEMBER:
		return begin_member(z);
	case AT_BLOCK:
		return z->is_last ? end_member(z) : begin_block(z);
	case IN_STORED:
		return go_on_stored(z, out, end);
	case IN_CODED:
		return go_on_coded(z, out, begin, end);
	case AT_END:
		break;
	}
	return true;
}

/* One step, with the sum and the size of what it made. */
static bool unpack(struct inflate *z, uint8_t **out, const uint8_t *end)
{
	uint8_t *first = *out;
	size_t known = z->member < INFLATE_WINDOW ? (size_t)z->member : INFLATE_WINDOW;

	if (!step(z, out, first - known, end))
		return false;
	z->crc = libdeflate_crc32(z->crc, first, (size_t)(*out - first));
	z->member += (uint64_t)(*out - first);
	return true;
}

ssize_t inflate_next(struct inflate *z, uint8_t *out, size_t want)
{
	uint8_t *at = out;

	while (at < out + want && z->state != AT_END)
		if (!unpack(z, &at, out + want))
			return -1;
	return at - out;
}

struct inflate *inflate_new(int fd)
{
	struct inflate *z = memory_map(memory_round(sizeof(*z)));

	if (!z)
		return NULL;
	z->fd = fd;
	z->bits.in = z->end = z->input;
	make_literal_results(z->literal_results);
	make_distance_results(z->distance_results);
	return z;
}

void inflate_free(struct inflate *z)
{
	if (z)
		memory_unmap(z, memory_round(sizeof(*z)));
}
