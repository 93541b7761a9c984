/* demangle_cut.c - take parameters, return type and template arguments out of a demangled C++ name.
 *
 *	double (anonymous namespace)::A<int>::go<char>(char) const
 *	       (anonymous namespace)::A<int>::go<char>
 *
 *	int (*ns::pick<int>(int))(char)
 *	      ns::pick<int>
 *
 *	f(int) const::{lambda(int)#1}::operator()(int) const
 *	f() const::{lambda(int)#1}::operator()
 *
 * One pass from the left over the text outside all brackets.  A space ends the return type, a '('
 * begins parameters: those of the function itself if nothing follows, those of a function around it
 * if "::" does, and then only the brackets stay.  The parameters of a lambda are part of its name.
 *
 * What looks like a bracket and is none: operator<, operator(), ->, and < and > between the
 * parenthesized operands of an expression, as in A<(1)<(2)>.
 */
#include "symbolize/demangle_cut.h"

#include <ctype.h>
#include <string.h>

#define MAX_NESTING 200

struct text {
	const char *p, *end;
};

struct out {
	char *start, *p; /* there is always room: nothing gets longer than it was */
};

/* Longest first where one begins another. */
static const char *const operators[] = {
	"()", "[]", "<=>", "->*", "<<=", ">>=", "->", "<<", ">>", "<=", ">=", "==", "!=",
	"&&", "||", "++",  "--",  "+=",	 "-=",	"*=", "/=", "%=", "^=", "&=", "|=", "+",
	"-",  "*",  "/",   "%",	  "^",	 "&",	"|",  "~",  "!",  "=",	"<",  ">",  ",",
};

static const char anonymous[] = "(anonymous namespace)";

static bool begins(const char *p, const char *end, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(end - p) >= n && memcmp(p, with, n) == 0;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$';
}

static bool is_operator_word(const char *begin, const char *p, const char *end)
{
	return begins(p, end, "operator") && (p == begin || !is_word(p[-1])) &&
	       (p + 8 == end || !is_word(p[8]));
}

/* Past "operator" and its symbol; for `operator new`, `operator int` and `operator""` past the word
 * alone. */
static const char *skip_operator(const char *p, const char *end)
{
	p += 8;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (begins(p, end, operators[i]))
			return p + strlen(operators[i]);
	return p;
}

/* Past the bracket that closes the one at p; NULL if there is none. */
static const char *skip_group(const char *p, const char *end)
{
	char open[MAX_NESTING];
	const char *begin = p;
	int depth = 0;

	while (p < end) {
		char c = *p;

		if (is_operator_word(begin, p, end)) {
			p = skip_operator(p, end);
			continue;
		}
		if (c == '(' || c == '[' || c == '{' ||
		    (c == '<' && (p == begin || p[-1] != ')'))) {
			if (depth == MAX_NESTING)
				return NULL;
			open[depth++] = c;
		} else if (c == ')' || c == ']' || c == '}') {
			/* A '<' that is still open was a comparison. */
			while (depth && open[depth - 1] == '<')
				depth--;
			if (depth == 0)
				return NULL;
			depth--;
		} else if (c == '>' && depth && open[depth - 1] == '<' && p[-1] != '-') {
			depth--;
		}
		p++;
		if (depth == 0)
			return p;
	}
	return NULL;
}

/* Past " const", " &&" and the like after parameters. */
static const char *skip_qualifiers(const char *p, const char *end)
{
	static const char *const words[] = { " const", " volatile", " restrict", " &&", " &" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]);) {
		size_t n = strlen(words[i]);

		if (begins(p, end, words[i]) &&
		    (p + n == end || !is_word(p[n]) || words[i][1] == '&')) {
			p += n;
			i = 0;
		} else {
			i++;
		}
	}
	return p;
}

static void put(struct out *o, const char *p, const char *end)
{
	memcpy(o->p, p, (size_t)(end - p));
	o->p += end - p;
}

static void put_empty_parameters(struct out *o)
{
	*o->p++ = '(';
	*o->p++ = ')';
}

/* Copy the inside of brackets, emptying parameters that "::" follows, and leaving template
 * arguments out if asked. */
static bool put_inside(const struct demangle_cut *cut, struct out *o, struct text t, int depth)
{
	const char *begin = t.p;

	if (depth == MAX_NESTING)
		return false;
	while (t.p < t.end) {
		const char *p = t.p, *close, *after;

		if (is_operator_word(begin, p, t.end)) {
			t.p = skip_operator(p, t.end);
			put(o, p, t.p);
			continue;
		}
		if (begins(p, t.end, anonymous)) {
			t.p += sizeof(anonymous) - 1;
			put(o, p, t.p);
			continue;
		}
		if (*p != '(' && *p != '{' && (*p != '<' || (p > begin && p[-1] == ')'))) {
			put(o, p, p + 1);
			t.p++;
			continue;
		}
		close = skip_group(p, t.end);
		if (!close)
			return false;
		t.p = close;
		if (*p == '<' && cut->templates)
			continue;
		after = *p == '(' ? skip_qualifiers(close, t.end) : close;
		if (*p == '(' && p > begin && begins(after, t.end, "::")) {
			put_empty_parameters(o);
			continue;
		}
		put(o, p, p + 1);
		if (!put_inside(cut, o, (struct text){ p + 1, close - 1 }, depth + 1))
			return false;
		put(o, close - 1, close);
	}
	return true;
}

