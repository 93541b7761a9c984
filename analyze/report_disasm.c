/* report_disasm.c - the instructions of matching functions with the weight of each.
 *
 * Which functions: those symbols of the binaries that the pattern matches, by the name in the file
 * or by any of its source forms, and that have samples; or, if the pattern is a number, the symbol
 * that holds this address.  Only binaries that have samples in a matching function are looked at.
 */
#include "analyze/arith.h"
#include "analyze/code_files.h"
#include "analyze/measure.h"
#include "analyze/paths.h"
#include "analyze/report.h"
#include "analyze/table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_INSTRUCTION = 40 }; /* bytes: the place goes on a line of its own */

struct place {
	uint64_t address; /* of the file's own */
	uint32_t node;
};

/* One symbol with samples; its names are symbols[first .. first + n). */
struct routine {
	struct code_file *file;
	size_t first, n;
	const char *name; /* that matched */
	bool show_aliases;
	const struct place *places; /* of its samples, by address */
	size_t n_places;
};

struct disasm {
	struct table table; /* unless the format is text */
	struct report *report;
	struct code_files code;
	bool has_address; /* the pattern is a number */
	uint64_t address;
	uint64_t file_address; /* the same in the file at hand; UINT64_MAX = not in it */
	size_t n_symbols;      /* that hold it, samples or not */
	VEC(struct routine) routines;
	/* Of the line before: a place is printed when it changes. */
	const char *function, *source;
	int64_t line;
};

/* ---- which symbols ---- */

static bool matches(struct report *r, const char *name)
{
	return regex_match(r->symbol, name, strlen(name));
}

/* The form of a symbol's name that the pattern matches, or NULL. */
static const char *matching_form(struct report *r, const char *name)
{
	static const enum demangle_mode modes[] = { DEMANGLE_FULL, DEMANGLE_TEMPLATES,
						    DEMANGLE_DEFAULT };

	if (matches(r, name))
		return name;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const char *plain = demangle(name, modes[i]);

		if (plain != name && matches(r, plain))
			return arena_strdup(r->arena, plain);
	}
	return NULL;
}

/* Is this symbol asked for, and by which name? */
static void choose_name(struct disasm *d, struct routine *t)
{
	const struct code_symbol *s = &t->file->symbols[t->first];

	if (d->has_address && d->file_address >= s->start && d->file_address < s->end) {
		t->name = s->name;
		t->show_aliases = true;
		d->n_symbols++;
		return;
	}
	for (size_t i = 0; !t->name && t->n_places && i < t->n; i++)
		t->name = matching_form(d->report, s[i].name);
}

static int by_address(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->node > y->node) - (x->node < y->node);
}

/* Where in the file the samples of a mapping are, by address. */
static struct place *find_places(struct disasm *d, const struct code_file *f,
				 const struct mapping *m, size_t *n)
{
	struct report *r = d->report;
	struct place *places = ARENA_ARRAY(r->arena, struct place, r->graph.order.n);

	*n = 0;
	for (size_t i = 0; i < r->graph.order.n; i++) {
		uint32_t node = r->graph.order.v[i];
		uint64_t address = r->nodes.info.v[node].address;

		if (m->start < m->limit && (address < m->start || address >= m->limit))
			continue;
		if (binary_file_address(f->binary, m, address, &places[*n].address))
			places[(*n)++].node = node;
	}
	if (*n)
		qsort(places, *n, sizeof(*places), by_address);
	return places;
}

static void search_mapping(struct disasm *d, uint32_t mapping)
{
	const struct mapping *m = &d->report->profile->mappings.v[mapping];
	struct code_file *f = code_files_open(&d->code, mapping);
	struct place *places;
	size_t n, next = 0;

	if (!f)
		return;
	places = find_places(d, f, m, &n);
	if (!d->has_address || d->address < m->start ||
	    !binary_file_address(f->binary, m, d->address, &d->file_address))
		d->file_address = UINT64_MAX;
	for (size_t i = 0, end; i < f->n_symbols; i = end) {
		const struct code_symbol *s = &f->symbols[i];
		struct routine t = { .file = f, .first = i };

		for (end = i + 1; end < f->n_symbols && f->symbols[end].start == s->start; end++)
			;
		t.n = end - i;
		while (next < n && places[next].address < s->start)
			next++;
		t.places = places + next;
		while (next < n && places[next].address < s->end)
			next++;
		t.n_places = (size_t)(places + next - t.places);
		choose_name(d, &t);
		if (t.name && t.n_places)
			*VEC_PUSH(&d->routines) = t;
	}
}

