/* store.c - the lock-free hash store of one spool segment.
 *
 * Runs inside the handler: no call but to itself, no lock, no memory but the segment.
 *
 * Interning: hash the words, probe the slots from there.  An empty slot means the content is new: space is taken by
 * one fetch-and-add, the record is written, and a compare-and-swap publishes it.  A thread that loses that race
 * against the same content uses the winner's record (its own space is wasted, a few hundred bytes at worst).
 * A slot holds 32 bits of hash and the record's offset; on equal hash bits the words themselves are compared.
 */
#include "sampler/store.h"
#include "base/hash.h"

enum { MAX_PROBES = 128 };

static uint64_t *words_of(struct segment *s)
{
	return (uint64_t *)s;
}

void segment_init(struct segment *s, uint64_t bytes, uint32_t seq)
{
	uint32_t slots = 1024;

	while ((uint64_t)slots * 256 <= bytes)
		slots *= 2;
	s->bytes = bytes;
	s->seq = seq;
	s->words = (uint32_t)(bytes / 8);
	s->n_intern = s->n_samples = slots;
	s->intern_at = (sizeof(*s) + 63) / 64 * 8;
	s->samples_at = s->intern_at + slots;
	s->records_at = s->samples_at + slots * 2;
	atomic_store_explicit(&s->next, s->records_at, memory_order_release);
}

bool segment_is_half_full(const struct segment *s)
{
	uint32_t used = atomic_load_explicit(&s->next, memory_order_relaxed) - s->records_at;

	return used > (s->words - s->records_at) / 2 ||
	       atomic_load_explicit(&s->interned, memory_order_relaxed) > s->n_intern / 2 ||
	       atomic_load_explicit(&s->sampled, memory_order_relaxed) > s->n_samples / 2;
}

static uint64_t hash_words(enum record_kind kind, const uint64_t *words, uint32_t n)
{
	uint64_t h = hash_mix((uint64_t)kind << 32 | n);

	for (uint32_t i = 0; i < n; i++) {
		h = (h ^ words[i]) * 0x9fb21c651e98df25ULL;
		h ^= h >> 32;
	}
	return hash_mix(h);
}

static bool same(const struct record *r, enum record_kind kind, const uint64_t *words, uint32_t n)
{
	if (r->kind != kind || r->n_words != n)
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (r->words[i] != words[i])
			return false;
	return true;
}

/* Write a record that no slot points to yet; 0 when there is no space. */
static uint32_t new_record(struct segment *s, uint32_t tag, enum record_kind kind,
			   const uint64_t *words, uint32_t n)
{
	uint32_t at = atomic_load_explicit(&s->next, memory_order_relaxed);
	struct record *r;

	do {
		if (n + 1 > s->words - at)
			return 0;
	} while (!atomic_compare_exchange_weak_explicit(
		&s->next, &at, at + n + 1, memory_order_relaxed, memory_order_relaxed));
	r = (struct record *)(words_of(s) + at);
	r->tag = tag;
	r->kind = (uint16_t)kind;
	r->n_words = (uint16_t)n;
	for (uint32_t i = 0; i < n; i++)
		r->words[i] = words[i];
	return at;
}

uint32_t store_intern(struct segment *s, enum record_kind kind, const uint64_t *words, uint32_t n)
{
	_Atomic uint64_t *slots = (_Atomic uint64_t *)(words_of(s) + s->intern_at);
	uint64_t h = hash_words(kind, words, n);
	uint32_t tag = (uint32_t)(h >> 32), mine = 0;

	for (uint32_t i = 0; i < MAX_PROBES; i++) {
		_Atomic uint64_t *slot = &slots[(h + i) & (s->n_intern - 1)];
		uint64_t v = atomic_load_explicit(slot, memory_order_acquire);

		if (v == 0) {
			if (!mine && !(mine = new_record(s, tag, kind, words, n)))
				return 0;
			if (atomic_compare_exchange_strong_explicit(
				    slot, &v, (uint64_t)tag << 32 | mine, memory_order_release,
				    memory_order_acquire)) {
				atomic_fetch_add_explicit(&s->interned, 1, memory_order_relaxed);
				return mine;
			}
		}
		if ((uint32_t)(v >> 32) == tag &&
		    same((struct record *)(words_of(s) + (uint32_t)v), kind, words, n))
			return (uint32_t)v;
	}
	return 0;
}

bool store_count(struct segment *s, uint32_t stack, uint32_t context, uint64_t weight)
{
	struct sample_slot *slots = (struct sample_slot *)(words_of(s) + s->samples_at);
	uint64_t key = (uint64_t)stack << 32 | context;
	uint64_t h = hash_mix(key);

	for (uint32_t i = 0; i < MAX_PROBES; i++) {
		struct sample_slot *slot = &slots[(h + i) & (s->n_samples - 1)];
		uint64_t v = atomic_load_explicit(&slot->key, memory_order_relaxed);

		if (v == 0) {
			if (atomic_compare_exchange_strong_explicit(&slot->key, &v, key,
								    memory_order_relaxed,
								    memory_order_relaxed)) {
				atomic_fetch_add_explicit(&s->sampled, 1, memory_order_relaxed);
				v = key;
			}
		}
		if (v == key) {
			atomic_fetch_add_explicit(&slot->weight, weight, memory_order_relaxed);
			return true;
		}
	}
	return false;
}
