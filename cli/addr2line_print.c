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
 * Unknown things are ??, an unknown line is ? in the one form and 0 in the other.
 */
#include "cli/addr2line.h"

#include <string.h>

static const char *base_name(const char *file)
{
	const char *slash = strrchr(file, '/');

	return slash ? slash + 1 : file;
}

static const char *function_name(const struct addr2line_options *o, const struct frame *f)
{
	if (!f->function)
		return NULL;
	if (o->names == NAMES_SHORT)
		return demangle(f->function, DEMANGLE_DEFAULT);
	return o->demangle ? demangle(f->function, DEMANGLE_FULL) : f->function;
}

static const char *file_name(const struct addr2line_options *o, const struct frame *f)
{
	return f->file && o->basenames ? base_name(f->file) : f->file;
}

static void print_place(FILE *out, const struct addr2line_options *o, const struct frame *f)
{
	const char *file = file_name(o, f);

	fprintf(out, "%s:", file ? file : "??");
	if (o->is_llvm && o->style == STYLE_LLVM)
		fprintf(out, "%lld:%lld\n", (long long)f->line, (long long)f->column);
	else if (f->line || o->is_llvm)
		fprintf(out, "%lld\n", (long long)f->line);
	else
		fputs(f->file || f->function ? "?\n" : "0\n", out);
}

static void print_frame(FILE *out, const struct addr2line_options *o, const struct frame *f)
{
	const char *function = function_name(o, f);

	if (o->names != NAMES_NONE) {
		fputs(function ? function : "??", out);
		if (!o->pretty)
			putc('\n', out);
		else
			fputs(function || o->is_llvm ? " at " : " ", out);
	}
	print_place(out, o, f);
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

	if (o->addresses)
		fprintf(out, o->is_llvm ? "0x%llx%s" : "0x%016llx%s",
			(unsigned long long)a->address, o->pretty ? ": " : "\n");
	if (a->is_data)
		print_data(out, o, a);
	else if (a->n == 0)
		print_frame(out, o, &unknown);
	for (size_t i = 0; i < a->n && (i == 0 || o->inlines); i++) {
		if (i > 0 && o->pretty)
			fputs(" (inlined by) ", out);
		print_frame(out, o, &a->frames[i]);
	}
	if (o->style == STYLE_LLVM)
		putc('\n', out);
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
			putc(c, out);
	}
	putc('"', out);
}

static void print_symbol(FILE *out, const struct addr2line_options *o, const struct frame *f)
{
	const char *function = o->names == NAMES_NONE ? NULL : function_name(o, f);

	fprintf(out, "{\"Column\":%lld,\"Discriminator\":0,\"FileName\":", (long long)f->column);
	print_string(out, file_name(o, f));
	fputs(",\"FunctionName\":", out);
	print_string(out, function);
	fprintf(out,
		",\"Line\":%lld,\"StartAddress\":\"\",\"StartFileName\":\"\",\"StartLine\":%lld}",
		(long long)f->line, (long long)f->start_line);
}

static void print_json(FILE *out, const struct addr2line_options *o,
		       const struct addr2line_answer *a)
{
	static const struct frame unknown;

	fprintf(out, "{\"Address\":\"0x%llx\",", (unsigned long long)a->address);
	if (a->is_data) {
		fputs("\"Data\":{\"Name\":", out);
		print_string(out, data_name(o, a));
		fprintf(out, ",\"Size\":\"0x%llx\",\"Start\":\"0x%llx\"},",
			(unsigned long long)a->data.bytes, (unsigned long long)a->data.start);
	}
	fputs("\"ModuleName\":", out);
	print_string(out, a->module);
	if (a->is_data) {
		fputs("}", out);
		return;
	}
	fputs(",\"Symbol\":[", out);
	if (a->n == 0)
		print_symbol(out, o, &unknown);
	for (size_t i = 0; i < a->n && (i == 0 || o->inlines); i++) {
		if (i > 0)
			putc(',', out);
		print_symbol(out, o, &a->frames[i]);
	}
	fputs("]}", out);
}

/* Without inlines addr2line names the innermost function, llvm-symbolizer the outermost; both with the
 * innermost line. */
void addr2line_print(FILE *out, const struct addr2line_options *o,
		     const struct addr2line_answer *given)
{
	struct addr2line_answer a = *given;
	struct frame outer;

	if (o->is_llvm && !o->inlines && a.n > 1) {
		outer = a.frames[0];
		outer.function = a.frames[a.n - 1].function;
		outer.start_line = a.frames[a.n - 1].start_line;
		a.frames = &outer;
		a.n = 1;
	}
	if (o->style == STYLE_JSON)
		print_json(out, o, &a);
	else
		print_lines(out, o, &a);
}
