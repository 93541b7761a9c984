/* firefox_shared.c - the tables that all threads of a Firefox profile share.
 *
 * Each is an object of columns, which refer to each other by index.
 */
#include "analyze/firefox.h"
#include "analyze/paths.h"

static uint32_t intern(struct firefox *f, const char *s)
{
	return strtab_add_str(f->strings, s);
}

static void put_index(struct json *j, uint32_t i, bool none_is_null)
{
	if (i != NODE_NONE)
		json_int(j, NULL, i);
	else if (none_is_null)
		json_null(j, NULL);
	else
		json_int(j, NULL, -1);
}

/* The same value n times. */
static void fill_ints(struct json *j, const char *key, size_t n, int64_t v)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		json_int(j, NULL, v);
	json_close(j, ']');
}

static void fill_nulls(struct json *j, const char *key, size_t n)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		json_null(j, NULL);
	json_close(j, ']');
}

static void fill_false(struct json *j, const char *key, size_t n)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		json_bool(j, NULL, false);
	json_close(j, ']');
}

static void end_table(struct json *j, size_t n)
{
	json_int(j, "length", (int64_t)n);
	json_close(j, '}');
	json_line(j);
}

/* The library of a node: the first mapping of its file. */
static uint32_t library_of(const struct firefox *f, uint32_t node)
{
	const struct profile *p = f->r->profile;
	str_id file = f->r->nodes.info.v[node].objfile;

	for (uint32_t i = 0; file && i < p->mappings.n; i++)
		if (p->mappings.v[i].file == file)
			return i;
	return NODE_NONE;
}

static uint32_t source_of(struct firefox *f, uint32_t node)
{
	str_id file = f->r->nodes.info.v[node].file;
	uint32_t i;

	if (!file)
		return NODE_NONE;
	i = pairs_add(&f->sources, 0, file);
	if (i == f->source_files.n)
		*VEC_PUSH(&f->source_files) = file;
	return i;
}

/* How far before each place of a run its caller's is. */
static void write_offsets(struct firefox *f, size_t i)
{
	const struct stack_run *run = &f->stacks.v.v[i];
	uint64_t place = run->first, end = f->stacks.n_places;

	if (i + 1 < f->stacks.v.n)
		end = f->stacks.v.v[i + 1].first;
	json_int(&f->j, NULL,
		 run->parent == STACK_RUNS_ROOT ? 0 : (int64_t)(run->first - run->parent));
	while (++place < end)
		json_int(&f->j, NULL, 1);
}

static void write_stacks(struct firefox *f)
{
	struct json *j = &f->j;

	json_open(j, "stackTable", '{');
	json_open(j, "frame", '[');
	for (size_t i = 0; i < f->stacks.v.n; i++) {
		struct stack_steps steps = f->stacks.v.v[i].steps;
		uint32_t node;

		while ((node = stack_steps_next(&steps, f->r)) != NODE_NONE)
			json_int(j, NULL, node);
	}
	json_close(j, ']');
	json_open(j, "prefixOffset", '[');
	for (size_t i = 0; i < f->stacks.v.n; i++)
		write_offsets(f, i);
	json_close(j, ']');
	end_table(j, f->stacks.n_places);
}

static void write_numbers_or_null(struct firefox *f, const char *key, bool columns)
{
	const struct nodes *nodes = &f->r->nodes;

	json_open(&f->j, key, '[');
	for (size_t i = 0; i < nodes->info.n; i++) {
		int64_t v = columns ? nodes->info.v[i].column : nodes->info.v[i].line;

		if (v > 0)
			json_int(&f->j, NULL, v);
		else
			json_null(&f->j, NULL);
	}
	json_close(&f->j, ']');
}

