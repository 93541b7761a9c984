/* symtab.c - ELF symbols of one binary, sorted, one name an address.
 *
 * Which table: .symtab of the debug file, else of the binary, else .dynsym and with it the one that
 * is packed in .gnu_debugdata, which holds what .dynsym leaves out.
 *
 * Several symbols at one address (read, __read, __GI_read) are aliases and one must speak for all.
 * The rule, most important first: one with a size, a function rather than an ifunc (which has the
 * address of the function that chooses) and that rather than an untyped label, no
 * leading underscore, global before weak before local, the shorter name, the alphabet.  What speaks
 * here speaks for the name that DWARF has too, if it is a part of that (binary.c).
 *
 * A symbol without a size (assembly, _init) reaches to the next symbol of its own section and never
 * further: else _init would swallow the PLT.  Where ranges nest, a function wins over an untyped
 * label, the innermost over the outer.
 */
#include "symbolize/symtab.h"
#include "base/arena.h"
#include "symbolize/address_sort.h"
#include "symbolize/elf_inflate.h"
#include "symbolize/elf_relocate.h"
#include "symbolize/elf_strings.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_BACK    64 /* symbols that may start between a function and an address inside it */
#define COPIED_BYTES ((size_t)64 << 20)
#define MAX_SECTIONS 64 /* where a symbol of a wrong section is looked for */

struct symbols {
	struct symbol *v;
	size_t n, cap;
};

struct symtab {
	struct arena *arena;
	size_t copied;		 /* bytes of names that are not as they are in the file */
	struct elf_file *packed; /* from .gnu_debugdata; NULL = none */
	struct elf_bytes packed_bytes;
	struct symbols symbols; /* by start */
	VEC(uint64_t) reach;	/* the greatest end of symbols 0..i */
};

struct section {
	uint64_t start, end;
	bool is_code;
};

static uint8_t rank_of(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info);
	uint8_t rank = RANK_LOCAL;

	if (GELF_ST_BIND(sym->st_info) == STB_GLOBAL)
		rank = RANK_GLOBAL;
	else if (GELF_ST_BIND(sym->st_info) == STB_WEAK)
		rank = RANK_WEAK;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		rank |= type == STT_FUNC ? RANK_FUNC | RANK_OWN : RANK_FUNC;
	if (sym->st_size)
		rank |= RANK_SIZED;
	return rank;
}

/* Mapping symbols of Arm and compiler-made labels name no code.  (Haskell's compiler says of its code
 * that it is data.) */
static bool is_wanted(const GElf_Sym *sym, const char *name)
{
	int type = GELF_ST_TYPE(sym->st_info);

	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE && type != STT_OBJECT)
		return false;
	return name && name[0] && name[0] != '$' && strncmp(name, ".L", 2) != 0;
}

/* A file's name stands before its local symbols, and an empty one before those of the linker. */
static bool take_file(const GElf_Sym *sym, const char *name, const char **file)
{
	if (GELF_ST_TYPE(sym->st_info) != STT_FILE)
		return false;
	*file = name && name[0] ? name : NULL;
	return true;
}

/* Without the version that linkers append to what a library exports: fopen@@GLIBC_2.2.5. */
static const char *plain_name(struct symtab *t, const GElf_Sym *sym, const char *name, size_t bytes)
{
	bool is_local = GELF_ST_BIND(sym->st_info) == STB_LOCAL;
	const char *at = is_local ? NULL : memchr(name, '@', bytes);
	size_t n = at ? (size_t)(at - name) : 0;

	if (!n || n > COPIED_BYTES - t->copied)
		return name;
	t->copied += n;
	return arena_strndup(t->arena, name, n);
}

static bool holds_code(const struct section *s, uint64_t address)
{
	return s->is_code && address >= s->start && address < s->end;
}

/* NULL = none with code.  (objcopy that takes a section out does not correct the numbers in .dynsym.) */
static const struct section *section_of(const GElf_Sym *sym, const struct section *sections,
					size_t n)
{
	if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE)
		return NULL;
	if (sym->st_shndx < n && holds_code(&sections[sym->st_shndx], sym->st_value))
		return &sections[sym->st_shndx];
	for (size_t i = 1; i < n && i < MAX_SECTIONS; i++)
		if (holds_code(&sections[i], sym->st_value))
			return &sections[i];
	return NULL;
}

/* Local symbols follow the name of their file; those that became local as they are hidden need not. */
static bool is_of_file(const GElf_Sym *sym)
{
	return GELF_ST_BIND(sym->st_info) == STB_LOCAL &&
	       GELF_ST_VISIBILITY(sym->st_other) == STV_DEFAULT;
}