static bool put_group(const struct demangle_cut *cut, struct out *o, const char *p,
		      const char *close)
{
	put(o, p, p + 1);
	if (!put_inside(cut, o, (struct text){ p + 1, close - 1 }, 0))
		return false;
	put(o, close - 1, close);
	return true;
}

/* `decltype (x)` in a return type is no call. */
static bool is_after_decltype(const char *begin, const char *p)
{
	static const char word[] = "decltype";
	size_t n = sizeof(word) - 1;

	if (p > begin && p[-1] == ' ')
		p--;
	return (size_t)(p - begin) >= n && memcmp(p - n, word, n) == 0;
}

/* Past the `* const&` or `Class::*` before a name. */
static const char *skip_pointers(const char *p, const char *end)
{
	const char *at = p;

	while (at && at < end) {
		if (begins(at, end, "::*")) {
			at += 3;
			p = at;
		} else if (*at == '<' || *at == '(') {
			at = skip_group(at, end);
		} else if (is_word(*at) || begins(at, end, "::")) {
			at += is_word(*at) ? 1 : 2;
		} else {
			break;
		}
	}
	for (;;) {
		if (p < end && strchr("*& ", *p))
			p++;
		else if (begins(p, end, "const") && p + 5 < end && !is_word(p[5]))
			p += 5;
		else
			return p;
	}
}

static bool put_name(const struct demangle_cut *cut, struct out *o, struct text t, int depth);

/* At a '(' outside all brackets.  *done = the name is complete. */
static bool at_parenthesis(const struct demangle_cut *cut, struct out *o, const char *begin,
			   struct text *t, int depth, bool *done)
{
	const char *p = t->p, *close, *after;

	if (begins(p, t->end, anonymous)) {
		t->p += sizeof(anonymous) - 1;
		put(o, p, t->p);
		return true;
	}
	close = skip_group(p, t->end);
	if (!close)
		return false;
	t->p = close;
	if (is_after_decltype(begin, p))
		return true;
	if (p == begin || p[-1] == ' ') {
		/* A function that returns a pointer to function stands inside: (*name(...))(...) */
		const char *inside = skip_pointers(p + 1, close);

		o->p = o->start;
		*done = true;
		return put_name(cut, o, (struct text){ inside, close - 1 }, depth + 1);
	}
	after = skip_qualifiers(close, t->end);
	if (!begins(after, t->end, "::")) {
		*done = true;
		return true;
	}
	put_empty_parameters(o);
	put(o, close, after);
	t->p = after;
	return true;
}

/* After "operator" and its symbol: a space here is not the end of a return type. */
static void put_operator(const struct demangle_cut *cut, struct out *o, struct text *t,
			 bool *converts)
{
	const char *p = t->p;

	t->p = skip_operator(p, t->end);
	put(o, p, t->p);
	*converts = t->p == p + 8;
	/* `operator< <int>` */
	if (!*converts && begins(t->p, t->end, " <")) {
		if (!cut->templates)
			put(o, t->p, t->p + 1);
		t->p++;
	}
}

static bool put_name(const struct demangle_cut *cut, struct out *o, struct text t, int depth)
{
	const char *begin = t.p;
	bool done = false, converts = false;

	if (depth == MAX_NESTING)
		return false;
	while (t.p < t.end && !done) {
		const char *p = t.p;

		if (*p == '(') {
			if (!at_parenthesis(cut, o, begin, &t, depth, &done))
				return false;
		} else if (is_operator_word(begin, p, t.end)) {
			put_operator(cut, o, &t, &converts);
		} else if (*p == '<' || *p == '{') {
			const char *close = skip_group(p, t.end);

			if (!close)
				return false;
			if ((*p == '{' || !cut->templates) && !put_group(cut, o, p, close))
				return false;
			t.p = close;
		} else if (*p == ' ' && !converts) {
			o->p = o->start; /* that was the return type */
			t.p++;
		} else {
			put(o, p, p + 1);
			t.p++;
		}
	}
	return o->p > o->start;
}

/* What stands before the name of things that the compiler made. */
static size_t special_prefix(const char *full)
{
	static const char *const prefixes[] = {
		"non-virtual thunk to ",
		"virtual thunk to ",
		"covariant return thunk to ",
		"guard variable for ",
		"TLS init function for ",
		"TLS wrapper function for ",
		"vtable for ",
		"VTT for ",
		"typeinfo for ",
		"typeinfo name for ",
		"transaction clone for ",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(full, prefixes[i], strlen(prefixes[i])) == 0)
			return strlen(prefixes[i]);
	return 0;
}

const char *demangle_cut_name(const struct demangle_cut *cut, const char *full, struct arena *a)
{
	const char *end = full + strlen(full);
	size_t special = special_prefix(full);
	struct out o;

	o.start = o.p = arena_alloc(a, 2 * strlen(full) + 1);
	if (!(special ? put_inside(cut, &o, (struct text){ full, end }, 0)
		      : put_name(cut, &o, (struct text){ full, end }, 0)))
		return arena_strdup(a, full);
	*o.p = 0;
	return o.start;
}
