/* report_weblist.c - annotated source as a page of HTML: a click on a line shows its instructions.
 *
 * The page needs nothing but itself.  Its body is that of pprof's page, its styles and script are
 * our own.
 */
#include "analyze/arith.h"
#include "analyze/html.h"
#include "analyze/measure.h"
#include "analyze/paths.h"
#include "analyze/source_cache.h"
#include "base/utf8.h"
#include "analyze/weblist.h"

#include <inttypes.h>
#include <string.h>

enum {
	NEAR = 20,   /* lines of one function that are parted by less make one block */
	MARGIN = 5,  /* lines before and after a block */
	INDENT = 4,  /* columns, for each level of inlining */
	COLUMN = 80, /* where the place of an instruction is printed */
	TAB = 8,
};

static const char style[] = "  <style>\n"
			    "    body { font-family: sans-serif; }\n"
			    "    .legend { font-size: 1.2em; }\n"
			    "    .line, .nop, .unimportant { color: #aaa; }\n"
			    "    .livesrc { cursor: pointer; }\n"
			    "    .livesrc:hover { background: #eee; }\n"
			    "    .inlinesrc { color: #006; }\n"
			    "    .asm { color: #080; display: none; }\n"
			    "    .asm.open { display: block; }\n"
			    "  </style>\n";

static const char script[] = "  <script>\n"
			     "    document.addEventListener('click', function (event) {\n"
			     "      var code = event.target.nextElementSibling;\n"
			     "      if (event.target.className === 'livesrc' && code && "
			     "code.classList.contains('asm'))\n"
			     "        code.classList.toggle('open');\n"
			     "    });\n"
			     "  </script>\n";

/* A block of lines that belong to one function. */
struct block {
	str_id name;
	int64_t begin, end; /* end is not shown */
	int64_t flat, cum;
	size_t first, n; /* entries */
};

struct page {
	struct report *r;
	struct weblist *w;
	struct source_cache sources;
};

static const char *value_or_dot(struct report *r, int64_t value)
{
	return value ? report_value(r, value) : ".";
}

/* ---- text of lines ---- */

static size_t indentation(const char *line)
{
	size_t column = 0;

	for (; *line == ' ' || *line == '\t'; line++)
		column = *line == ' ' ? column + 1 : (column / TAB + 1) * TAB;
	return column;
}

static void put_spaces(FILE *out, size_t n)
{
	while (n-- > 0)
		putc(' ', out);
}

/* With tabs as spaces, and as wide as COLUMN. */
static void put_padded(FILE *out, size_t indent, const char *text, size_t n)
{
	size_t column = indent;

	put_spaces(out, indent);
	while (n > 0) {
		char one[8] = "";
		uint32_t c;
		size_t width = utf8_decode(text, n, &c);

		column++;
		if (*text == '\t') {
			put_spaces(out, 1 + (TAB - column % TAB) % TAB);
			column += (TAB - column % TAB) % TAB;
		} else {
			memcpy(one, text, width);
			html_put(out, one);
		}
		text += width;
		n -= width;
	}
	if (column < COLUMN)
		put_spaces(out, COLUMN - column);
}

static void put_right(struct report *r, const char *text, size_t width)
{
	report_put_right(r, text, width);
	report_put(r, " ");
}

/* ---- instructions ---- */

static bool same_call(const struct web_call *a, const struct web_call *b)
{
	return a->file == b->file && a->line == b->line;
}

/* The calls that an instruction has and the one before it has not. */
static void put_calls(struct page *p, const struct web_entry *e, const struct web_entry *before,
		      size_t indent)
{
	FILE *out = p->r->out;

	for (size_t i = 0; i < e->n_calls; i++) {
		const struct web_call *call = &e->calls[i];
		const char *text = source_cache_line(&p->sources, call->file, call->line);
		size_t n;

		if (before && i < before->n_calls && same_call(call, &before->calls[i]))
			continue;
		before = NULL;
		text = text ? text + strspn(text, " \t\r\n\v\f") : "";
		n = strlen(text);
		while (n && strchr(" \t\r\n\v\f", text[n - 1]))
			n--;
		fprintf(out, " %8s %10s %10s %8s  <span class=inlinesrc>", "", "", "", "");
		put_padded(out, indent + INDENT * (i + 1), text, n);
		fputs("</span> <span class=unimportant>", out);
		html_put(out, path_base(p->r->scratch, profile_str(p->r->profile, call->file)));
		fprintf(out, ":%" PRId64 "</span>\n", call->line);
	}
}

