/* aggregate.c - blank the parts of functions, lines and locations that the granularity leaves out.
 */
#include "analyze/aggregate.h"

struct kept {
	bool function, filename, line, address;
};

static const struct kept kept_by[] = {
	[GRANULARITY_DEFAULT] = { .function = true },
	[GRANULARITY_FUNCTIONS] = { .function = true },
	[GRANULARITY_FILEFUNCTIONS] = { .function = true, .filename = true },
	[GRANULARITY_FILES] = { .filename = true },
	[GRANULARITY_LINES] = { .function = true, .filename = true, .line = true },
	[GRANULARITY_ADDRESSES] = { .function = true,
				    .filename = true,
				    .line = true,
				    .address = true },
};

static void aggregate_mappings(struct profile *p, const struct kept *keep, bool inlines)
{
	for (size_t i = 0; i < p->mappings.n; i++) {
		struct mapping *m = &p->mappings.v[i];

		m->has_inline_frames &= inlines;
		m->has_functions &= keep->function;
		m->has_filenames &= keep->filename;
		m->has_line_numbers &= keep->line;
	}
}

static void aggregate_functions(struct profile *p, const struct kept *keep)
{
	for (size_t i = 0; i < p->functions.n; i++) {
		struct function *f = &p->functions.v[i];

		if (!keep->function)
			f->name = f->system_name = 0;
		if (!keep->filename)
			f->filename = 0;
	}
}

static void aggregate_locations(struct profile *p, const struct kept *keep, bool inlines,
				bool columns)
{
	for (size_t i = 0; i < p->locations.n; i++) {
		struct location *l = &p->locations.v[i];

		if (!inlines && l->n_lines > 1) {
			l->first_line += l->n_lines - 1;
			l->n_lines = 1;
		}
		if (!keep->address)
			l->address = 0;
		for (struct line *line = p->lines.v + l->first_line, *end = line + l->n_lines;
		     line < end; line++) {
			if (!keep->line)
				line->line = 0;
			if (!keep->line || !columns)
				line->column = 0;
		}
	}
}

void aggregate(struct profile *p, const struct report_opts *opts)
{
	const struct kept *keep = &kept_by[opts->granularity];
	bool inlines = !opts->noinlines;

	if (opts->granularity == GRANULARITY_ADDRESSES && inlines)
		return; /* columns stay too, as in pprof */
	aggregate_mappings(p, keep, inlines);
	aggregate_functions(p, keep);
	aggregate_locations(p, keep, inlines, opts->showcolumns);
}
