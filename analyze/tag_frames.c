/* tag_frames.c - make a location for each distinct value of the wanted labels and weave them into
 * the stacks. */
#include "analyze/tag_frames.h"
#include "analyze/measure.h"
#include "analyze/notes.h"
#include "analyze/text.h"
#include "base/arena.h"
#include "base/hash.h"

#include <string.h>

struct keys {
	VEC(str_id) v;
	bool matched; /* some sample has such a label */
};

struct weaver {
	struct profile *profile;
	const char *unit;
	bool with_keys; /* name frames "key=value" */
	struct arena *scratch;
	struct hash_map map; /* (function name, file) to frame */
	VEC(uint32_t) frames;
	uint64_t next_location_id, next_function_id;
	VEC(uint32_t) stack;
	VEC(size_t) stack_at;
};

static void read_keys(struct keys *keys, struct profile *p, const char *list)
{
	while (*list) {
		size_t n = strcspn(list, ",");

		if (n)
			*VEC_PUSH(&keys->v) = strtab_add(p->strings, list, n);
		list += n + (list[n] == ',');
	}
}

static uint32_t add_frame(struct weaver *w, str_id name, str_id file)
{
	struct profile *p = w->profile;

	*VEC_PUSH(&p->functions) =
		(struct function){ .id = w->next_function_id++, .name = name, .filename = file };
	*VEC_PUSH(&p->lines) = (struct line){ .function = (uint32_t)p->functions.n - 1 };
	*VEC_PUSH(&p->locations) = (struct location){ .id = w->next_location_id++,
						      .mapping = PROFILE_NONE,
						      .first_line = (uint32_t)p->lines.n - 1,
						      .n_lines = 1 };
	return (uint32_t)p->locations.n - 1;
}

static uint32_t find_frame(struct weaver *w, str_id name, str_id file)
{
	uint64_t h = hash_mix((uint64_t)name << 32 |
			      file); /* reversible: equal hashes are equal pairs */
	uint32_t *at = hash_map_first(&w->map, h);

	if (*at == HASH_MAP_NONE) {
		*at = (uint32_t)w->frames.n;
		hash_map_added(&w->map, at, h);
		*VEC_PUSH(&w->frames) = add_frame(w, name, file);
	}
	return w->frames.v[*at];
}

static bool any_unit(const struct label *labels, size_t n, str_id key)
{
	for (size_t i = 0; i < n; i++)
		if (labels[i].is_num && labels[i].key == key && labels[i].unit)
			return true;
	return false;
}

/* "value,value", or "key=value,value" when there is a key. */
static void add_value(struct text *t, const char *key, const char *value)
{
	if (t->v.n)
		text_add(t, ",");
	else if (key)
		text_printf(t, "%s=", key);
	text_add(t, value);
}

/* The values of one key of a sample, strings first, joined by commas. */
static str_id join_values(struct weaver *w, const struct label *labels, size_t n, struct keys *keys,
			  str_id key)
{
	const char *unit = any_unit(labels, n, key) ? w->unit : "";
	struct text t = { VEC_INIT };
	str_id id;

	for (int numbers = 0; numbers < 2; numbers++) {
		for (size_t i = 0; i < n; i++) {
			const struct label *l = &labels[i];

			if (l->key != key || l->is_num != numbers)
				continue;
			keys->matched = true;
			add_value(&t, w->with_keys ? profile_str(w->profile, key) : NULL,
				  !numbers ? profile_str(w->profile, l->str)
					   : measure_label(w->scratch, l->num,
							   profile_str(w->profile, l->unit), unit));
		}
	}
	id = strtab_add(w->profile->strings, t.v.n ? t.v.v : "", t.v.n);
	text_release(&t);
	return id;
}