static void put_instruction(struct page *p, const struct web_instruction *i, size_t indent)
{
	struct report *r = p->r;
	FILE *out = r->out;

	fprintf(out, " %8s ", "");
	put_right(r, value_or_dot(r, i->flat), 10);
	put_right(r, value_or_dot(r, i->cum), 10);
	fprintf(out, "%8" PRIx64 ": ", i->file_address);
	put_padded(out, indent, i->text, strlen(i->text));
	fputs(" <span class=unimportant>", out);
	if (i->file) {
		html_put(out, path_base(r->scratch, profile_str(r->profile, i->file)));
		fprintf(out, ":%" PRId64, i->line);
	}
	fputs("</span>\n", out);
}

static void put_instructions(struct page *p, const struct web_entry *entries, size_t n,
			     size_t indent)
{
	const struct web_instruction *all = p->w->instructions.v;

	for (size_t i = 0; i < n; i++) {
		const struct web_entry *e = &entries[i];
		const struct web_instruction *in = &all[e->instruction];
		const struct web_instruction *last = i ? &all[entries[i - 1].instruction] : in;

		if (i && in->address != last->address + last->bytes)
			fprintf(p->r->out, " %8s %28s\n", "",
				"                           \xe2\x8b\xae");
		put_calls(p, e, i ? &entries[i - 1] : NULL, indent);
		if (in->text)
			put_instruction(p, in, indent + INDENT + INDENT * e->n_calls);
	}
}

/* ---- source lines ---- */

/* With instructions to show, with weight only, or neither. */
static const char *line_class(const struct page *p, const struct web_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (entries[i].n_calls || p->w->instructions.v[entries[i].instruction].text)
			return "livesrc";
	return n ? "deadsrc" : "nop";
}

static const char *line_text(struct page *p, str_id file, int64_t line, size_t n_entries)
{
	const char *text = source_cache_line(&p->sources, file, line);

	if (text || n_entries == 0)
		return text;
	return line == 0 ? "<instructions with unknown line numbers>" : "???";
}

static void put_line(struct page *p, int64_t line, const char *text,
		     const struct web_entry *entries, size_t n)
{
	const char *class = line_class(p, entries, n);
	struct report *r = p->r;
	int64_t flat = 0, cum = 0;

	for (size_t i = 0; i < n; i++) {
		flat = add64(flat, p->w->instructions.v[entries[i].instruction].flat);
		cum = add64(cum, p->w->instructions.v[entries[i].instruction].cum);
	}
	fprintf(r->out, "\n<span class=line> %6" PRId64 "</span> <span class=%s>  ", line, class);
	put_right(r, value_or_dot(r, flat), 10);
	put_right(r, value_or_dot(r, cum), 10);
	fprintf(r->out, "%8s  ", "");
	html_put(r->out, text);
	fputs(" </span>", r->out);
	if (strcmp(class, "livesrc") != 0)
		return;
	fputs("<span class=asm>", r->out);
	put_instructions(p, entries, n, indentation(text));
	fputs("</span>", r->out);
}

static void put_block(struct page *p, str_id file, const struct block *b)
{
	struct report *r = p->r;
	const struct web_entry *e = &p->w->entries.v[b->first], *end = e + b->n;

	fputs("<h2>", r->out);
	html_put(r->out, profile_str(r->profile, b->name));
	fputs("</h2><p class=\"filename\">", r->out);
	html_put(r->out, profile_str(r->profile, file));
	fputs("</p>\n<pre>\n  Total:  ", r->out);
	put_right(r, report_value(r, b->flat), 10);
	put_right(r, report_value(r, b->cum), 10);
	fprintf(r->out, "(flat, cum) %s", report_percentage(r, b->cum));
	for (int64_t line = b->begin; line < b->end; line++) {
		struct arena_mark mark = arena_mark(r->scratch);
		const struct web_entry *first;
		const char *text;

		while (e < end && e->line < line)
			e++;
		for (first = e; e < end && e->line == line; e++)
			;
		text = line_text(p, file, line, (size_t)(e - first));
		if (text)
			put_line(p, line, text, first, (size_t)(e - first));
		arena_rewind(r->scratch, mark);
	}
	fputs("\n</pre>\n", r->out);
}