/* Ends of unsized symbols are their section's for now; trim_unsized() cuts them once all are
 * sorted. */
static void add_symbols(struct symtab *t, struct elf_file *f, Elf_Scn *table,
			const struct section *sections, size_t n_sections)
{
	const char *file = NULL;
	struct elf_strings names;
	GElf_Shdr sh;
	Elf_Data *data;
	size_t n;

	if (!gelf_getshdr(table, &sh) || !(data = elf_getdata(table, NULL)) || !sh.sh_entsize)
		return;
	names = elf_strings_get(f->elf, sh.sh_link);
	n = data->d_size / sh.sh_entsize;
	for (size_t i = 1; i < n && i <= INT32_MAX; i++) {
		const struct section *s;
		const char *name;
		size_t name_bytes;
		GElf_Sym sym;
		uint64_t end;

		if (!gelf_getsym(data, (int)i, &sym))
			continue;
		name = elf_string(&names, sym.st_name, &name_bytes);
		if (take_file(&sym, name, &file) || !is_wanted(&sym, name))
			continue;
		if (f->is_object && sym.st_shndx < n_sections)
			sym.st_value += sections[sym.st_shndx].start;
		s = section_of(&sym, sections, n_sections);
		if (!s)
			continue;
		end = s->end;
		if (sym.st_size && sym.st_size < s->end - sym.st_value)
			end = sym.st_value + sym.st_size;
		*VEC_PUSH(&t->symbols) = (struct symbol){
			sym.st_value,
			end,
			plain_name(t, &sym, name, name_bytes),
			rank_of(&sym),
			is_of_file(&sym) ? file : NULL,
		};
	}
}

static struct section *read_sections(struct elf_file *f, size_t *n)
{
	struct section *sections;
	Elf_Scn *scn = NULL;

	if (elf_getshdrnum(f->elf, n) || *n == 0 || !(sections = calloc(*n, sizeof(*sections))))
		return NULL;
	while ((scn = elf_nextscn(f->elf, scn))) {
		size_t i = elf_ndxscn(scn);
		GElf_Shdr sh;

		if (i < *n && gelf_getshdr(scn, &sh) && sh.sh_size <= UINT64_MAX - sh.sh_addr)
			sections[i] = (struct section){
				elf_section_base(f, i, sh.sh_addr),
				elf_section_base(f, i, sh.sh_addr) + sh.sh_size,
				(sh.sh_flags & SHF_ALLOC) && (sh.sh_flags & SHF_EXECINSTR),
			};
	}
	return sections;
}

