/* columns.h - text in columns: cells end at tabs and are padded on their left to the widest of
 * their column.
 *
 * A column is a run of adjacent lines that all have a tab-ended cell at that place, as in Go's
 * text/tabwriter; what follows the last tab of a line is printed as it is.
 */
#ifndef SONDE_ANALYZE_COLUMNS_H
#define SONDE_ANALYZE_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

void columns_print(FILE *out, const char *text, size_t n);

#endif