static void write_frames(struct firefox *f)
{
	struct json *j = &f->j;
	size_t n = f->r->nodes.info.n;

	json_open(j, "frameTable", '{');
	fill_ints(j, "address", n, -1);
	json_open(j, "lib", '[');
	for (uint32_t i = 0; i < n; i++)
		put_index(j, library_of(f, i), false);
	json_close(j, ']');
	fill_ints(j, "inlineDepth", n, 0);
	fill_ints(j, "category", n, 0);
	fill_ints(j, "subcategory", n, 0);
	json_open(j, "func", '[');
	for (uint32_t i = 0; i < n; i++)
		json_int(j, NULL, f->func_of.v[i]);
	json_close(j, ']');
	fill_nulls(j, "nativeSymbol", n);
	fill_ints(j, "innerWindowID", n, 0);
	write_numbers_or_null(f, "line", false);
	write_numbers_or_null(f, "column", true);
	fill_nulls(j, "originalLocation", n);
	end_table(j, n);
}

static void write_functions(struct firefox *f)
{
	struct json *j = &f->j;
	size_t n = f->funcs.n;

	json_open(j, "funcTable", '{');
	json_open(j, "name", '[');
	for (size_t i = 0; i < n; i++)
		json_int(j, NULL, intern(f, stacks_name(f->r, f->funcs.v[i])));
	json_close(j, ']');
	fill_false(j, "isJS", n);
	fill_false(j, "relevantForJS", n);
	json_open(j, "resource", '[');
	for (size_t i = 0; i < n; i++)
		put_index(j, library_of(f, f->funcs.v[i]), false);
	json_close(j, ']');
	json_open(j, "source", '[');
	for (size_t i = 0; i < n; i++)
		put_index(j, source_of(f, f->funcs.v[i]), true);
	json_close(j, ']');
	fill_nulls(j, "lineNumber", n);
	fill_nulls(j, "columnNumber", n);
	fill_nulls(j, "originalLocation", n);
	end_table(j, n);
}

/* One resource for each library, with the same number. */
static void write_resources(struct firefox *f)
{
	const struct profile *p = f->r->profile;
	struct json *j = &f->j;

	json_open(j, "resourceTable", '{');
	json_open(j, "name", '[');
	for (size_t i = 0; i < p->mappings.n; i++)
		json_int(j, NULL,
			 intern(f, path_base(f->r->arena, profile_str(p, p->mappings.v[i].file))));
	json_close(j, ']');
	fill_nulls(j, "host", p->mappings.n);
	fill_ints(j, "type", p->mappings.n, 1);
	end_table(j, p->mappings.n);
}

static void write_sources(struct firefox *f)
{
	struct json *j = &f->j;
	size_t n = f->source_files.n;

	json_open(j, "sources", '{');
	fill_nulls(j, "id", n);
	json_open(j, "filename", '[');
	for (size_t i = 0; i < n; i++)
		json_int(j, NULL, intern(f, profile_str(f->r->profile, f->source_files.v[i])));
	json_close(j, ']');
	fill_ints(j, "startLine", n, 1);
	fill_ints(j, "startColumn", n, 1);
	fill_nulls(j, "sourceMapURL", n);
	fill_nulls(j, "content", n);
	end_table(j, n);
}

void firefox_empty_table(struct json *j, const char *key, const char *const *columns)
{
	json_open(j, key, '{');
	for (; *columns; columns++)
		fill_nulls(j, *columns, 0);
	end_table(j, 0);
}

/* The strings come last: all other tables add to them. */
void firefox_write_shared(struct firefox *f)
{
	static const char *const symbols[] = { "libIndex", "address", "name", "functionSize",
					       NULL };
	static const char *const locations[] = { "source", "line", "column", NULL };
	struct json *j = &f->j;

	json_open(j, "shared", '{');
	json_line(j);
	write_stacks(f);
	write_frames(f);
	write_functions(f);
	write_resources(f);
	write_sources(f);
	firefox_empty_table(j, "nativeSymbols", symbols);
	firefox_empty_table(j, "sourceLocationTable", locations);
	json_open(j, "stringArray", '[');
	for (str_id i = 0; i < strtab_count(f->strings); i++)
		json_text(j, NULL, strtab_get(f->strings, i));
	json_close(j, ']');
	json_close(j, '}');
	json_line(j);
}
