/* source_cache.h - source files that a report asks for again and again, each read once. */
#ifndef SONDE_ANALYZE_SOURCE_CACHE_H
#define SONDE_ANALYZE_SOURCE_CACHE_H

#include "analyze/analyze.h"
#include "analyze/source.h"
#include "base/hash.h"
#include "base/profile.h"

struct cached_source {
	str_id name;
	struct source source; /* without lines when it cannot be read */
	const char *problem;  /* why; NULL = none */
};

struct source_cache {
	struct profile *profile; /* of the names */
	struct source_places places;
	const struct notes *notes; /* told of the first files that cannot be read */
	size_t n_missing;
	struct arena *arena; /* borrowed: what was read lives in it */
	struct hash_map by_name;
	VEC(struct cached_source) sources;
};

void source_cache_init(struct source_cache *c, struct profile *p, struct arena *a,
		       const struct report_opts *opts, const struct notes *notes);
void source_cache_release(struct source_cache *c);

/* Never NULL; good until the next call. */
const struct cached_source *source_cache_get(struct source_cache *c, str_id name);

bool source_cache_has(struct source_cache *c, str_id name); /* was it asked for before? */

/* One line, or NULL where the file does not have it. */
const char *source_cache_line(struct source_cache *c, str_id name, int64_t line);

#endif
