/* answer_list.h - what is known of the addresses of one binary, by address and by number.
 *
 * Answers are numbered in the order in which they were added.  They are found by address through an
 * index that is made when it is first asked: a batch of many addresses knows their numbers.
 */
#ifndef SONDE_SYMBOLIZE_ANSWER_LIST_H
#define SONDE_SYMBOLIZE_ANSWER_LIST_H

#include "base/hash.h"
#include "base/vec.h"
#include "symbolize/dwarf_lookup.h"

/* The places are those of our reader; what comes from elsewhere lies in frames. */
struct answer {
	uint64_t address;
	const struct dwarf_place *places; /* NULL = in frames */
	const char *outer;		  /* with places, the name of the outermost function */
	const char *outer_file; /* and where its code is from, if the place does not say */
	uint32_t first, n;	/* first in frames */
};

struct answer_list {
	VEC(struct answer) v;
	VEC(struct frame) frames;
	struct hash_map index; /* by address */
	size_t n_indexed;
};

void answer_list_init(struct answer_list *l);
void answer_list_release(struct answer_list *l);

/* The number of the answer for an address; BINARY_NO_ANSWER = there is none. */
uint32_t answer_list_find(struct answer_list *l, uint64_t address);
/* The number of a new one, without frames yet, for an address that has none. */
uint32_t answer_list_add(struct answer_list *l, uint64_t address);

/* Frame k of an answer. */
struct frame answer_list_frame(const struct answer_list *l, const struct answer *a, uint32_t k);
/* Give an answer n frames, whose contents are undefined.  They stay where they are until the next call.
 * NULL if n is 0. */
struct frame *answer_list_set_frames(struct answer_list *l, struct answer *a, size_t n);

/* Bring these into the processor's cache; BINARY_NO_ANSWER is fine. */
void answer_list_fetch(const struct answer_list *l, const uint32_t *numbers, size_t n);

#endif
