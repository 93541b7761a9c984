/* columns.c - elastic tab stops, aligned right, one blank of padding.
 *
 * The cells of each line are cut up first; then the columns are sized from left to right, looking
 * only at the lines that reach so far.
 */
#include "analyze/columns.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <stdbool.h>
#include <string.h>

struct cell {
	size_t from, bytes, shown;
	size_t width; /* to be padded to; 0 for the last cell of a line */
};

struct text_line {
	size_t first_cell, n_cells; /* the last cell is not part of a column */
};

struct layout {
	VEC(struct cell) cells;
	VEC(struct text_line) lines;
	VEC(size_t) active; /* lines that have the column at hand */
};

static bool ends_cell(char c)
{
	return c == '\t' || c == '\v' || c == '\n' || c == '\f';
}

static void cut(struct layout *l, const char *text, size_t n)
{
	struct text_line line = { 0, 0 };

	for (size_t at = 0, from = 0; at < n; at++) {
		if (!ends_cell(text[at]))
			continue;
		*VEC_PUSH(&l->cells) =
			(struct cell){ from, at - from, utf8_count(text + from, at - from), 0 };
		line.n_cells++;
		from = at + 1;
		if (text[at] == '\t' || text[at] == '\v')
			continue;
		*VEC_PUSH(&l->lines) = line;
		line = (struct text_line){ l->cells.n, 0 };
	}
}

static struct cell *cell_at(struct layout *l, size_t line, size_t column)
{
	return &l->cells.v[l->lines.v[line].first_cell + column];
}

/* Of the lines that reach up to this column, keep those that have it. */
static void keep_lines_with(struct layout *l, size_t column)
{
	size_t n = 0;

	for (size_t i = 0; i < l->active.n; i++)
		if (l->lines.v[l->active.v[i]].n_cells > column + 1)
			l->active.v[n++] = l->active.v[i];
	l->active.n = n;
}

/* Adjacent lines share the width of their widest cell. */
static void size_column(struct layout *l, size_t column)
{
	const size_t *lines = l->active.v;

	for (size_t i = 0, end; i < l->active.n; i = end) {
		size_t widest = 0;

		for (end = i; end < l->active.n && lines[end] == lines[i] + (end - i); end++)
			if (cell_at(l, lines[end], column)->shown > widest)
				widest = cell_at(l, lines[end], column)->shown;
		for (size_t k = i; k < end; k++)
			cell_at(l, lines[k], column)->width = widest + 1;
	}
}

static void print_line(FILE *out, const char *text, const struct cell *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t pad = cells[i].shown; pad < cells[i].width; pad++)
			putc_unlocked(' ', out);
		fwrite_unlocked(text + cells[i].from, 1, cells[i].bytes, out);
	}
	putc_unlocked('\n', out);
}

void columns_print(FILE *out, const char *text, size_t n)
{
	struct layout l = { VEC_INIT, VEC_INIT, VEC_INIT };

	cut(&l, text, n);
	for (size_t i = 0; i < l.lines.n; i++)
		*VEC_PUSH(&l.active) = i;
	for (size_t column = 0; l.active.n; column++) {
		keep_lines_with(&l, column);
		size_column(&l, column);
	}
	for (size_t i = 0; i < l.lines.n; i++)
		print_line(out, text, l.cells.v + l.lines.v[i].first_cell, l.lines.v[i].n_cells);
	VEC_RELEASE(&l.cells);
	VEC_RELEASE(&l.lines);
	VEC_RELEASE(&l.active);
}
