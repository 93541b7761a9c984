/* html.h - text inside HTML. */
#ifndef SONDE_ANALYZE_HTML_H
#define SONDE_ANALYZE_HTML_H

#include <stdio.h>

/* Print text so that HTML shows it as it is, escaping what Go's html/template escapes. */
void html_put(FILE *out, const char *text);

#endif
