/* demangle_rust_v0.c - Rust's newer names, by the grammar of RFC 2603 and what was added to it since.
 *
 *	_RINvNtC3std3mem8align_ofdE                          std::mem::align_of::<f64>
 *	_RNCNvXs_C1aNtB4_1TNtNtC4core3fmt5Debug3fmts_0B4_    <a::T as core::fmt::Debug>::fmt::{closure#1}
 *
 * One letter says what comes; numbers are to base 62; B and a number is what was at that place of
 * the name before, so that a short name may print for ever: depth, steps and output are bounded.
 * What is printed is what pprof prints: no hashes of crates, no types after constants.  The paths
 * of impls and the crate that a generic was made for are read and not printed.
 */
#include "symbolize/rust_v0.h"

#include <string.h>

static void type(struct v0 *v);

/* ---- lifetimes ---- */

static void lifetime(struct v0 *v, uint64_t n)
{
	char letter[] = { '\'', 'a', 0 };

	if (n == 0) {
		v0_put(v, "'_");
	} else if (n > v->n_lifetimes) {
		v0_fail(v);
	} else if (v->n_lifetimes - n < 26) {
		letter[1] = (char)('a' + (v->n_lifetimes - n));
		v0_put(v, letter);
	} else {
		v0_put_number(v, "'z%llu", v->n_lifetimes - n - 25);
	}
}

/* for<'a, 'b> */
static void binder(struct v0 *v)
{
	uint64_t n = v0_optional_base62(v, 'G');

	if (n == 0)
		return;
	/* Each of them is used somewhere. */
	if (n > v->end - v->at) {
		v0_fail(v);
		return;
	}
	v0_put(v, "for<");
	for (uint64_t i = 0; i < n; i++) {
		v0_put(v, i ? ", " : "");
		v->n_lifetimes++;
		lifetime(v, 1);
	}
	v0_put(v, "> ");
}

/* ---- paths ---- */

static void impl_path(struct v0 *v)
{
	bool was_silent = v->is_silent;

	v->is_silent = true;
	v0_optional_base62(v, 's');
	v0_path(v, false);
	v->is_silent = was_silent;
}

static void nested_path(struct v0 *v, bool in_value)
{
	char namespace = v0_next(v);
	bool is_special = namespace >= 'A' && namespace <= 'Z';
	struct v0_identifier id;
	uint64_t number;

	if (!is_special && (namespace < 'a' || namespace > 'z'))
		v0_fail(v);
	v0_path(v, in_value);
	number = v0_optional_base62(v, 's');
	id = v0_identifier(v);
	if (!is_special) {
		v0_put(v, "::");
		v0_put_identifier(v, &id);
		return;
	}
	v0_put(v, "::{");
	if (namespace == 'C')
		v0_put(v, "closure");
	else if (namespace == 'S')
		v0_put(v, "shim");
	else
		v0_put_bytes(v, &namespace, 1);
	v0_put(v, id.n ? ":" : "");
	v0_put_identifier(v, &id);
	v0_put_number(v, "#%llu}", number);
}

static void generic_argument(struct v0 *v)
{
	if (v0_eat(v, 'L'))
		lifetime(v, v0_base62(v));
	else if (v0_eat(v, 'K'))
		v0_constant(v, false);
	else
		type(v);
}

static void generic_arguments(struct v0 *v)
{
	bool was_silent = v->is_silent;

	v->is_silent |= v->without_generics;
	for (size_t i = 0; v0_more_items(v); i++) {
		v0_put(v, i ? ", " : "");
		generic_argument(v);
	}
	v->is_silent = was_silent;
	v0_expect(v, 'E');
}

static void trait_of(struct v0 *v)
{
	v0_put(v, "<");
	type(v);
	v0_put(v, " as ");
	v0_path(v, false);
	v0_put(v, ">");
}

