/* clock_text.h - points in time and durations as Go prints them. */
#ifndef SONDE_ANALYZE_CLOCK_TEXT_H
#define SONDE_ANALYZE_CLOCK_TEXT_H

#include "base/arena.h"

#include <stdint.h>

const char *clock_text(struct arena *a,
		       int64_t nanos); /* 2006-01-02 15:04:05 UTC, in the local zone */
const char *clock_full_text(struct arena *a, int64_t nanos); /* 2006-01-02 15:04:05.5 +0000 UTC */
const char *duration_text(struct arena *a, int64_t nanos);   /* 1h40m19.2s, 1.5ms, 0s */

#endif
