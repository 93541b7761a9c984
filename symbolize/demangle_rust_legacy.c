/* demangle_rust_legacy.c - Rust's older names: C++ names of a fixed shape.
 *
 *	_ZN 4core 3fmt 9Formatter 3pad 17h0123456789abcdef E
 *
 * The last part is a hash; punctuation is spelled $LT$ and the like.  What the optimizer appended
 * (.llvm.1234) is left out.  A C++ name may end like that by chance, but hardly with five different
 * digits.
 */
#include "symbolize/demangle_rust.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_BYTES = 3 + 16 + 1, MIN_DIFFERENT_DIGITS = 5 };

static const struct {
	const char *code, *text;
} codes[] = {
	{ "$SP$", "@" }, { "$BP$", "*" }, { "$RF$", "&" }, { "$LT$", "<" }, { "$GT$", ">" },
	{ "$LP$", "(" }, { "$RP$", ")" }, { "$C$", "," },  { "..", "::" },
};

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* $u7e$ for '~': any character of ASCII that can be seen. */
static size_t unicode_code(const char *s, size_t n, char *c)
{
	int high, low;

	if (n < 5 || s[0] != '$' || s[1] != 'u' || s[4] != '$')
		return 0;
	high = hex_digit(s[2]);
	low = hex_digit(s[3]);
	if (high < 2 || high > 7 || low < 0)
		return 0;
	*c = (char)(high << 4 | low);
	return 5;
}

/* One character or code at s; how many bytes it was, 0 if it begins like a code and is none. */
static size_t put_one(char_list *out, const char *s, size_t n)
{
	size_t used;
	char c;

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		used = strlen(codes[i].code);
		if (used > n || memcmp(s, codes[i].code, used) != 0)
			continue;
		for (const char *t = codes[i].text; *t; t++)
			*VEC_PUSH(out) = *t;
		return used;
	}
	used = unicode_code(s, n, &c);
	if (!used && s[0] == '$')
		return 0;
	*VEC_PUSH(out) = used ? c : s[0];
	return used ? used : 1;
}

static void put_part(char_list *out, const char *s, size_t n)
{
	const char *end = s + n;

	/* A part may not begin with '$', so an underscore goes before. */
	if (n > 1 && s[0] == '_' && s[1] == '$')
		s++;
	while (s < end) {
		size_t used = put_one(out, s, (size_t)(end - s));

		if (!used) {
			while (s < end)
				*VEC_PUSH(out) = *s++;
			return;
		}
		s += used;
	}
}

static bool put_parts(char_list *out, const char *s, const char *end)
{
	while (s < end) {
		char *part;
		size_t n;

		if (!isdigit((unsigned char)*s))
			return false;
		n = strtoul(s, &part, 10);
		if (part > end || n > (size_t)(end - part))
			return false;
		if (out->n) {
			*VEC_PUSH(out) = ':';
			*VEC_PUSH(out) = ':';
		}
		put_part(out, part, n);
		s = part + n;
	}
	return out->n > 0;
}

/* Where the hash begins; NULL if there is none. */
static const char *find_hash(const char *s)
{
	const char *end = s + strlen(s), *hash;
	unsigned seen = 0;

	for (const char *p = s; (p = strstr(p, "E.")); p++)
		end = p + 1;
	if (end - s < 3 + HASH_BYTES || end[-1] != 'E')
		return NULL;
	hash = end - HASH_BYTES;
	if (memcmp(hash, "17h", 3) != 0)
		return NULL;
	for (int i = 3; i < HASH_BYTES - 1; i++) {
		int digit = hex_digit(hash[i]);

		if (digit < 0)
			return NULL;
		seen |= 1u << digit;
	}
	return __builtin_popcount(seen) < MIN_DIFFERENT_DIGITS ? NULL : hash;
}

const char *demangle_rust_legacy(const char *s, struct arena *a)
{
	const char *hash, *name = NULL;
	char_list out = VEC_INIT;

	if (strncmp(s, "_ZN", 3) != 0)
		return NULL;
	hash = find_hash(s);
	if (hash && put_parts(&out, s + 3, hash))
		name = arena_strndup(a, out.v, out.n);
	VEC_RELEASE(&out);
	return name;
}
