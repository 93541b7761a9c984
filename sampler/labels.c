/* labels.c - push, pop and swap sets of labels; find or make the set that a push leads to.
 *
 * Sets form a tree: a push leads from a set to the child for that key and value, which exists once, so that a set is
 * a pointer, equal sets reached by equal pushes are the same pointer, and a switch is one store.  Each set carries
 * its labels flattened (last key wins) in the form that the handler copies into the spool.
 */
#include "sampler/labels.h"
#include "base/arena.h"
#include "base/hash.h"
#include "sampler/sonde.h"

#include <pthread.h>
#include <string.h>

enum { N_BUCKETS = 4096 };

__thread const struct label_set *volatile labels_current __attribute__((tls_model("initial-exec")));

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena *arena;
static const struct label_set *buckets[N_BUCKETS];
static size_t n_sets;

void labels_lock(void)
{
	pthread_mutex_lock(&lock);
}

void labels_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* A label as it is asked for, cut and cleaned, not yet part of a set. */
struct wanted {
	uint8_t kind, key_bytes, unit_bytes;
	uint16_t value_bytes, entry_bytes;
	int64_t number;
	char key[256];
	const char *unit, *value;
};

static void want_key(struct wanted *w, const char *key)
{
	size_t n = 0;

	for (; key[n] && n < 255; n++) {
		char c = key[n];
		int is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		w->key[n] = is_letter || (n && c >= '0' && c <= '9') ? c : '_';
	}
	if (n == 0)
		w->key[n++] = '_';
	w->key_bytes = (uint8_t)n;
}

static void want_lengths(struct wanted *w)
{
	size_t n = sizeof(struct label_entry) + w->key_bytes + w->unit_bytes + w->value_bytes;

	w->entry_bytes = (uint16_t)((n + 7) & ~(size_t)7);
}

static struct label_entry *next_entry(const struct label_entry *e)
{
	return (struct label_entry *)((char *)e + e->entry_bytes);
}

static int is_entry(const struct label_entry *e, const struct wanted *w)
{
	const char *at = e->bytes;

	return e->kind == w->kind && e->key_bytes == w->key_bytes &&
	       e->unit_bytes == w->unit_bytes && e->value_bytes == w->value_bytes &&
	       e->number == w->number && memcmp(at, w->key, e->key_bytes) == 0 &&
	       memcmp(at + e->key_bytes, w->unit, e->unit_bytes) == 0 &&
	       memcmp(at + e->key_bytes + e->unit_bytes, w->value, e->value_bytes) == 0;
}

static uint64_t hash_wanted(const struct label_set *parent, const struct wanted *w)
{
	uint64_t h = hash_mix((uint64_t)(uintptr_t)parent);

	h = hash_add(h, hash_bytes(w->key, w->key_bytes));
	h = hash_add(h, hash_bytes(w->unit, w->unit_bytes));
	h = hash_add(h, hash_bytes(w->value, w->value_bytes));
	return hash_add(h, (uint64_t)w->number ^ w->kind);
}

static const struct label_set *find(const struct label_set *parent, uint64_t hash,
				    const struct wanted *w)
{
	const struct label_set *s;

	for (s = buckets[hash % N_BUCKETS]; s; s = s->next)
		if (s->hash == hash && s->parent == parent && s->pushed && is_entry(s->pushed, w))
			return s;
	return NULL;
}

static struct label_entry *append(struct label_entry *at, const struct wanted *w)
{
	char *p = at->bytes;

	at->kind = w->kind;
	at->key_bytes = w->key_bytes;
	at->unit_bytes = w->unit_bytes;
	at->value_bytes = w->value_bytes;
	at->entry_bytes = w->entry_bytes;
	at->number = w->number;
	memcpy(p, w->key, w->key_bytes);
	p += w->key_bytes;
	memcpy(p, w->unit, w->unit_bytes);
	memcpy(p + w->unit_bytes, w->value, w->value_bytes);
	return next_entry(at);
}

