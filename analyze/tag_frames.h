/* tag_frames.h - label values as frames: tagroot puts them above the stack, tagleaf below. */
#ifndef SONDE_ANALYZE_TAG_FRAMES_H
#define SONDE_ANALYZE_TAG_FRAMES_H

#include "analyze/analyze.h"

/* Lists of keys parted by commas.  Every sample gets a frame for each key, with an empty name where
 * it has no such label; the frame's function is named after the values, its file is the key. */
void tag_frames_add(struct profile *p, const struct report_opts *opts, const struct notes *notes);

#endif
