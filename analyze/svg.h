/* svg.h - pictures of graphs that can be moved and zoomed. */
#ifndef SONDE_ANALYZE_SVG_H
#define SONDE_ANALYZE_SVG_H

#include <stddef.h>
#include <stdio.h>

/* Print an SVG of Graphviz's so that it fills its window, follows the mouse and zooms with the
 * wheel.  svg is zero-terminated. */
void svg_put_pannable(FILE *out, const char *svg);

#endif
