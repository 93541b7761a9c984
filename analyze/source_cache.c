/* source_cache.c - read each source file once. */
#include "analyze/source_cache.h"
#include "analyze/notes.h"

enum { MOST_NOTES = 4 };

void source_cache_init(struct source_cache *c, struct profile *p, struct arena *a,
		       const struct report_opts *opts, const struct notes *notes)
{
	*c = (struct source_cache){ .profile = p, .arena = a, .notes = notes };
	c->places =
		(struct source_places){ opts->source_path, opts->trim_path, opts->guarded_sources };
	hash_map_init(&c->by_name);
}

void source_cache_release(struct source_cache *c)
{
	hash_map_release(&c->by_name);
	VEC_RELEASE(&c->sources);
}

bool source_cache_has(struct source_cache *c, str_id name)
{
	return *hash_map_first(&c->by_name, hash_mix(name)) != HASH_MAP_NONE;
}

/* Of many only the first are named: whoever sees them knows enough. */
static void note_missing(struct source_cache *c, const char *name)
{
	if (++c->n_missing < MOST_NOTES)
		note(c->notes,
		     "no source of '%s': tried %s; --source-path=<dir> names other folders, "
		     "--trim-path=<dir> cuts the beginning of names",
		     name, source_tried(c->arena, name, &c->places));
	else if (c->n_missing == MOST_NOTES)
		note(c->notes, "no source of more files");
}

const struct cached_source *source_cache_get(struct source_cache *c, str_id name)
{
	struct cached_source new = { .name = name };
	uint64_t h = hash_mix(name); /* reversible: equal hashes are equal names */
	uint32_t *at = hash_map_first(&c->by_name, h);
	struct err err;

	if (*at != HASH_MAP_NONE)
		return &c->sources.v[*at];
	*at = (uint32_t)c->sources.n;
	hash_map_added(&c->by_name, at, h);
	if (source_read(&new.source, c->arena, profile_str(c->profile, name), &c->places, &err)) {
		new.source = (struct source){ NULL, 0 };
		new.problem = arena_strdup(c->arena, err.text);
		note_missing(c, profile_str(c->profile, name));
	}
	*VEC_PUSH(&c->sources) = new;
	return &c->sources.v[c->sources.n - 1];
}

const char *source_cache_line(struct source_cache *c, str_id name, int64_t line)
{
	const struct source *s = &source_cache_get(c, name)->source;

	return line > 0 && (uint64_t)line <= s->n ? s->lines[line] : NULL;
}
