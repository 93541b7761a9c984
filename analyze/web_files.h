/* web_files.h - the files of the web page, which the program carries. */
#ifndef SONDE_ANALYZE_WEB_FILES_H
#define SONDE_ANALYZE_WEB_FILES_H

#include <stddef.h>

struct web_file {
	const char *name; /* "app.js" */
	const char *type; /* of its content */
	const char *start, *end;
};

const struct web_file *web_file_find(const char *name); /* NULL = none */

#endif
