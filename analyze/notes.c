/* notes.c - format one note of any length and hand it over. */
#include "analyze/notes.h"

#include <stdarg.h>
#include <stdlib.h>

void note(const struct notes *notes, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	if (!notes || !notes->say)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	notes->say(notes->ctx, text);
	free(text);
}
