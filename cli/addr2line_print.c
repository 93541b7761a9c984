/* addr2line_print.c - answers of sonde addr2line in the forms of binutils' addr2line and of
 * llvm-symbolizer.
 *
 *	GNU                         LLVM                        pretty
 *	0x0000000000001139  -a      0x1139                      0x1139: work at app.c:12:7
 *	work                -f      work                         (inlined by) main at app.c:30:2
 *	/home/me/app.c:12           /home/me/app.c:12:7
 *	main                -i      main
 *	/home/me/app.c:30           /home/me/app.c:30:2
 *	                            (an empty line)
 *
 * Unknown things are ??, an unknown line is ? in the one form and 0 in the other.  Behind a line may stand
 * " (discriminator 3)", where GNU's addr2line takes that of the innermost frame for all of them.
 */
#include "cli/addr2line.h"

#include <stdlib.h>
#include <string.h>

/* stdio's own ways to print a number are a third of all the work where lines are found fast. */
static void put(FILE *out, const char *text)
{
	fwrite_unlocked(text, 1, strlen(text), out);
}

static void put_number(FILE *out, uint64_t n, unsigned base, size_t least_digits)
{
	char digits[24];
	size_t at = sizeof(digits);

	while (n || sizeof(digits) - at < least_digits) {
		digits[--at] = "0123456789abcdef"[n % base];
		n /= base;
	}
	fwrite_unlocked(digits + at, 1, sizeof(digits) - at, out);
}

static void put_decimal(FILE *out, int64_t n)
{
	if (n < 0)
		putc_unlocked('-', out);
	put_number(out, n < 0 ? -(uint64_t)n : (uint64_t)n, 10, 1);
}

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static const struct frame_detail *detail_of(const struct addr2line_answer *a, const struct frame *f)
{
	static const struct frame_detail unknown;

	return a->details && a->n ? &a->details[f - a->frames] : &unknown;
}

static const char *function_name(const struct addr2line_options *o,
				 const struct addr2line_answer *a, const struct frame *f)
{
	/* Short ones of llvm-symbolizer are those that debug information has. */
	if (o->is_llvm && o->names == NAMES_SHORT)
		return detail_of(a, f)->short_name;
	if (f->plain)
		return f->plain;
	return f->function ? names_get(a->names, f->function) : NULL;
}

static const char *file_name(const struct addr2line_options *o, const char *file)
{
	return file && o->basenames ? base_name(file) : file;
}

static void print_discriminator(FILE *out, uint32_t discriminator)
{
	if (!discriminator)
		return;
	put(out, " (discriminator ");
	put_decimal(out, discriminator);
	putc_unlocked(')', out);
}

static void print_place(FILE *out, const struct addr2line_options *o,
			const struct addr2line_answer *a, const struct frame *f)
{
	const char *file = file_name(o, f->file);

	put(out, file ? file : "??");
	putc_unlocked(':', out);
	if (f->line || o->is_llvm)
		put_decimal(out, f->line);
	else
		putc_unlocked(f->file || f->function ? '?' : '0', out);
	if (o->style == STYLE_LLVM) {
		putc_unlocked(':', out);
		put_decimal(out, f->column);
	} else if (o->is_llvm) {
		print_discriminator(out, f->discriminator);
	} else if (f->line && a->n) {
		print_discriminator(out, a->frames[0].discriminator);
	}
	putc_unlocked('\n', out);
}

static void print_all(FILE *out, const struct addr2line_options *o,
		      const struct addr2line_answer *a, const struct frame *f)
{
	const struct frame_detail *detail = detail_of(a, f);
	const char *file = file_name(o, f->file);

	fprintf(out, "  Filename: %s\n", file ? file : "??");
	if (f->start_line)
		fprintf(out, "  Function start filename: %s\n  Function start line: %lld\n",
			detail->start_file ? file_name(o, detail->start_file) : "",
			(long long)f->start_line);
	if (detail->start && o->style == STYLE_LLVM)
		fprintf(out, "  Function start address: 0x%llx\n",
			(unsigned long long)detail->start);
	fprintf(out, "  Line: %lld\n  Column: %d\n", (long long)f->line, f->column);
	if (f->discriminator)
		fprintf(out, "  Discriminator: %u\n", f->discriminator);
}

static void print_frame(FILE *out, const struct addr2line_options *o,
			const struct addr2line_answer *a, const struct frame *f)
{
	if (o->pretty && a->n && f > a->frames && (o->names != NAMES_NONE || !o->is_llvm))
		put(out, " (inlined by) ");
	if (o->names != NAMES_NONE) {
		const char *function = function_name(o, a, f);

		put(out, function ? function : "??");
		if (!o->pretty)
			putc_unlocked('\n', out);
		else
			put(out, function || o->is_llvm ? " at " : " ");
	}
	if (o->verbose) {
		print_all(out, o, a, f);
		return;
	}
	print_place(out, o, a, f);
	source_print(a->source, out, f->file, f->line, o->context_lines);
}

static const char *data_name(const struct addr2line_options *o, const struct addr2line_answer *a)
{
	if (!a->data.name)
		return NULL;
	return o->demangle ? demangle(a->data.name, DEMANGLE_FULL) : a->data.name;
}

/* llvm-symbolizer 19 has a third line for where it was declared, which it nearly never knows. */
static void print_data(FILE *out, const struct addr2line_options *o,
		       const struct addr2line_answer *a)
{
	const char *name = data_name(o, a);

	fprintf(out, "%s\n%llu %llu\n??:?\n", name ? name : "??", (unsigned long long)a->data.start,
		(unsigned long long)a->data.bytes);
}

