/* prune.h - cut the frames that a profile itself calls uninteresting. */
#ifndef SONDE_ANALYZE_PRUNE_H
#define SONDE_ANALYZE_PRUNE_H

#include "base/err.h"
#include "base/profile.h"

/* Cut each stack at a function that matches the profile's drop_frames and not its keep_frames: it
 * goes, and all that it called.  Without drop_frames nothing happens.  The error is that of a bad
 * pattern; nothing is cut then. */
SONDE_MUST int profile_remove_uninteresting(struct profile *p, struct err *err);

#endif
