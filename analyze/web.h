/* web.h - profiles in a browser: a small server for one page and one loaded profile.
 *
 * The page and its parts are in the program.  One thread serves connections, another has profiles
 * loaded and questions answered by child processes, so a slow client holds up nobody, a long answer
 * or a large profile no connection, and what takes too long is ended.  It
 * binds where it is told; a request whose Host is neither an address nor that name is refused, which
 * is what keeps a foreign page that renames itself (DNS rebinding) out.  Of sources nothing is
 * read but what the profile names and source_rule.h allows.
 */
#ifndef SONDE_ANALYZE_WEB_H
#define SONDE_ANALYZE_WEB_H

#include "analyze/analyze.h"

struct web;

/* Draw n bytes of the DOT language as an SVG. */
typedef int (*web_draw_fn)(FILE *out, const char *dot, size_t n, struct err *err);

struct web_opts {
	const char *address; /* "[host]:[port]": no host = localhost, no port or 0 = a free one */
	struct load_opts load;
	const char *name; /* of what is loaded; NULL = that of the last source */
	struct report_opts report; /* where the query of a page says nothing */
	web_draw_fn draw;	   /* called in a process of its own; NULL = no graphs */
	unsigned seconds;	   /* the most that one answer may take */
	void (*failed)(void);	   /* called on another thread when loading failed */
	/* Allow a process as much memory as a file that the page sent may want; NULL = no limit is
	 * changed. */
	int (*allow)(const void *ctx, const char *path, struct err *err);
	const void *ctx;
};

/* Listen and begin to load.  opts and what it points to must live until the close. */
SONDE_MUST int web_open(struct web **out, const struct web_opts *opts, const struct notes *notes,
			struct err *err);
const char *web_url(const struct web *w); /* "http://localhost:1234" */

/* The error of the profile, when it could not be loaded; 0 also while it is. */
SONDE_MUST int web_failed(struct web *w, struct err *err);

/* Ends what is under way; NULL is fine. */
void web_close(struct web *w);

#endif
