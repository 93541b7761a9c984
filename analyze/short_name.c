/* short_name.c - shorten the names of Go, Java and C++ functions.
 *
 * What language a name is of is told by its look alone, in this order:
 *
 *	Go	path/of/package.Func		-> package.Func, versions as "/v2" taken out
 *	Java	java.util.List.add(int)		-> List.add
 *	C++	space::Class::method<int>(int)	-> Class::method<int>
 *
 * A name of another form stays.  Each rule reads the name once, whatever is in it.
 */
#include "analyze/short_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* A part of the name; start is NULL where a rule does not apply. */
struct part {
	const char *start, *end;
};

static const struct part nothing = { NULL, NULL };

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_word(const char *s)
{
	while (is_word(*s))
		s++;
	return s;
}

static bool starts_identifier(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

/* ---- Go ---- */

/* The version that starts at s, as "/v2": its end, or NULL.  There is no v0 and no v1. */
static const char *skip_version(const char *s)
{
	const char *digits = s + 2, *end = digits;

	if (strncmp(s, "/v", 2) != 0)
		return NULL;
	while (isdigit((unsigned char)*end))
		end++;
	if (end == digits || *digits == '0' || (end - digits == 1 && *digits == '1'))
		return NULL;
	return *end == '.' || *end == '/' ? end : NULL;
}

static const char *without_version(struct arena *a, const char *name)
{
	if (strchr(name, '\n'))
		return name;
	for (const char *s = strchr(name, '/'); s; s = strchr(s + 1, '/')) {
		const char *end = skip_version(s);

		if (end)
			return arena_printf(a, "%.*s%s", (int)(s - name), name, end);
	}
	return name;
}

/* What follows the last folder that leaves a package, a dot and something after it. */
static struct part go_part(const char *name)
{
	const char *dot = name;
	struct part best = nothing;

	for (const char *s = name; *s; s++) {
		const char *folder = s;

		while (is_word(*s) || *s == '-' || *s == '.')
			s++;
		if (s == folder || *s != '/')
			break;
		if (dot && dot <= s)
			dot = strchr(s + 1, '.');
		if (dot && dot > s + 1 && dot[1] && dot[1] != '\n')
			best = (struct part){ s + 1, dot + 1 + strcspn(dot + 1, "\n") };
	}
	return best;
}

/* ---- Java ---- */

static const char *skip_java(const char *s)
{
	while (is_word(*s) || *s == '$')
		s++;
	return s;
}

static struct part java_part(const char *name)
{
	const char *class = name, *end;

	while (islower((unsigned char)*class)) {
		end = skip_word(class);
		if (*end != '.')
			return nothing;
		class = end + 1;
	}
	end = skip_java(class);
	if (!isupper((unsigned char)*class) || *end != '.')
		return nothing;
	end++;
	if (strncmp(end, "<init>", 6) == 0)
		end += 6;
	else if (islower((unsigned char)*end))
		end = skip_java(end);
	else
		return nothing;
	return *end == '(' || !*end ? (struct part){ class, end } : nothing;
}

/* ---- C++ ---- */

static const char *skip_scope(const char *s)
{
	if (!starts_identifier(*s))
		return NULL;
	s = skip_word(s);
	return strncmp(s, "::", 2) == 0 ? s + 2 : NULL;
}

/* "Class::method" at s: its end, or NULL. */
static const char *skip_method(const char *s)
{
	const char *method = skip_scope(s);

	while (*s == '_')
		s++;
	if (!method || !isupper((unsigned char)*s))
		return NULL;
	method += *method == '~';
	return starts_identifier(*method) ? skip_word(method) : NULL;
}

/* Up to the last '>' of the line, if these are template arguments. */
static const char *skip_template(const char *s)
{
	const char *line_end = s + strcspn(s, "\n");

	if (*s != '<')
		return s;
	while (line_end > s && line_end[-1] != '>')
		line_end--;
	return line_end > s ? line_end : s;
}

static struct part cpp_part(const char *name)
{
	struct part best = nothing;

	for (const char *s = skip_scope(name); s; s = skip_scope(s)) {
		const char *end = skip_method(s);

		if (end)
			best = (struct part){ s, end };
	}
	if (best.end)
		best.end = skip_template(best.end);
	return best;
}

const char *short_name(struct arena *a, const char *name)
{
	static const char anonymous[] = "(anonymous namespace)::";
	struct part part;

	if (strncmp(name, anonymous, sizeof(anonymous) - 1) == 0)
		name += sizeof(anonymous) - 1;
	name = without_version(a, name);
	part = go_part(name);
	if (!part.start)
		part = java_part(name);
	if (!part.start)
		part = cpp_part(name);
	return part.start ? arena_strndup(a, part.start, (size_t)(part.end - part.start)) : name;
}
