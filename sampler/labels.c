/* labels.c - push, pop, capture and attach sets of labels; find or make the set that a push leads to.
 *
 * Sets form a tree: a push leads from a set to the child for that key and value, which exists once, so that a set is
 * a pointer, equal sets reached by equal pushes are the same pointer, and a switch is one store: a handler sees the
 * set before or the one after, never a mixture.  Each set carries its labels flattened (last key wins, in the order
 * of the keys) in the form that the handler copies into the spool.
 *
 * A push looks among the few sets that the thread reached last, then in the hash table, both without a lock; only a
 * new set takes one.  A push that finds no room for a new set is counted and popped as if it had been made; until
 * then the pushes on top of it are counted, too.
 */
#include "sampler/labels.h"
#include "base/arena.h"
#include "base/hash.h"
#include "sampler/otel.h"
#include "sampler/sonde.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { N_BUCKETS = 4096, N_RECENT = 16 };

#define INITIAL_EXEC __attribute__((tls_model("initial-exec")))

__thread const struct label_set *volatile labels_current INITIAL_EXEC;
static __thread uint32_t n_unkept
	INITIAL_EXEC; /* pushes on top of the current set that found no room */
static __thread const struct label_set *recent[N_RECENT] INITIAL_EXEC;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena *arena;
static struct label_set *_Atomic buckets[N_BUCKETS];
static size_t n_sets, n_bytes;

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
	const char *unit, *value;
	char key[256];
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
	const struct label_set *s =
		atomic_load_explicit(&buckets[hash % N_BUCKETS], memory_order_acquire);

	for (; s; s = s->next)
		if (s->hash == hash && s->parent == parent && is_entry(s->pushed, w))
			return s;
	return NULL;
}

static void write_entry(struct label_entry *at, const struct wanted *w)
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
}

static int compare_keys(const struct label_entry *e, const struct wanted *w)
{
	size_t n = e->key_bytes < w->key_bytes ? e->key_bytes : w->key_bytes;
	int order = memcmp(e->bytes, w->key, n);

	return order ? order : e->key_bytes - w->key_bytes;
}

/* The labels of a set in the making; room for the largest, and the word of zeros that ends it. */
struct block {
	uint64_t words[LABEL_BLOCK_BYTES / 8 + 1];
	size_t bytes;	  /* so far */
	size_t pushed_at; /* where the new label stands */
};

static struct label_entry *end_of(struct block *b)
{
	return (struct label_entry *)((char *)b->words + b->bytes);
}

/* The parent's labels without the one of the new key, and the new one in its place.  False when that is too much. */
static bool flatten(struct block *b, const struct label_set *parent, const struct wanted *w)
{
	const struct label_entry *e = parent ? (const struct label_entry *)parent->block : NULL;
	size_t before = 0, after = 0;

	if (w->entry_bytes > LABEL_BLOCK_BYTES)
		return false;
	memset(b, 0, sizeof(*b));
	for (; e && e->kind; e = next_entry(e)) {
		int order = compare_keys(e, w);

		before += order < 0 ? e->entry_bytes : 0u;
		after += order > 0 ? e->entry_bytes : 0u;
	}
	if (before + after + w->entry_bytes > LABEL_BLOCK_BYTES)
		return false;
	if (before)
		memcpy(b->words, parent->block, before);
	b->pushed_at = b->bytes = before;
	write_entry(end_of(b), w);
	b->bytes += w->entry_bytes;
	if (after) /* the last ones of the parent's block, before the zeros */
		memcpy(end_of(b), (const char *)parent->block + parent->n_words * 8u - 8 - after,
		       after);
	b->bytes += after + 8;
	return true;
}

static struct label_set *new_set(size_t room)
{
	size_t bytes = sizeof(struct label_set) + room;
	struct label_set *s;

	if (n_sets == LABEL_MAX_SETS || bytes > LABEL_MAX_BYTES - n_bytes)
		return NULL;
	if (!arena && !(arena = arena_new(ARENA_MAY_FAIL)))
		return NULL;
	s = arena_alloc(arena, bytes);
	if (s) {
		n_sets++;
		n_bytes += bytes;
	}
	return s;
}

/* A string with its end, filled up with zeros to whole words. */
static size_t padded(size_t n)
{
	return n / 8 + 1;
}

static const uint64_t *copy_padded(uint64_t *to, const char *s, size_t n)
{
	memcpy(to, s, n); /* the arena's memory is zero */
	return to;
}

/* What others read while the thread has these labels; without it they read none. */
static void give_record(struct label_set *s)
{
	size_t room = otel_record_room(s->block);
	struct otel_record *record;

	if (room > LABEL_MAX_BYTES - n_bytes || !(record = arena_alloc(arena, room)))
		return;
	n_bytes += room;
	otel_write_record(record, s->block);
	s->record = record;
}

/* With the lock held.  NULL when there is no room. */
static const struct label_set *make(const struct label_set *parent, uint64_t hash,
				    const struct wanted *w)
{
	const char *text = w->kind == 's' ? w->value : w->unit;
	struct label_set *s;
	struct block b;
	size_t words;

	if (!flatten(&b, parent, w))
		return NULL;
	words = b.bytes / 8;
	s = new_set((words + padded(w->key_bytes) + padded(w->value_bytes + w->unit_bytes)) * 8);
	if (!s)
		return NULL;
	memcpy(s->block, b.words, b.bytes);
	s->key = copy_padded(s->block + words, w->key, w->key_bytes);
	s->key_bytes = w->key_bytes;
	s->text_bytes = w->value_bytes + w->unit_bytes; /* one of them is 0 */
	s->text = copy_padded(s->block + words + padded(s->key_bytes), text, s->text_bytes);
	s->parent = parent;
	s->hash = hash;
	s->n_words = (uint32_t)words;
	s->pushed = (const struct label_entry *)((char *)s->block + b.pushed_at);
	if (otel_is_on)
		give_record(s);
	s->next = atomic_load_explicit(&buckets[hash % N_BUCKETS], memory_order_relaxed);
	atomic_store_explicit(&buckets[hash % N_BUCKETS], s, memory_order_release);
	return s;
}

