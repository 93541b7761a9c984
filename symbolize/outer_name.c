/* outer_name.c - what the outermost function of a chain is called, by DWARF and the symbol table.
 *
 * Where DWARF gives no linkage name, as for functions of an anonymous namespace, the symbol has it: the
 * bare DW_AT_name would say `begin` for a thousand of them.  Where a function has several names in C,
 * DWARF knows one, and the one that speaks for all may be another.
 */
#include "symbolize/outer_name.h"

#include <string.h>

/* Does a mangled name contain this source name?  Template arguments and operators are spelled
 * otherwise.  (_D is D's.) */
static bool is_mangling_of(const char *mangled, const char *name)
{
	size_t n = strcspn(name, "<");

	if (mangled[0] != '_' || !mangled[1] || !strchr("ZRD", mangled[1]))
		return false;
	if (name[0] == '~' || strncmp(name, "operator", 8) == 0)
		return true;
	return memmem(mangled, strlen(mangled), name, n) != NULL;
}

/* How much of a mangled name is not .isra.0, .cold and the like.  Names of coroutines' frames have a dot,
 * and what begins with a capital, inside. */
static size_t source_bytes(const char *mangled)
{
	size_t n = strlen(mangled), end = n;

	while (end > 0) {
		char c = mangled[--end];

		if (c == '.')
			n = end;
		else if (c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9'))
			break;
	}
	return n;
}

/* Of malloc, __libc_malloc and __GI___libc_malloc DWARF knows one, and it need not be that which speaks
 * for all (symtab.c), which then is a part of it.  (Functions of other names at its address are others
 * that the linker found to be equal, in other files.) */
static const char *alias_of(const struct symtab *t, uint64_t address, const char *name)
{
	bool may_have = name[0] == '_' && name[1] != 'Z' && name[1] != 'R';
	const struct symbol *s = may_have ? symtab_find(t, address) : NULL;

	return s && strstr(name, s->name) ? s->name : NULL;
}

const char *outer_name_choose(const struct symtab *t, struct strtab *strings, uint64_t address,
			      const struct dwarf_frame *f)
{
	const char *name = f->frame.function, *alias;
	const struct symbol *s;

	if (name && f->is_linkage) {
		alias = alias_of(t, address, name);
		return alias ? alias : name;
	}
	s = symtab_find(t, address);
	if (s && !name)
		return s->name;
	if (!s || !f->bare || !is_mangling_of(s->name, f->bare))
		return name;
	/* It is one function in the source. */
	return strtab_get(strings, strtab_add(strings, s->name, source_bytes(s->name)));
}