static void read_table(struct symtab *t, struct elf_file *f, uint32_t type)
{
	size_t n;
	struct section *sections = f ? read_sections(f, &n) : NULL;
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;

	/* The first: there is one, and each of a damaged file's million may be as long as the file. */
	while (sections && (scn = elf_nextscn(f->elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == type &&
		    !(sh.sh_flags & SHF_COMPRESSED)) {
			add_symbols(t, f, scn, sections, n);
			break;
		}
	free(sections);
}

/* Negative: x speaks before y. */
static int compare_aliases(const struct symbol *x, const struct symbol *y)
{
	size_t nx = strlen(x->name), ny = strlen(y->name);

	if (x->rank / RANK_FUNC != y->rank / RANK_FUNC)
		return x->rank > y->rank ? -1 : 1;
	if ((x->name[0] == '_') != (y->name[0] == '_'))
		return x->name[0] == '_' ? 1 : -1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	if (nx != ny)
		return nx < ny ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void trim_unsized(struct symtab *t)
{
	for (size_t i = 0; i + 1 < t->symbols.n; i++) {
		struct symbol *s = &t->symbols.v[i];

		if (!(s->rank & RANK_SIZED) && s[1].start < s->end)
			s->end = s[1].start;
	}
}

/* Negative: x is what callers say rather than y. */
static int compare_called(const struct symbol *x, const struct symbol *y)
{
	if ((x->rank ^ y->rank) & RANK_OWN)
		return x->rank & RANK_OWN ? 1 : -1;
	return compare_aliases(x, y);
}

/* The first of those with the address, or NULL. */
static struct symtab_name *find_name(struct symtab_name *names, size_t n, uint64_t address)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (names[mid].address < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && names[lo].address == address ? &names[lo] : NULL;
}

void symtab_names_at(const struct symtab *t, struct symtab_name *names, size_t n)
{
	for (size_t i = 0; i < t->symbols.n; i++) {
		const struct symbol *s = &t->symbols.v[i];
		struct symtab_name *name = find_name(names, n, s->start);

		if (name && (!name->symbol || compare_called(s, name->symbol) < 0))
			name->symbol = s;
	}
	for (size_t i = 1; i < n; i++)
		if (names[i].address == names[i - 1].address)
			names[i].symbol = names[i - 1].symbol;
}

/* In the order of their addresses, the first of the aliases alone. */
static void sort_symbols(struct symtab *t)
{
	struct symbols given = t->symbols, sorted = { 0 };
	VEC(struct sort_pair) pairs = VEC_INIT;

	VEC_MUST(&pairs, given.n);
	for (size_t i = 0; i < given.n; i++)
		*VEC_PUSH(&pairs) = (struct sort_pair){ given.v[i].start, i };
	sort_pairs(pairs.v, pairs.n);
	VEC_MUST(&sorted, given.n);
	for (size_t i = 0; i < given.n; i++) {
		const struct symbol *s = &given.v[pairs.v[i].value];
		struct symbol *last = sorted.n ? &sorted.v[sorted.n - 1] : NULL;

		if (!last || last->start != s->start)
			*VEC_PUSH(&sorted) = *s;
		else if (compare_aliases(s, last) < 0)
			*last = *s;
	}
	t->symbols = sorted;
	VEC_RELEASE(&given);
	VEC_RELEASE(&pairs);
}

void symtab_sort(struct symtab *t)
{
	uint64_t reach = 0;

	if (t->symbols.n == 0)
		return;
	sort_symbols(t);
	trim_unsized(t);
	VEC_MUST(&t->reach, t->symbols.n);
	for (size_t i = 0; i < t->symbols.n; i++) {
		if (t->symbols.v[i].end > reach)
			reach = t->symbols.v[i].end;
		*VEC_PUSH(&t->reach) = reach;
	}
}

struct symtab *symtab_new_empty(void)
{
	struct arena *a = arena_new(ARENA_DIE);
	struct symtab *t = ARENA_NEW(a, struct symtab);

	t->arena = a;
	return t;
}

struct symtab *symtab_new_stubs(struct elf_file *binary)
{
	struct symtab *t = symtab_new_empty();

	plt_add_stubs(t, binary);
	symtab_sort(t);
	return t;
}

size_t symtab_all(const struct symtab *t, const struct symbol **out)
{
	*out = t->symbols.v;
	return t->symbols.n;
}

static void open_packed(struct symtab *t, struct elf_file *binary)
{
	struct elf_bytes section;

	if (elf_file_section(binary, ".gnu_debugdata", &section, NULL) ||
	    elf_unxz(section, binary->path, &t->packed_bytes, NULL))
		return;
	if (elf_file_open_mem(&t->packed, t->packed_bytes.p, t->packed_bytes.n, binary->path, NULL))
		t->packed = NULL;
}

struct symtab *symtab_new(struct elf_file *binary, struct elf_file *debug)
{
	struct symtab *t = symtab_new_empty();

	read_table(t, debug, SHT_SYMTAB);
	if (t->symbols.n == 0)
		read_table(t, binary, SHT_SYMTAB);
	if (t->symbols.n == 0) {
		read_table(t, binary, SHT_DYNSYM);
		open_packed(t, binary);
		read_table(t, t->packed, SHT_SYMTAB);
	}
	plt_add_stubs(t, binary);
	symtab_sort(t);
	return t;
}

void symtab_free(struct symtab *t)
{
	if (!t)
		return;
	elf_file_close(t->packed);
	elf_plain_free(t->packed_bytes);
	VEC_RELEASE(&t->symbols);
	VEC_RELEASE(&t->reach);
	arena_free(t->arena);
}

void symtab_add(struct symtab *t, struct symbol s, size_t name_bytes)
{
	s.name = arena_strndup(t->arena, s.name, name_bytes);
	*VEC_PUSH(&t->symbols) = s;
}

void symtab_add_stub(struct symtab *t, uint64_t start, uint64_t end, const char *name)
{
	*VEC_PUSH(&t->symbols) =
		(struct symbol){ start, end, arena_printf(t->arena, "%s@plt", name),
				 RANK_GLOBAL | RANK_FUNC | RANK_OWN | RANK_SIZED };
}

const struct symbol *symtab_find(const struct symtab *t, uint64_t address)
{
	const struct symbol *label = NULL;
	size_t lo = 0, hi = t->symbols.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (t->symbols.v[mid].start <= address)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (size_t back = 0; lo > 0 && back < LOOK_BACK && t->reach.v[lo - 1] > address; back++) {
		const struct symbol *s = &t->symbols.v[--lo];

		if (s->end <= address)
			continue;
		if (s->rank & RANK_FUNC)
			return s;
		if (!label)
			label = s;
	}
	return label;
}
