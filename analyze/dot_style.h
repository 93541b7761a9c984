/* dot_style.h - how weights look in a graph: colours and font sizes; and how its texts are quoted.
 */
#ifndef SONDE_ANALYZE_DOT_STYLE_H
#define SONDE_ANALYZE_DOT_STYLE_H

#include "base/arena.h"

#include <stdint.h>

enum dot_ground { DOT_LINE, DOT_FILL };

/* "#rrggbb" of a score from -1 (green) over 0 (grey) to 1 (red): strong for lines, pale for fills.
 * In arena a. */
const char *dot_colour(struct arena *a, double score, enum dot_ground ground);

/* From 8 to 24 points, by the share of the heaviest node. */
int dot_font_size(int64_t flat, double heaviest);

/* For a quoted string of the DOT language, with lines that are aligned left.  In arena a. */
const char *dot_escape(struct arena *a, const char *text);

/* All places of `what` in text replaced.  In arena a, or text itself. */
const char *dot_replace(struct arena *a, const char *text, const char *what, const char *by);

#endif