static void path_of_kind(struct v0 *v, char kind, bool in_value)
{
	struct v0_identifier id;

	switch (kind) {
	case 'C':
		v0_optional_base62(v, 's');
		id = v0_identifier(v);
		v0_put_identifier(v, &id);
		return;
	case 'M':
		impl_path(v);
		v0_put(v, "<");
		type(v);
		v0_put(v, ">");
		return;
	case 'X':
		impl_path(v);
		trait_of(v);
		return;
	case 'Y':
		trait_of(v);
		return;
	case 'N':
		nested_path(v, in_value);
		return;
	case 'I':
		v0_path(v, in_value);
		v0_put(v, in_value ? "::<" : "<");
		generic_arguments(v);
		v0_put(v, ">");
		return;
	default:
		v0_fail(v);
	}
}

/* In values generics need "::" before them: Vec::<T>::push, but <Vec<T> as Trait>. */
void v0_path(struct v0 *v, bool in_value)
{
	struct v0_place from;

	if (!v0_enter(v))
		return;
	if (!v0_eat(v, 'B')) {
		path_of_kind(v, v0_next(v), in_value);
	} else if (v0_go_back(v, &from)) {
		v0_path(v, in_value);
		v0_return(v, from);
	}
	v0_leave(v);
}

/* ---- types ---- */

static const char *const basic_types[26] = {
	['a' - 'a'] = "i8",    ['b' - 'a'] = "bool", ['c' - 'a'] = "char", ['d' - 'a'] = "f64",
	['e' - 'a'] = "str",   ['f' - 'a'] = "f32",  ['h' - 'a'] = "u8",   ['i' - 'a'] = "isize",
	['j' - 'a'] = "usize", ['l' - 'a'] = "i32",  ['m' - 'a'] = "u32",  ['n' - 'a'] = "i128",
	['o' - 'a'] = "u128",  ['p' - 'a'] = "_",    ['s' - 'a'] = "i16",  ['t' - 'a'] = "u16",
	['u' - 'a'] = "()",    ['v' - 'a'] = "...",  ['x' - 'a'] = "i64",  ['y' - 'a'] = "u64",
	['z' - 'a'] = "!",
};

static void reference_type(struct v0 *v, const char *what)
{
	v0_put(v, "&");
	if (v0_eat(v, 'L')) {
		uint64_t n = v0_base62(v);

		if (n) {
			lifetime(v, n);
			v0_put(v, " ");
		}
	}
	v0_put(v, what);
	type(v);
}

static void tuple_type(struct v0 *v)
{
	size_t n = 0;

	v0_put(v, "(");
	for (; v0_more_items(v); n++) {
		v0_put(v, n ? ", " : "");
		type(v);
	}
	v0_put(v, n == 1 ? ",)" : ")");
	v0_expect(v, 'E');
}

static void abi(struct v0 *v)
{
	struct v0_identifier id;

	if (v0_eat(v, 'C')) {
		v0_put(v, "extern \"C\" ");
		return;
	}
	id = v0_identifier(v);
	if (id.is_punycode)
		v0_fail(v);
	v0_put(v, "extern \"");
	for (size_t i = 0; i < id.n; i++)
		v0_put_bytes(v, id.p[i] == '_' ? "-" : id.p + i, 1);
	v0_put(v, "\" ");
}

static void function_type(struct v0 *v)
{
	uint64_t n_lifetimes = v->n_lifetimes;

	binder(v);
	if (v0_eat(v, 'U'))
		v0_put(v, "unsafe ");
	if (v0_eat(v, 'K'))
		abi(v);
	v0_put(v, "fn(");
	for (size_t i = 0; v0_more_items(v); i++) {
		v0_put(v, i ? ", " : "");
		type(v);
	}
	v0_expect(v, 'E');
	v0_put(v, ")");
	if (!v0_eat(v, 'u')) {
		v0_put(v, " -> ");
		type(v);
	}
	v->n_lifetimes = n_lifetimes;
}

/* A path whose generic arguments, if it has some, are left open; true then. */
static bool open_path(struct v0 *v)
{
	struct v0_place from;
	bool is_open = false;

	if (!v0_enter(v))
		return false;
	if (v0_eat(v, 'I')) {
		v0_path(v, false);
		v0_put(v, "<");
		generic_arguments(v);
		is_open = true;
	} else if (!v0_eat(v, 'B')) {
		v0_path(v, false);
	} else if (v0_go_back(v, &from)) {
		is_open = open_path(v);
		v0_return(v, from);
	}
	v0_leave(v);
	return is_open;
}

