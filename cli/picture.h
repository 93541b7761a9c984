/* picture.h - from the DOT language to a picture. */
#ifndef SONDE_CLI_PICTURE_H
#define SONDE_CLI_PICTURE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

/* Let Graphviz's dot draw n bytes of text in a format (svg, png ...) and print what it made.  A
 * pannable SVG follows the mouse (analyze/svg.h). */
SONDE_MUST int picture_put(FILE *out, const char *dot, size_t n, const char *format,
			   bool is_pannable, struct err *err);

#endif