/* The mappings whose file has samples in a matching function. */
static bool is_wanted(const struct disasm *d, const struct mapping *m)
{
	struct report *r = d->report;

	if (d->has_address && m->start <= d->address && d->address <= m->limit)
		return true;
	for (size_t i = 0; i < r->graph.order.n; i++) {
		const struct node_info *info = &r->nodes.info.v[r->graph.order.v[i]];

		if (info->objfile && info->objfile == m->file &&
		    regex_match_id(r->symbol, r->profile->strings, info->name))
			return true;
	}
	return false;
}

static int by_name_and_start(const void *a, const void *b)
{
	const struct routine *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	uint64_t s = x->file->symbols[x->first].start, t = y->file->symbols[y->first].start;

	return order ? order : (s > t) - (s < t);
}

static void find_routines(struct disasm *d)
{
	const struct profile *p = d->report->profile;

	for (uint32_t m = 0; m < p->mappings.n; m++)
		if (is_wanted(d, &p->mappings.v[m]))
			search_mapping(d, m);
	if (d->routines.n)
		qsort(d->routines.v, d->routines.n, sizeof(*d->routines.v), by_name_and_start);
}

/* ---- printing ---- */

struct row {
	const struct instruction *instruction;
	int64_t flat, flat_div, cum, cum_div;
	const char *function, *source; /* "" = unknown */
	int64_t line;
};

static const char *value_or_dot(struct report *r, int64_t value, int64_t divisor)
{
	if (divisor)
		value = div64(value, divisor);
	return value ? report_value(r, value) : ".";
}

static void place_by_binary(const struct routine *t, struct arena *a, struct row *row)
{
	struct frame frame;

	if (binary_lookup(t->file->binary, row->instruction->address, &frame, 1) == 0)
		return;
	if (frame.function)
		row->function = demangle(frame.function, DEMANGLE_DEFAULT);
	if (frame.file)
		row->source = path_base(a, frame.file);
	row->line = frame.line;
}

/* Add the samples up to the next instruction: some lie in the middle of one. */
static void add_samples(struct disasm *d, const struct routine *t, size_t *next, uint64_t end,
			struct row *row)
{
	struct report *r = d->report;

	for (; *next < t->n_places && t->places[*next].address < end; ++*next) {
		uint32_t node = t->places[*next].node;
		const struct node_info *info = &r->nodes.info.v[node];
		const struct graph_node *g = &r->graph.node.v[node];

		row->flat = add64(row->flat, g->flat);
		row->flat_div = add64(row->flat_div, g->flat_div);
		row->cum = add64(row->cum, g->cum);
		row->cum_div = add64(row->cum_div, g->cum_div);
		if (!*row->source && info->file)
			row->source = path_base(r->arena, profile_str(r->profile, info->file));
		if (!row->line)
			row->line = info->line;
		if (!*row->function && info->name)
			row->function = profile_str(r->profile, info->name);
	}
}

/* Where a row is, if that is not where the one before is. */
static const char *place_text(struct disasm *d, const struct row *row)
{
	struct arena *a = d->report->scratch;
	const char *space = *row->function ? " " : "";

	if (strcmp(row->function, d->function) == 0 && strcmp(row->source, d->source) == 0 &&
	    row->line == d->line)
		return "";
	d->function = row->function;
	d->source = row->source;
	d->line = row->line;
	if (!*row->source || !row->line)
		return arena_printf(a, "%s%s%s", row->function, space, row->source);
	return arena_printf(a, "%s%s%s:%" PRId64, row->function, space, row->source, row->line);
}

static void print_row(struct disasm *d, const struct row *row)
{
	struct report *r = d->report;
	const char *text = row->instruction->text, *place = place_text(d, row);
	bool is_long = strlen(text) >= LONG_INSTRUCTION;

	if (*place && is_long)
		fprintf(r->out, "%74s;%s\n", "", place);
	report_put_right(r, value_or_dot(r, row->flat, row->flat_div), 10);
	report_put(r, " ");
	report_put_right(r, value_or_dot(r, row->cum, row->cum_div), 10);
	fprintf(r->out, " %10" PRIx64 ": ", row->instruction->address);
	if (*place && !is_long)
		fprintf(r->out, "%-40s;%s\n", text, place);
	else
		fprintf(r->out, "%s\n", text);
}

static void write_row(struct disasm *d, const struct routine *t, const struct row *row)
{
	struct report *r = d->report;
	int64_t flat = row->flat_div ? div64(row->flat, row->flat_div) : row->flat,
		cum = row->cum_div ? div64(row->cum, row->cum_div) : row->cum;

	table_row(&d->table);
	table_text(&d->table, t->name);
	table_text(&d->table, arena_printf(r->scratch, "0x%" PRIx64, row->instruction->address));
	table_value(&d->table, r, flat);
	table_percent(&d->table, flat, r->total);
	table_value(&d->table, r, cum);
	table_percent(&d->table, cum, r->total);
	table_unit(&d->table, r);
	table_text(&d->table, row->instruction->text);
	table_text(&d->table, *row->function ? row->function : NULL);
	table_text(&d->table, *row->source ? row->source : NULL);
	if (row->line)
		table_int(&d->table, row->line);
	else
		table_none(&d->table);
}