/* ---- the thread's last sets ---- */

/* By where the strings lie, which is where the same line of code finds them again. */
static const struct label_set **recent_slot(const struct label_set *parent, const void *key,
					    uint64_t value)
{
	uint64_t h = ((uint64_t)(uintptr_t)parent >> 4) + (uintptr_t)key + value * 0x9e3779b9u;

	return &recent[(h ^ h >> 16 ^ h >> 8) % N_RECENT];
}

/* Compares by words, and so may read behind the end of s: never into another page, where the answer is a false no. */
__attribute__((no_sanitize("address", "thread"))) static bool equals(const char *s,
								     const uint64_t *kept, size_t n)
{
	uint64_t word, last = ~0ull >> (56 - n % 8 * 8); /* the bytes that count in the last word */

	for (size_t i = 0;; i++) {
		if (((uintptr_t)(s + i * 8) & 4095) > 4096 - 8)
			return false;
		__builtin_memcpy(&word, s + i * 8, 8);
		if (i == n / 8)
			return (word & last) == kept[i];
		if (word != kept[i])
			return false;
	}
}

static bool leads_to(const struct label_set *s, const struct label_set *parent, char kind,
		     const char *key, const char *text)
{
	return s && s->parent == parent && s->pushed->kind == kind &&
	       equals(key, s->key, s->key_bytes) && equals(text, s->text, s->text_bytes);
}

/* ---- the public calls ---- */

static __attribute__((noinline)) void push(struct wanted *w, const struct label_set **slot)
{
	const struct label_set *parent = labels_current, *s;
	uint64_t hash;

	want_lengths(w);
	hash = hash_wanted(parent, w);
	s = find(parent, hash, w);
	if (!s) {
		labels_lock();
		s = find(parent, hash, w);
		if (!s)
			s = make(parent, hash, w);
		labels_unlock();
	}
	if (s)
		labels_go_to(*slot = s);
	else
		n_unkept++;
}

static __attribute__((noinline)) void push_text(const char *key, const char *value,
						const struct label_set **slot)
{
	struct wanted w = { .kind = 's', .unit = "", .value = value };

	w.value_bytes = (uint16_t)strnlen(w.value, LABEL_BLOCK_BYTES);
	want_key(&w, key);
	push(&w, slot);
}

static __attribute__((noinline)) void push_number(const char *key, int64_t value, const char *unit,
						  const struct label_set **slot)
{
	struct wanted w = { .kind = 'n', .number = value, .unit = unit, .value = "" };

	w.unit_bytes = (uint8_t)strnlen(w.unit, 255);
	want_key(&w, key);
	push(&w, slot);
}

void sonde_labels_push(const char *key, const char *value)
{
	const struct label_set *parent = labels_current, **slot, *s;

	if (n_unkept) {
		n_unkept++;
		return;
	}
	key = key ? key : "";
	value = value ? value : "";
	slot = recent_slot(parent, key, (uintptr_t)value);
	s = *slot;
	if (leads_to(s, parent, 's', key, value))
		labels_go_to(s);
	else
		push_text(key, value, slot);
}

void sonde_labels_push_number(const char *key, int64_t value, const char *unit)
{
	const struct label_set *parent = labels_current, **slot, *s;

	if (n_unkept) {
		n_unkept++;
		return;
	}
	key = key ? key : "";
	unit = unit ? unit : "";
	slot = recent_slot(parent, key, (uint64_t)value);
	s = *slot;
	if (leads_to(s, parent, 'n', key, unit) && s->pushed->number == value)
		labels_go_to(s);
	else
		push_number(key, value, unit, slot);
}

void sonde_labels_pop(void)
{
	const struct label_set *s = labels_current;

	if (n_unkept)
		n_unkept--;
	else if (s)
		labels_go_to(s->parent);
}

sonde_labels sonde_labels_capture(void)
{
	return labels_current;
}

struct sonde_label_scope sonde_labels_attach(sonde_labels set)
{
	struct sonde_label_scope before = { labels_current, n_unkept };

	labels_go_to(set);
	n_unkept = 0;
	return before;
}

void sonde_labels_detach(struct sonde_label_scope before)
{
	labels_go_to(before.set);
	n_unkept = before.unkept;
}

int sonde_labels_publish(void)
{
	int rc;

	labels_lock();
	rc = otel_publish();
	for (size_t i = 0; rc == 0 && i < N_BUCKETS; i++)
		for (struct label_set *s = atomic_load(&buckets[i]); s; s = s->next)
			give_record(s);
	labels_unlock();
	if (rc == 0)
		labels_go_to(labels_current);
	return rc;
}

struct sonde_label_scope sonde_label_scope_begin(const char *key, const char *value)
{
	struct sonde_label_scope before = { labels_current, n_unkept };

	sonde_labels_push(key, value);
	return before;
}

struct sonde_label_scope sonde_label_scope_begin_number(const char *key, int64_t value,
							const char *unit)
{
	struct sonde_label_scope before = { labels_current, n_unkept };

	sonde_labels_push_number(key, value, unit);
	return before;
}
