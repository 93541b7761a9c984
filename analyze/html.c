/* html.c - escape text for HTML. */
#include "analyze/html.h"

static const char *escaped(char c)
{
	switch (c) {
	case '"':
		return "&#34;";
	case '&':
		return "&amp;";
	case '\'':
		return "&#39;";
	case '+':
		return "&#43;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	default:
		return NULL;
	}
}

void html_put(FILE *out, const char *text)
{
	for (; *text; text++) {
		const char *e = escaped(*text);

		if (e)
			fputs(e, out);
		else
			putc(*text, out);
	}
}