/* The frames of one side of a sample, the last key nearest to the leaf. */
static void find_frames(struct weaver *w, size_t sample, struct keys *keys, uint32_t *frames)
{
	struct profile *p = w->profile;
	const struct label *labels = p->labels.v + p->label_at.v[sample];
	size_t n = p->label_at.v[sample + 1] - p->label_at.v[sample];

	for (size_t k = keys->v.n; k > 0; k--) {
		str_id key = keys->v.v[k - 1];

		*frames++ = find_frame(w, join_values(w, labels, n, keys, key), key);
	}
}

static void push(struct weaver *w, const uint32_t *frames, size_t n)
{
	VEC_MUST(&w->stack, w->stack.n + n);
	if (n)
		memcpy(w->stack.v + w->stack.n, frames, n * sizeof(*frames));
	w->stack.n += n;
}

/* The order in which frames are made gives them their ids: roots come first, as in pprof. */
static void weave(struct weaver *w, struct keys *roots, struct keys *leaves)
{
	struct profile *p = w->profile;

	*VEC_PUSH(&w->stack_at) = 0;
	VEC_MUST(&w->stack, 1); /* no column of a profile is NULL */
	for (size_t i = 0; i < p->n_samples; i++) {
		struct arena_mark mark = arena_mark(w->scratch);
		uint32_t *above = ARENA_ARRAY(w->scratch, uint32_t, roots->v.n);
		uint32_t *below = ARENA_ARRAY(w->scratch, uint32_t, leaves->v.n);

		find_frames(w, i, roots, above);
		find_frames(w, i, leaves, below);
		push(w, below, leaves->v.n);
		push(w, p->stack.v + p->stack_at.v[i], p->stack_at.v[i + 1] - p->stack_at.v[i]);
		push(w, above, roots->v.n);
		*VEC_PUSH(&w->stack_at) = w->stack.n;
		arena_rewind(w->scratch, mark);
	}
}

/* The profile takes the weaver's columns, the weaver gets the old ones to release. */
static void swap_stacks(struct weaver *w)
{
	struct profile *p = w->profile;
	typeof(w->stack) stack = w->stack;
	typeof(w->stack_at) stack_at = w->stack_at;

	memcpy(&w->stack, &p->stack, sizeof(stack));
	memcpy(&w->stack_at, &p->stack_at, sizeof(stack_at));
	memcpy(&p->stack, &stack, sizeof(stack));
	memcpy(&p->stack_at, &stack_at, sizeof(stack_at));
}

static void number_new_frames(struct weaver *w)
{
	for (size_t i = 0; i < w->profile->locations.n; i++)
		if (w->profile->locations.v[i].id > w->next_location_id)
			w->next_location_id = w->profile->locations.v[i].id;
	for (size_t i = 0; i < w->profile->functions.n; i++)
		if (w->profile->functions.v[i].id > w->next_function_id)
			w->next_function_id = w->profile->functions.v[i].id;
	w->next_location_id++;
	w->next_function_id++;
}

void tag_frames_add(struct profile *p, const struct report_opts *opts, const struct notes *notes)
{
	struct weaver w = { .profile = p, .unit = opts->unit, .with_keys = opts->tag_keys };
	struct keys roots = { .v = VEC_INIT }, leaves = { .v = VEC_INIT };

	read_keys(&roots, p, opts->tagroot);
	read_keys(&leaves, p, opts->tagleaf);
	if (roots.v.n + leaves.v.n) {
		w.scratch = arena_new(ARENA_DIE);
		number_new_frames(&w);
		weave(&w, &roots, &leaves);
		swap_stacks(&w);
		arena_free(w.scratch);
	}
	if (*opts->tagroot && !roots.matched)
		note(notes, "TagRoot expression matched no samples");
	if (*opts->tagleaf && !leaves.matched)
		note(notes, "TagLeaf expression matched no samples");
	hash_map_release(&w.map);
	VEC_RELEASE(&w.frames);
	VEC_RELEASE(&w.stack);
	VEC_RELEASE(&w.stack_at);
	VEC_RELEASE(&roots.v);
	VEC_RELEASE(&leaves.v);
}
