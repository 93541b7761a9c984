/* page.c - put a page together. */
#include "analyze/page.h"
#include "analyze/sha256.h"
#include "analyze/web_files.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The bytes of a file under analyze/flame_page/ and a final zero; the Makefile knows the dependency. */
#define EMBED(symbol, path)                                                                        \
	__asm__(".pushsection .rodata\n.globl " #symbol "\n.hidden " #symbol "\n" #symbol          \
		":\n.incbin \"" path "\"\n.byte 0\n.popsection\n")

EMBED(flame_page_html, "analyze/flame_page/flame_page.html");
EMBED(flame_page_css, "analyze/flame_page/flame_page.css");
EMBED(flame_page_js, "analyze/flame_page/flame_page.js");
EMBED(flame_stacks_js, "analyze/flame_page/flame_stacks.js");

extern const char flame_stacks_js[];

/* Modules of the web page that the flame page is made of, each before those that use it. */
static const char *const modules[] = { "format.js", "colors.js", "names.js", "tree.js",
				       "flame.js",  "tip.js",	 "export.js" };

/* Modules that stand in one script need not import from each other. */
static void put_module(FILE *out, const char *at, const char *end)
{
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline + 1 : end;

		if (strncmp(at, "export ", 7) == 0)
			at += 7;
		if (strncmp(at, "import ", 7) != 0)
			fwrite(at, 1, (size_t)(next - at), out);
		at = next;
	}
}

char *flame_page_script(void)
{
	char *script = NULL;
	size_t n;
	FILE *out = open_memstream(&script, &n);

	if (!out)
		return NULL;
	fputs("\"use strict\";\n{\n", out);
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		const struct web_file *f = web_file_find(modules[i]);

		put_module(out, f->start, f->end);
	}
	put_module(out, flame_stacks_js, strchr(flame_stacks_js, 0));
	put_module(out, flame_page_js, strchr(flame_page_js, 0));
	fputs("}\n", out);
	if (fclose(out) == 0)
		return script;
	free(script);
	return NULL;
}

struct page {
	FILE *out;
	const char *title, *css, *js;
	page_data_fn data;
	void *ctx;
};

static void put_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else
			putc_unlocked(*s, out);
	}
}

static void put_policy(const struct page *p)
{
	char css[SHA256_BASE64], js[SHA256_BASE64];

	sha256_base64(css, p->css, strlen(p->css));
	sha256_base64(js, p->js, strlen(p->js));
	fprintf(p->out,
		"default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri "
		"'none'; form-action 'none'",
		css, js);
}

static bool is_mark(const char *mark, size_t n, const char *name)
{
	return strlen(name) == n && memcmp(mark, name, n) == 0;
}

static void put_mark(const struct page *p, const char *mark, size_t n)
{
	struct json j = { p->out, false };

	if (is_mark(mark, n, "title"))
		put_text(p->out, p->title);
	else if (is_mark(mark, n, "policy"))
		put_policy(p);
	else if (is_mark(mark, n, "style"))
		fputs(p->css, p->out);
	else if (is_mark(mark, n, "script"))
		fputs(p->js, p->out);
	else if (is_mark(mark, n, "data"))
		p->data(p->ctx, &j);
}

void page_write(FILE *out, const char *html, const char *title, const char *css, const char *js,
		page_data_fn data, void *ctx)
{
	const struct page p = { out, title, css, js, data, ctx };

	for (const char *mark; (mark = strstr(html, "{{")) != NULL;) {
		const char *end = strstr(mark, "}}");

		fwrite_unlocked(html, 1, (size_t)(mark - html), out);
		if (!end)
			return;
		put_mark(&p, mark + 2, (size_t)(end - mark - 2));
		html = end + 2;
	}
	fputs(html, out);
}