/* The parent's labels without those of the new key, then the new one.  NULL when that is too much to keep. */
static const struct label_set *make(const struct label_set *parent, uint64_t hash,
				    const struct wanted *w)
{
	uint64_t block[LABEL_BLOCK_BYTES / 8 + 1];
	struct label_entry *at = (struct label_entry *)block, *pushed;
	size_t limit = LABEL_BLOCK_BYTES - w->entry_bytes;
	struct label_set *s;
	size_t bytes;

	if (n_sets == LABEL_MAX_SETS || w->entry_bytes > LABEL_BLOCK_BYTES)
		return NULL;
	memset(block, 0, sizeof(block));
	for (const struct label_entry *e = parent ? (const struct label_entry *)parent->block
						  : NULL;
	     e && e->kind; e = next_entry(e)) {
		if (e->key_bytes == w->key_bytes && memcmp(e->bytes, w->key, e->key_bytes) == 0)
			continue;
		if ((size_t)((char *)at - (char *)block) + e->entry_bytes > limit)
			return NULL;
		memcpy(at, e, e->entry_bytes);
		at = next_entry(at);
	}
	pushed = at;
	at = append(at, w);
	bytes = (size_t)((char *)at - (char *)block) + 8; /* one word of zero ends it */
	if (!arena && !(arena = arena_new(ARENA_MAY_FAIL)))
		return NULL;
	s = arena_alloc(arena, sizeof(*s) + bytes + sizeof(struct label_entry));
	if (!s)
		return NULL;
	memcpy(s->block, block, bytes);
	s->parent = parent;
	s->hash = hash;
	s->n_words = (uint32_t)(bytes / 8);
	s->pushed =
		(const struct label_entry *)((char *)s->block + ((char *)pushed - (char *)block));
	s->next = buckets[hash % N_BUCKETS];
	buckets[hash % N_BUCKETS] = s;
	n_sets++;
	return s;
}

/* A push that cannot be kept must still be popped: such depths are counted by sets with the parent's labels, made
 * once for each (parent, depth).  When even that is impossible the push is forgotten. */
static const struct label_set *make_overflow(const struct label_set *parent)
{
	static const struct wanted nothing = { .unit = "", .value = "" };
	uint64_t hash = hash_wanted(parent, &nothing);
	size_t words = parent ? parent->n_words : 1;
	struct label_set *s;

	for (const struct label_set *o = buckets[hash % N_BUCKETS]; o; o = o->next)
		if (o->parent == parent && !o->pushed)
			return o;
	if (!arena && !(arena = arena_new(ARENA_MAY_FAIL)))
		return parent;
	s = arena_alloc(arena, sizeof(*s) + words * 8 + sizeof(struct label_entry));
	if (!s)
		return parent;
	if (parent)
		memcpy(s->block, parent->block, words * 8);
	s->parent = parent;
	s->hash = hash;
	s->n_words = (uint32_t)words;
	s->next = buckets[hash % N_BUCKETS];
	buckets[hash % N_BUCKETS] = s;
	return s;
}

static void push(struct wanted *w)
{
	const struct label_set *parent = labels_current, *s;
	uint64_t hash;

	want_lengths(w);
	hash = hash_wanted(parent, w);
	labels_lock();
	s = find(parent, hash, w);
	if (!s)
		s = make(parent, hash, w);
	if (!s)
		s = make_overflow(parent);
	labels_unlock();
	labels_current = s;
}

void sonde_labels_push(const char *key, const char *value)
{
	struct wanted w = { .kind = 's', .unit = "", .value = value ? value : "" };

	w.value_bytes = (uint16_t)strnlen(w.value, LABEL_BLOCK_BYTES);
	want_key(&w, key ? key : "");
	push(&w);
}

void sonde_labels_push_number(const char *key, int64_t value, const char *unit)
{
	struct wanted w = { .kind = 'n', .number = value, .unit = unit ? unit : "", .value = "" };

	w.unit_bytes = (uint8_t)strnlen(w.unit, 255);
	want_key(&w, key ? key : "");
	push(&w);
}

void sonde_labels_pop(void)
{
	if (labels_current)
		labels_current = labels_current->parent;
}

sonde_labels sonde_labels_get(void)
{
	return labels_current;
}

sonde_labels sonde_labels_swap(sonde_labels set)
{
	sonde_labels before = labels_current;

	labels_current = set;
	return before;
}
