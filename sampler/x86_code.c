/* x86_code.c - see x86_code.h.  Runs inside the handler.
 *
 * Formats: Intel's Software Developer's Manual, volume 2, chapter 2 and appendix A.  The tables say what follows an
 * opcode: a ModRM byte (m), an immediate of 1 (b), 2 (w) or 4 bytes (d), both (M, D), an address (q), enter's (e), what
 * depends on the ModRM byte (t, T), nothing (-), or that the opcode ends no function that goes on (x).
 */
#include "sampler/x86_code.h"

#include <string.h>

static const char one_byte[] = "mmmmbdxxmmmmbdxx"
			       "mmmmbdxxmmmmbdxx"
			       "mmmmbdxxmmmmbdxx"
			       "mmmmbdxxmmmmbdxx"
			       "xxxxxxxxxxxxxxxx"
			       "----------------"
			       "xxxmxxxxdDbM----"
			       "bbbbbbbbbbbbbbbb"
			       "MDxMmmmmmmmmmmmm"
			       "----------x-----"
			       "qqqq----bd------"
			       "bbbbbbbbdddddddd"
			       "MMw-xxMDe-w-xbx-"
			       "mmmmxxx-mmmmmmmm"
			       "bbbbbbbbddxb----"
			       "xxxxx-tT------mm";
static const char two_bytes[] = "mmmmx-----xxxm-M"
				"mmmmmmmmmmmmmmmm"
				"mmmmxxxxmmmmmmmm"
				"------x-xxxxxxxx"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"MMMMmmm-mmxxmmmm"
				"dddddddddddddddd"
				"mmmmmmmmmmmmmmmm"
				"---mMmxx---mMmmm"
				"mmmmmmmmmmMmmmmm"
				"mmMmMMMm--------"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmx";

enum { XOP_FIRST = 8, XOP_LAST = 10 };

struct reader {
	const uint8_t *p, *end;
	bool is_short;		   /* 66: immediates of 4 bytes have 2 */
	bool is_wide;		   /* REX.W */
	uint8_t more_reg, more_rm; /* the fourth bits, as 8 or 0 */
};

static bool take(struct reader *r, uint8_t *byte)
{
	if (r->p == r->end)
		return false;
	*byte = *r->p++;
	return true;
}

static bool take_number(struct reader *r, size_t n, int32_t *value)
{
	int32_t v = 0;

	if ((size_t)(r->end - r->p) < n)
		return false;
	for (size_t i = 0; i < n && i < sizeof(v); i++)
		v |= (int32_t)((uint32_t)r->p[i] << 8 * i);
	r->p += n;
	*value = n == 1 ? (int8_t)v : n == 2 ? (int16_t)v : v;
	return true;
}

static bool is_prefix(uint8_t b)
{
	return b == 0x66 || b == 0x67 || (b & 0xfe) == 0x64 || (b & 0xe7) == 0x26 || b == 0xf0 ||
	       b == 0xf2 || b == 0xf3;
}

static bool take_prefixes(struct reader *r, uint8_t *opcode)
{
	do {
		if (!take(r, opcode))
			return false;
		r->is_short |= *opcode == 0x66;
	} while (is_prefix(*opcode));
	if ((*opcode & 0xf0) != 0x40)
		return true;
	r->is_wide = *opcode & 8;
	r->more_reg = (uint8_t)(*opcode << 1 & 8);
	r->more_rm = (uint8_t)(*opcode << 3 & 8);
	return take(r, opcode);
}

/* pop's opcode begins AMD's XOP, whose tables have numbers that pop has not. */
static bool begins_vector(const struct reader *r, uint8_t b)
{
	return b == 0xc4 || b == 0xc5 || b == 0x62 ||
	       (b == 0x8f && r->p < r->end && (*r->p & 0x1f) >= XOP_FIRST);
}

