/* nodes.c - number the distinct places of a profile and give them printable names. */
#include "analyze/nodes.h"
#include "analyze/paths.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void nodes_init(struct nodes *t, struct profile *p, bool with_objfile)
{
	*t = (struct nodes){ .profile = p,
			     .with_objfile = with_objfile,
			     .arena = arena_new(ARENA_DIE) };
	hash_map_init(&t->map);
}

void nodes_release(struct nodes *t)
{
	VEC_RELEASE(&t->info);
	VEC_RELEASE(&t->names);
	VEC_RELEASE(&t->at);
	VEC_RELEASE(&t->of);
	VEC_RELEASE(&t->inlined);
	hash_map_release(&t->map);
	arena_free(t->arena);
}

static bool same_info(const struct node_info *a, const struct node_info *b)
{
	return a->name == b->name && a->file == b->file && a->objfile == b->objfile &&
	       a->address == b->address && a->start_line == b->start_line && a->line == b->line &&
	       a->column == b->column;
}

static uint64_t hash_info(const struct node_info *i)
{
	uint64_t h = hash_add((uint64_t)i->name << 32 | i->file, i->address);

	h = hash_add(h, (uint64_t)i->line);
	if (i->column)
		h = hash_add(h, (uint64_t)i->column);
	if (i->objfile || i->start_line)
		h = hash_add(hash_add(h, i->objfile), (uint64_t)i->start_line);
	return h;
}

static uint32_t find_node(struct nodes *t, const struct node_info *info)
{
	uint64_t h = hash_info(info);
	uint32_t *at;

	for (at = hash_map_first(&t->map, h); *at != HASH_MAP_NONE;
	     at = hash_map_next(&t->map, at, h))
		if (same_info(&t->info.v[*at], info))
			return *at;
	*at = (uint32_t)t->info.n;
	hash_map_added(&t->map, at, h);
	*VEC_PUSH(&t->info) = *info;
	*VEC_PUSH(&t->names) = (struct node_name){ NULL, 0 };
	return (uint32_t)t->info.n - 1;
}

/* The cleaned file name of each function. */
static str_id *clean_files(struct nodes *t, struct arena *scratch)
{
	struct profile *p = t->profile;
	str_id *files = ARENA_ARRAY(scratch, str_id, p->functions.n);

	for (size_t i = 0; i < p->functions.n; i++) {
		str_id id = p->functions.v[i].filename;
		const char *file = profile_str(p, id), *clean;

		if (!id)
			continue;
		clean = path_clean(scratch, file);
		files[i] = clean == file ? id : profile_intern(p, clean);
	}
	return files;
}

static struct node_info line_info(const struct nodes *t, const struct location *l,
				  const struct line *line, const str_id *files)
{
	const struct profile *p = t->profile;
	str_id objfile = l->mapping == PROFILE_NONE ? 0 : p->mappings.v[l->mapping].file;
	struct node_info info = { .address = l->address, .objfile = objfile };
	const struct function *f;

	if (!line || line->function == PROFILE_NONE)
		return info;
	f = &p->functions.v[line->function];
	info.name = f->name;
	info.file = files[line->function];
	info.line = line->line;
	info.column = line->column;
	if (t->with_objfile || !info.name)
		info.start_line = f->start_line;
	else if (!t->with_binary)
		info.objfile = 0;
	return info;
}

static void assign_location(struct nodes *t, const struct location *l, const str_id *files)
{
	const struct line *lines = t->profile->lines.v + l->first_line;
	struct node_info info;

	for (uint32_t i = 0; i < l->n_lines; i++) {
		info = line_info(t, l, &lines[i], files);
		*VEC_PUSH(&t->of) = find_node(t, &info);
		*VEC_PUSH(&t->inlined) =
			t->exact_inlines ? lines[i].is_inlined : i + 1 < l->n_lines;
	}
	if (l->n_lines == 0) {
		info = line_info(t, l, NULL, files);
		*VEC_PUSH(&t->of) = find_node(t, &info);
		*VEC_PUSH(&t->inlined) = false;
	}
}

void nodes_assign(struct nodes *t)
{
	struct profile *p = t->profile;
	struct arena *scratch = arena_new(ARENA_DIE);
	const str_id *files = clean_files(t, scratch);

	t->at.n = t->of.n = t->inlined.n = 0;
	VEC_MUST(&t->at, p->locations.n + 1);
	for (size_t i = 0; i < p->locations.n; i++) {
		t->at.v[i] = (uint32_t)t->of.n;
		assign_location(t, &p->locations.v[i], files);
	}
	t->at.v[p->locations.n] = (uint32_t)t->of.n;
	t->at.n = p->locations.n + 1;
	arena_free(scratch);
}

/* ---- names ---- */

static const char *place_text(struct arena *a, const struct profile *p, const struct node_info *i,
			      bool has_name, const char *file)
{
	if (i->line && i->column)
		return arena_printf(a, "%s:%" PRId64 ":%" PRId64, file, i->line, i->column);
	if (i->line)
		return arena_printf(a, "%s:%" PRId64, file, i->line);
	if (*file)
		return file;
	if (has_name)
		return NULL;
	if (i->objfile)
		return arena_printf(a, "[%s]", path_base(a, profile_str(p, i->objfile)));
	return "<unknown>";
}

const char *node_text(struct arena *a, const struct profile *p, const struct node_info *i,
		      const char *name, const char *file, const char *separator)
{
	const char *place = place_text(a, p, i, *name, file);
	char address[20] = "";

	if (i->address)
		snprintf(address, sizeof(address), "%016" PRIx64, i->address);
	if (!*address && !place)
		return name;
	if (!*address && !*name)
		return place;
	return arena_printf(a, "%s%s%s%s%s", address, *address && (*name || place) ? separator : "",
			    name, *name && place ? separator : "", place ? place : "");
}

const struct node_name *node_name(struct nodes *t, uint32_t node)
{
	struct node_name *name = &t->names.v[node];

	if (!name->s) {
		const struct node_info *info = &t->info.v[node];

		name->s = node_text(t->arena, t->profile, info, profile_str(t->profile, info->name),
				    profile_str(t->profile, info->file), " ");
		name->n = strlen(name->s);
	}
	return name;
}

int node_compare_text(struct nodes *t, uint32_t a, uint32_t b)
{
	const struct node_name *x = node_name(t, a), *y = node_name(t, b);
	int order = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* As Go prints the structure of pprof: with the linkage name, which is always empty. */
static const char *parts_text(struct nodes *t, const struct node_info *i)
{
	const struct profile *p = t->profile;

	return arena_printf(t->arena, "{%s  %" PRIu64 " %s %" PRId64 " %" PRId64 " %" PRId64 " %s}",
			    profile_str(p, i->name), i->address, profile_str(p, i->file),
			    i->start_line, i->line, i->column, profile_str(p, i->objfile));
}

int node_compare_parts(struct nodes *t, uint32_t a, uint32_t b)
{
	const struct node_info *x = &t->info.v[a], *y = &t->info.v[b];
	struct arena_mark mark = arena_mark(t->arena);
	int order = same_info(x, y) ? 0 : strcmp(parts_text(t, x), parts_text(t, y));

	arena_rewind(t->arena, mark);
	return order ? order : (a > b) - (a < b);
}

int node_compare_names(struct nodes *t, uint32_t a, uint32_t b)
{
	uint64_t x = t->info.v[a].address, y = t->info.v[b].address;

	if (x && y && x != y)
		return x < y ? -1 : 1;
	return node_compare_text(t, a, b);
}