static void print_lines(FILE *out, const struct addr2line_options *o,
			const struct addr2line_answer *a)
{
	static const struct frame unknown;

	if (o->addresses && !a->symbol && !a->is_nothing) {
		put(out, "0x");
		put_number(out, a->address, 16, o->is_llvm ? 1 : a->is_short ? 8 : 16);
		put(out, o->pretty ? ": " : "\n");
	}
	if (a->is_frame)
		put(out, "??\n");
	else if (a->is_data)
		print_data(out, o, a);
	else if (a->n == 0)
		print_frame(out, o, a, &unknown);
	for (size_t i = 0; i < a->n; i++)
		print_frame(out, o, a, &a->frames[i]);
	if (o->style == STYLE_LLVM && a->is_last)
		putc_unlocked('\n', out);
}

/* ---- JSON ---- */

static void print_string(FILE *out, const char *s)
{
	putc('"', out);
	for (; s && *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc_unlocked(c, out);
	}
	putc('"', out);
}

static void print_source(FILE *out, const struct addr2line_options *o,
			 const struct addr2line_answer *a, const struct frame *f)
{
	char *text = NULL;
	size_t n = 0;
	FILE *lines = o->context_lines ? open_memstream(&text, &n) : NULL;

	if (lines) {
		source_print(a->source, lines, f->file, f->line, o->context_lines);
		fclose(lines);
	}
	if (n) {
		fputs("\"Source\":", out);
		print_string(out, text);
		putc_unlocked(',', out);
	}
	free(text);
}

static void print_symbol(FILE *out, const struct addr2line_options *o,
			 const struct addr2line_answer *a, const struct frame *f)
{
	const char *function = o->names == NAMES_NONE ? NULL : function_name(o, a, f);
	const struct frame_detail *detail = detail_of(a, f);

	fprintf(out, "{\"Column\":%d,\"Discriminator\":%u,\"FileName\":", f->column,
		f->discriminator);
	print_string(out, file_name(o, f->file));
	fputs(",\"FunctionName\":", out);
	print_string(out, function);
	fprintf(out, ",\"Line\":%lld,", (long long)f->line);
	print_source(out, o, a, f);
	fputs("\"StartAddress\":\"", out);
	if (detail->start)
		fprintf(out, "0x%llx", (unsigned long long)detail->start);
	fputs("\",\"StartFileName\":", out);
	print_string(out, file_name(o, detail->start_file));
	fprintf(out, ",\"StartLine\":%lld}", (long long)f->start_line);
}

/* A symbol's places come one after another. */
static void print_json_symbol(FILE *out, const struct addr2line_options *o,
			      const struct addr2line_answer *a)
{
	put(out, a->is_more ? "," : "{\"Loc\":[");
	if (a->n)
		print_symbol(out, o, a, &a->frames[0]);
	if (!a->is_last)
		return;
	put(out, "],\"ModuleName\":");
	print_string(out, a->module);
	put(out, ",\"SymName\":");
	print_string(out, a->symbol);
	put(out, "}");
}

static void print_json(FILE *out, const struct addr2line_options *o,
		       const struct addr2line_answer *a)
{
	static const struct frame unknown;

	putc('{', out);
	if (!a->is_nothing)
		fprintf(out, "\"Address\":\"0x%llx\",", (unsigned long long)a->address);
	if (a->is_data) {
		fputs("\"Data\":{\"Name\":", out);
		print_string(out, data_name(o, a));
		fprintf(out, ",\"Size\":\"0x%llx\",\"Start\":\"0x%llx\"},",
			(unsigned long long)a->data.bytes, (unsigned long long)a->data.start);
	}
	fputs(a->is_frame ? "\"Frame\":[],\"ModuleName\":" : "\"ModuleName\":", out);
	print_string(out, a->module);
	if (a->is_data || a->is_frame) {
		fputs("}", out);
		return;
	}
	fputs(",\"Symbol\":[", out);
	if (a->n == 0)
		print_symbol(out, o, a, &unknown);
	for (size_t i = 0; i < a->n; i++) {
		if (i > 0)
			putc(',', out);
		print_symbol(out, o, a, &a->frames[i]);
	}
	fputs("]}", out);
}

void addr2line_choose(const struct addr2line_options *o, bool is_symbol, struct frame *frames,
		      struct frame_detail *details, size_t *n)
{
	/* Only where it names by symbols does llvm-symbolizer take files from them. */
	if (o->is_llvm && o->names != NAMES_LINKAGE && *n && !frames[*n - 1].line &&
	    !frames[*n - 1].start_line)
		frames[*n - 1].file = NULL;
	if ((o->inlines && !is_symbol) || *n < 2)
		return;
	if (o->is_llvm && o->names == NAMES_LINKAGE) {
		frames[0].function = frames[*n - 1].function;
		frames[0].plain = frames[*n - 1].plain;
		if (details)
			details[0].start = details[*n - 1].start;
	}
	*n = 1;
}

void addr2line_print(FILE *out, const struct addr2line_options *o, const struct addr2line_answer *a)
{
	if (o->style == STYLE_JSON && a->symbol)
		print_json_symbol(out, o, a);
	else if (o->style == STYLE_JSON)
		print_json(out, o, a);
	else
		print_lines(out, o, a);
}
