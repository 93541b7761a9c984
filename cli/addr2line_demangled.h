/* addr2line_demangled.h - demangled names, each kept until it was used for the last time. */
#ifndef SONDE_CLI_ADDR2LINE_DEMANGLED_H
#define SONDE_CLI_ADDR2LINE_DEMANGLED_H

#include "base/hash.h"
#include "base/vec.h"
#include "symbolize/symbolize.h"

struct known_name {
	const char *name; /* as in the file; names are told apart by where they lie */
	char *plain;	  /* NULL = not demangled yet, or is as it was */
	bool is_known;	  /* it was tried */
	uint32_t uses;	  /* that are still to come */
};

struct demangled_names {
	enum demangle_mode mode;
	struct hash_map index;
	VEC(struct known_name) v;
	size_t kept;	   /* bytes of names in v */
	size_t cache_room; /* bytes of names that may still be kept for the cache of answers */
	char *last;	   /* what the last names_get() returned, if nobody else keeps it */
};

/* With a cache of answers it is to know names, too, as long as they are few. */
void names_init(struct demangled_names *n, enum demangle_mode mode, bool has_cache);
void names_release(struct demangled_names *n);

/* names_get() will be called so often for this name, which lies where it is until names_clear(). */
void names_expect(struct demangled_names *n, const char *name, uint32_t times);
/* The name as in the source, until the next call. */
const char *names_get(struct demangled_names *n, const char *name);
/* All that were expected have come. */
void names_clear(struct demangled_names *n);

#endif