/* ---- blocks ---- */

typedef VEC(struct block) block_list;

static str_id pretty_name(const struct weblist *w, str_id name)
{
	return name < w->pretty.n && w->pretty.v[name] ? w->pretty.v[name] : name;
}

/* The lines of one function that are near each other make a block.  A line belongs to the function
 * of its first instruction. */
static void find_blocks(const struct page *p, size_t first, size_t n, block_list *blocks)
{
	const struct web_entry *entries = p->w->entries.v;

	for (size_t i = first, end; i < first + n; i = end) {
		str_id name = pretty_name(p->w, entries[i].function);
		struct block *last = blocks->n ? &blocks->v[blocks->n - 1] : NULL;

		for (end = i + 1; end < first + n && entries[end].line == entries[i].line; end++)
			;
		if (!last || entries[i].line - last->end >= NEAR || last->name != name) {
			last = VEC_PUSH(blocks);
			*last = (struct block){ .name = name,
						.begin = entries[i].line,
						.first = i };
		}
		last->end = entries[i].line + 1;
		last->n = end - last->first;
		for (size_t k = i; k < end; k++) {
			const struct web_instruction *in =
				&p->w->instructions.v[entries[k].instruction];

			last->flat = add64(last->flat, in->flat);
			last->cum = add64(last->cum, in->cum);
		}
	}
}

/* Show some lines around each block, half of a gap to either side.  Line 0 stands for unknown. */
static void widen_blocks(block_list *blocks)
{
	for (size_t i = 0; i < blocks->n; i++) {
		struct block *b = &blocks->v[i];
		int64_t half;

		if (i == 0) {
			if (b->begin > MARGIN)
				b->begin -= MARGIN;
			else if (b->begin > 1)
				b->begin = 1;
			continue;
		}
		half = (b->begin - b[-1].end) / 2;
		if (half > MARGIN)
			half = MARGIN;
		b[-1].end += half;
		b->begin -= half;
	}
	if (blocks->n)
		blocks->v[blocks->n - 1].end += MARGIN;
}

static void put_file(struct page *p, size_t first, size_t n)
{
	block_list blocks = VEC_INIT;

	find_blocks(p, first, n, &blocks);
	widen_blocks(&blocks);
	for (size_t i = 0; i < blocks.n; i++)
		if (blocks.v[i].cum)
			put_block(p, p->w->entries.v[first].file, &blocks.v[i]);
	VEC_RELEASE(&blocks);
}

/* ---- the page ---- */

/* What a line of the header says, as "File: " does. */
static const char *legend_value(const struct header *h, const char *what)
{
	for (size_t i = 0; i < h->lines.n; i++)
		if (strncmp(h->lines.v[i], what, strlen(what)) == 0)
			return h->lines.v[i] + strlen(what);
	return "unknown";
}

static void put_head(struct page *p)
{
	struct report *r = p->r;
	struct header h = { VEC_INIT };

	header_add_profile(&h, r);
	fputs("<!DOCTYPE html>\n<html>\n<head>\n  <meta charset=\"utf-8\">\n  <title>", r->out);
	html_put(r->out, legend_value(&h, "File: "));
	putc(' ', r->out);
	html_put(r->out, legend_value(&h, "Type: "));
	fprintf(r->out, "</title>\n%s%s</head>\n<body>\n\n<div class=\"legend\">", style, script);
	for (size_t i = 0; i < h.lines.n; i++) {
		fputs(i ? "<br>\n" : "", r->out);
		html_put(r->out, h.lines.v[i]);
	}
	fprintf(r->out, "<br>Total: %s</div>", report_value(r, r->total));
	header_release(&h);
}

int report_weblist(struct report *r, struct err *err)
{
	struct weblist w;
	struct page p = { .r = r, .w = &w };
	int rc = weblist_collect(&w, r, err);

	source_cache_init(&p.sources, r->profile, r->arena, &r->opts, r->notes);
	if (!rc)
		put_head(&p);
	for (size_t i = 0, end; i < w.entries.n && !rc; i = end) {
		for (end = i + 1; end < w.entries.n && w.entries.v[end].file == w.entries.v[i].file;
		     end++)
			;
		put_file(&p, i, end - i);
	}
	if (!rc)
		fputs("\n</body>\n</html>\n", r->out);
	source_cache_release(&p.sources);
	weblist_release(&w);
	return rc;
}