/* VEX of two bytes or three, XOP of three, EVEX of four; the opcode comes behind. */
static bool take_vector(struct reader *r, struct x86_code *code, uint8_t first)
{
	uint8_t b = 1, rest;

	code->is_vector = true;
	if (first != 0xc5 && !take(r, &b))
		return false;
	code->map = b & (first == 0x62 ? 7 : 0x1f);
	for (int n = first == 0x62 ? 2 : 1; n; n--)
		if (!take(r, &rest))
			return false;
	return code->map != X86_ONE_BYTE && take(r, &code->opcode);
}

static bool take_opcode(struct reader *r, struct x86_code *code)
{
	uint8_t b;

	if (!take_prefixes(r, &b))
		return false;
	if (begins_vector(r, b))
		return take_vector(r, code, b);
	code->opcode = b;
	if (b != 0x0f)
		return true;
	code->map = X86_0F;
	if (!take(r, &code->opcode))
		return false;
	if (code->opcode != 0x38 && code->opcode != 0x3a)
		return true;
	code->map = code->opcode == 0x38 ? X86_0F38 : X86_0F3A;
	return take(r, &code->opcode);
}

static bool take_operands(struct reader *r, struct x86_code *code)
{
	uint8_t modrm, mod, sib = 0;

	if (!take(r, &modrm))
		return false;
	mod = modrm >> 6;
	code->reg = (modrm >> 3 & 7) | r->more_reg;
	code->rm = (modrm & 7) | r->more_rm;
	code->is_memory = mod != 3;
	if (mod == 3)
		return true;
	if ((modrm & 7) == 4) {
		if (!take(r, &sib))
			return false;
		code->rm = (sib & 7) | r->more_rm;
		code->has_index = (sib >> 3 & 7) != 4;
	}
	if (mod == 0 && ((modrm & 7) == 5 || ((modrm & 7) == 4 && (sib & 7) == 5))) {
		code->rm = X86_NO_BASE;
		mod = 2;
	}
	return mod == 0 || take_number(r, mod == 1 ? 1 : 4, &code->displacement);
}

static char shape_of(const struct x86_code *code)
{
	switch (code->map) {
	case X86_ONE_BYTE:
		return one_byte[code->opcode];
	case X86_0F:
		return two_bytes[code->opcode];
	case X86_0F3A:
	case XOP_FIRST:
		return 'M';
	case XOP_LAST:
		return 'D';
	default:
		return code->map <= XOP_LAST && code->map != X86_OTHER ? 'm' : 'x';
	}
}

static size_t immediate_bytes(const struct reader *r, const struct x86_code *code, char shape)
{
	bool is_test = code->reg < 2 || (code->reg & 7) < 2;
	bool is_branch = code->map == X86_0F || (code->opcode & 0xfe) == 0xe8;

	switch (shape) {
	case 'b':
	case 'M':
		return 1;
	case 'w':
		return 2;
	case 'e':
		return 3;
	case 'q':
		return 8;
	case 't':
		return is_test ? 1 : 0;
	case 'T':
		return is_test ? r->is_short ? 2 : 4 : 0;
	case 'd':
	case 'D':
		if (code->map == X86_ONE_BYTE && (code->opcode & 0xf8) == 0xb8 && r->is_wide)
			return 8;
		return r->is_short && !is_branch ? 2 : 4;
	default:
		return 0;
	}
}

bool x86_decode(struct x86_code *code, const uint8_t *p, size_t n)
{
	struct reader r = { .p = p, .end = p + (n < X86_MOST_BYTES ? n : X86_MOST_BYTES) };
	bool has_operands;
	size_t bytes;
	char shape;

	*code = (struct x86_code){ .map = X86_ONE_BYTE };
	if (!take_opcode(&r, code))
		return false;
	shape = shape_of(code);
	has_operands = shape == 'm' || shape == 'M' || shape == 'D' || shape == 't' || shape == 'T';
	if (shape == 'x' || (has_operands && !take_operands(&r, code)))
		return false;
	if (!has_operands)
		code->rm = (code->opcode & 7) | r.more_rm;
	bytes = immediate_bytes(&r, code, shape);
	if (bytes && !take_number(&r, bytes, &code->immediate))
		return false;
	code->length = (uint8_t)(r.p - p);
	return true;
}
