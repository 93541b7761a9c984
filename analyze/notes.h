/* notes.h - say something to the user through the caller's struct notes. */
#ifndef SONDE_ANALYZE_NOTES_H
#define SONDE_ANALYZE_NOTES_H

#include "analyze/analyze.h"

void note(const struct notes *notes, const char *fmt, ...) SONDE_PRINTF(2, 3);

#endif