static void begin_table(struct disasm *d)
{
	static const char *const columns[] = { "symbol",   "address",	  "flat", "flat_percent",
					       "cum",	   "cum_percent", "unit", "instruction",
					       "function", "file",	  "line" };
	struct report *r = d->report;

	table_begin(&d->table, r->out, r->opts.format, "disasm");
	table_profile(&d->table, "profile", r);
	table_rows(&d->table, columns, sizeof(columns) / sizeof(columns[0]));
}

static void print_rows(struct disasm *d, const struct routine *t, const instruction_list *list)
{
	struct report *r = d->report;
	VEC(uint64_t) addresses = VEC_INIT;
	size_t next = 0;

	for (size_t i = 0; i < list->n; i++)
		*VEC_PUSH(&addresses) = list->v[i].address;
	binary_prepare(t->file->binary, addresses.v, addresses.n);
	VEC_RELEASE(&addresses);
	d->function = d->source = "";
	d->line = 0;
	for (size_t i = 0; i < list->n; i++) {
		struct arena_mark mark = arena_mark(r->scratch);
		struct row row = { .instruction = &list->v[i], .function = "", .source = "" };

		place_by_binary(t, r->arena, &row);
		add_samples(d, t, &next, i + 1 < list->n ? list->v[i + 1].address : UINT64_MAX,
			    &row);
		if (r->opts.format == FORMAT_TEXT)
			print_row(d, &row);
		else
			write_row(d, t, &row);
		arena_rewind(r->scratch, mark);
	}
}

static void print_heading(struct disasm *d, const struct routine *t)
{
	struct report *r = d->report;
	struct row sum = { 0 };

	fprintf(r->out, "ROUTINE ======================== %s\n", t->name);
	for (size_t i = 1; t->show_aliases && i < t->n; i++)
		fprintf(r->out, "    AKA ======================== %s\n",
			t->file->symbols[t->first + i].name);
	for (size_t i = 0; i < t->n_places; i++) {
		const struct graph_node *g = &r->graph.node.v[t->places[i].node];

		sum.flat = add64(sum.flat, g->flat);
		sum.cum = add64(sum.cum, g->cum);
	}
	report_put_right(r, report_value(r, sum.flat), 10);
	report_put(r, " ");
	report_put_right(r, report_value(r, sum.cum), 10);
	fprintf(r->out, " (flat, cum) %s of Total\n", report_percentage(r, sum.cum));
}

static int print_routine(struct disasm *d, const struct routine *t, struct err *err)
{
	const struct code_symbol *s = &t->file->symbols[t->first];
	instruction_list list = VEC_INIT;
	int rc = code_files_disassemble(&d->code, t->file, s->start, s->end, &list, err);

	if (!rc) {
		if (d->report->opts.format == FORMAT_TEXT)
			print_heading(d, t);
		print_rows(d, t, &list);
	}
	VEC_RELEASE(&list);
	return rc;
}

/* ---- the report ---- */

static int nothing_found(const struct disasm *d, struct err *err)
{
	if (!d->has_address)
		return err_set(err, SONDE_ENOTFOUND, "no matches found for regexp %s",
			       regex_text(d->report->symbol));
	if (d->n_symbols == 0)
		return err_set(err, SONDE_ENOTFOUND, "no matches found for address 0x%" PRIx64,
			       d->address);
	return err_set(err, SONDE_ENOTFOUND,
		       "address 0x%" PRIx64 " found in binary, but the corresponding symbols do "
		       "not have samples in the profile",
		       d->address);
}

bool report_pattern_address(const struct report *r, uint64_t *address)
{
	const char *text = regex_text(r->symbol);
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*address = strtoull(text, &end, 0);
	return !*end && !errno;
}

int report_disasm(struct report *r, struct err *err)
{
	struct disasm d = { .report = r };
	int rc = 0;

	report_build_graph(r, GRAPH_EDGES_NONE);
	d.has_address = report_pattern_address(r, &d.address);
	code_files_init(&d.code, r->profile, r->opts.intel_syntax, r->notes);
	find_routines(&d);
	if (d.routines.n == 0)
		rc = nothing_found(&d, err);
	else if (r->opts.format == FORMAT_TEXT)
		fprintf(r->out, "Total: %s\n", report_value(r, r->total));
	else
		begin_table(&d);
	for (size_t i = 0; i < d.routines.n && !rc; i++)
		rc = print_routine(&d, &d.routines.v[i], err);
	if (!rc && r->opts.format != FORMAT_TEXT)
		table_end(&d.table);
	VEC_RELEASE(&d.routines);
	code_files_release(&d.code);
	return rc;
}
