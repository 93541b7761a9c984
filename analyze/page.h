/* page.h - pages for a browser that are one file: a skeleton with its style, script and data in it.
 *
 * The sources are the files of analyze/flame_page/ and modules of analyze/web_page/, which the build
 * puts into the program.  A page's
 * policy lets nothing run or load but its own style and script, named by their hashes; data is
 * JSON in an element that is never run.
 */
#ifndef SONDE_ANALYZE_PAGE_H
#define SONDE_ANALYZE_PAGE_H

#include "analyze/json.h"

extern const char flame_page_html[], flame_page_css[], flame_page_js[];

/* flame_page.js with the modules of the web page that it uses, as one script; malloc'ed.  NULL = out
 * of memory. */
char *flame_page_script(void);

/* Writes the JSON of a page. */
typedef void (*page_data_fn)(void *ctx, struct json *j);

/* Write the skeleton with its marks replaced: {{title}} as text, {{policy}}, {{style}}, {{script}},
 * {{data}}. */
void page_write(FILE *out, const char *html, const char *title, const char *css, const char *js,
		page_data_fn data, void *ctx);

#endif
