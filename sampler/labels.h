/* labels.h - sets of labels: immutable, interned, never freed, so that a handler may point at one at any time. */
#ifndef SONDE_SAMPLER_LABELS_H
#define SONDE_SAMPLER_LABELS_H

#include "sampler/otel.h"

#include <stddef.h>
#include <stdint.h>

enum {
	LABEL_BLOCK_BYTES = 1024,   /* the labels of one set */
	LABEL_MAX_SETS = 65536,	    /* of a process, */
	LABEL_MAX_BYTES = 16 << 20, /* and what they take in all: past either no set is made */
};

/* One label in the block of a set, and in a RECORD_CONTEXT of the spool.  The block ends with kind 0. */
struct label_entry {
	uint8_t kind; /* 's' string, 'n' number, 0 end */
	uint8_t key_bytes;
	uint8_t unit_bytes;
	uint8_t pad;
	uint16_t value_bytes; /* of a string */
	uint16_t entry_bytes; /* this struct and what follows, padded to 8 */
	int64_t number;
	char bytes[]; /* key, then unit, then value; not terminated */
};

struct label_set {
	const struct label_set *parent;	  /* what a pop goes back to; NULL = no labels */
	struct label_set *next;		  /* in the hash bucket */
	uint64_t hash;			  /* of parent and the label pushed */
	const struct label_entry *pushed; /* in the block */
	const uint64_t *key,
		*text; /* of the label pushed; the value, or the unit of a number: see labels.c */
	const struct otel_record *_Atomic record; /* for other readers; NULL = not published */
	uint32_t key_bytes, text_bytes;
	uint32_t n_words; /* of the block */
	uint64_t block[]; /* struct label_entry one after the other, by key; hidden keys left out */
};

/* The thread's current set; initial-exec, so that a handler can read it. */
extern __thread const struct label_set *volatile labels_current;

/* What every switch of this thread's labels comes to: two stores.  (The host's own library may write the second when we
 * do not publish.) */
static inline void labels_go_to(const struct label_set *set)
{
	labels_current = set;
	if (otel_is_on)
		otel_thread_ctx_v1 = set ? set->record : NULL;
}

/* Around fork(): no set may be half made in the child. */
void labels_lock(void);
void labels_unlock(void);

#endif
