/* sample_index.h - which of a sample's values a report is about. */
#ifndef SONDE_ANALYZE_SAMPLE_INDEX_H
#define SONDE_ANALYZE_SAMPLE_INDEX_H

#include "base/err.h"
#include "base/profile.h"

/* name is a number, a type ("inuse_space" also finds "space"), or "" for the profile's default,
 * else the last. */
SONDE_MUST int sample_index_find(size_t *index, const struct profile *p, const char *name,
				 struct err *err);

#endif
