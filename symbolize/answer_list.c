/* answer_list.c - what is known of the addresses of one binary. */
#include "symbolize/answer_list.h"

void answer_list_init(struct answer_list *l)
{
	*l = (struct answer_list){ 0 };
	hash_map_init(&l->index);
}

void answer_list_release(struct answer_list *l)
{
	hash_map_release(&l->index);
	VEC_RELEASE(&l->v);
	VEC_RELEASE(&l->frames);
}

/* Where the number of an address is, or belongs. */
static uint32_t *place_of(struct answer_list *l, uint64_t address)
{
	uint64_t h = hash_mix(address);
	uint32_t *at = hash_map_first(&l->index, h);

	while (*at != HASH_MAP_NONE && l->v.v[*at].address != address)
		at = hash_map_next(&l->index, at, h);
	return at;
}

uint32_t answer_list_find(struct answer_list *l, uint64_t address)
{
	uint32_t number;

	for (; l->n_indexed < l->v.n; l->n_indexed++) {
		uint64_t known = l->v.v[l->n_indexed].address;
		uint32_t *at = place_of(l, known);

		*at = (uint32_t)l->n_indexed;
		hash_map_added(&l->index, at, hash_mix(known));
	}
	number = *place_of(l, address);
	return number == HASH_MAP_NONE ? BINARY_NO_ANSWER : number;
}

uint32_t answer_list_add(struct answer_list *l, uint64_t address)
{
	*VEC_PUSH(&l->v) = (struct answer){ .address = address };
	return (uint32_t)l->v.n - 1;
}

struct frame answer_list_frame(const struct answer_list *l, const struct answer *a, uint32_t k)
{
	struct frame f;

	if (!a->places)
		return l->frames.v[a->first + k];
	f = dwarf_place_frame(a->places, a->n, k).frame;
	if (k + 1 == a->n) {
		f.function = a->outer;
		if (!f.file)
			f.file = a->outer_file;
	}
	return f;
}

struct frame *answer_list_set_frames(struct answer_list *l, struct answer *a, size_t n)
{
	a->first = (uint32_t)l->frames.n;
	a->n = (uint32_t)n;
	VEC_MUST(&l->frames, l->frames.n + n);
	l->frames.n += n;
	return n ? &l->frames.v[a->first] : NULL;
}

/* (Not inlined, gcc takes it for a function without effect and calls it never.) */
static inline __attribute__((always_inline)) void fetch_place(const struct dwarf_place *place,
							      int round)
{
	if (round == 0) {
		__builtin_prefetch(place);
	} else if (round == 1) {
		__builtin_prefetch(place->function);
		__builtin_prefetch(place->file);
	} else if (place->function) {
		__builtin_prefetch(place->function->name);
	}
}

/* Each round asks for what the one before has brought the addresses of. */
void answer_list_fetch(const struct answer_list *l, const uint32_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (numbers[i] != BINARY_NO_ANSWER)
			__builtin_prefetch(&l->v.v[numbers[i]]);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < n; i++) {
			const struct answer *a =
				numbers[i] == BINARY_NO_ANSWER ? NULL : &l->v.v[numbers[i]];

			for (uint32_t k = 0; a && a->places && k < a->n; k++)
				fetch_place(&a->places[k], round);
		}
}
