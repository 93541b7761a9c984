/* simple_name.c - cut a function name before its arguments. */
#include "analyze/simple_name.h"

#include <string.h>

/* The parenthesis at s belongs to a name, not to arguments: the length of what to skip, or 0. */
static size_t reserved_at(const char *name, const char *s)
{
	static const char anonymous[] = "(anonymous namespace)", call[] = "operator()";
	size_t before = sizeof(call) - 3;

	if (strncmp(s, anonymous, sizeof(anonymous) - 1) == 0)
		return sizeof(anonymous) - 1;
	if ((size_t)(s - name) >= before && strncmp(s - before, call, sizeof(call) - 1) == 0)
		return 2;
	return 0;
}

str_id simple_name(struct profile *p, str_id id)
{
	const char *name = profile_str(p, id), *s;

	name += *name == '.';
	for (s = strchr(name, '('); s; s = strchr(s, '(')) {
		size_t skip = reserved_at(name, s);

		if (!skip)
			return strtab_add(p->strings, name, (size_t)(s - name));
		s += skip;
	}
	return strtab_add_str(p->strings, name);
}