/* Trait<T, Name = U> */
static void dyn_trait(struct v0 *v)
{
	bool is_open = open_path(v);

	while (v0_eat(v, 'p')) {
		struct v0_identifier id;

		v0_put(v, is_open ? ", " : "<");
		is_open = true;
		id = v0_identifier(v);
		v0_put_identifier(v, &id);
		v0_put(v, " = ");
		type(v);
	}
	v0_put(v, is_open ? ">" : "");
}

static void dyn_type(struct v0 *v)
{
	uint64_t n_lifetimes = v->n_lifetimes, n;

	v0_put(v, "dyn ");
	binder(v);
	for (size_t i = 0; v0_more_items(v); i++) {
		v0_put(v, i ? " + " : "");
		dyn_trait(v);
	}
	v0_expect(v, 'E');
	v->n_lifetimes = n_lifetimes;
	v0_expect(v, 'L');
	n = v0_base62(v);
	if (n) {
		v0_put(v, v->out.n && v->out.v[v->out.n - 1] == ' ' ? "+ " : " + ");
		lifetime(v, n);
	}
}

static void array_type(struct v0 *v, bool has_length)
{
	v0_put(v, "[");
	type(v);
	if (has_length) {
		v0_put(v, "; ");
		v0_constant(v, true);
	}
	v0_put(v, "]");
}

/* 1..=9, one of several with bars between them, or what no null pointer is. */
static void pattern(struct v0 *v)
{
	if (!v0_enter(v))
		return;
	if (v0_eat(v, 'R')) {
		v0_constant(v, false);
		v0_put(v, "..=");
		v0_constant(v, false);
	} else if (v0_eat(v, 'O')) {
		pattern(v);
		while (v0_more_items(v)) {
			v0_put(v, " | ");
			pattern(v);
		}
		v0_expect(v, 'E');
	} else {
		v0_expect(v, 'N');
		v0_put(v, "!null");
	}
	v0_leave(v);
}

/* A type that has not all of its values. */
static void pattern_type(struct v0 *v)
{
	type(v);
	v0_put(v, " is ");
	pattern(v);
}

static void type_of_kind(struct v0 *v, char kind)
{
	switch (kind) {
	case 'W':
		pattern_type(v);
		return;
	case 'A':
	case 'S':
		array_type(v, kind == 'A');
		return;
	case 'T':
		tuple_type(v);
		return;
	case 'R':
		reference_type(v, "");
		return;
	case 'Q':
		reference_type(v, "mut ");
		return;
	case 'P':
		v0_put(v, "*const ");
		type(v);
		return;
	case 'O':
		v0_put(v, "*mut ");
		type(v);
		return;
	case 'F':
		function_type(v);
		return;
	case 'D':
		dyn_type(v);
		return;
	default:
		path_of_kind(v, kind, false);
	}
}

static void type(struct v0 *v)
{
	struct v0_place from;
	char kind;

	if (!v0_enter(v))
		return;
	if (v0_eat(v, 'B')) {
		if (v0_go_back(v, &from)) {
			type(v);
			v0_return(v, from);
		}
	} else if ((kind = v0_next(v)) >= 'a' && kind <= 'z') {
		if (basic_types[kind - 'a'])
			v0_put(v, basic_types[kind - 'a']);
		else
			v0_fail(v);
	} else {
		type_of_kind(v, kind);
	}
	v0_leave(v);
}

/* ---- the whole ---- */

const char *demangle_rust_v0(const char *s, bool without_generics, struct arena *a)
{
	struct v0 v = { .s = s + 2, .without_generics = without_generics };
	const char *name = NULL;

	if (strncmp(s, "_R", 2) != 0)
		return NULL;
	/* Without what the optimizer appended. */
	v.end = strcspn(v.s, ".");
	v0_path(&v, true);
	if (v.at < v.end) {
		v.is_silent = true;
		v0_path(&v, false);
	}
	if (!v.failed && v.at == v.end)
		name = arena_strndup(a, v.out.n ? v.out.v : "", v.out.n);
	VEC_RELEASE(&v.out);
	return name;
}
