/* merge_code.h - the mappings, functions and locations of several profiles, each once. */
#ifndef SONDE_ANALYZE_MERGE_CODE_H
#define SONDE_ANALYZE_MERGE_CODE_H

#include "base/hash.h"
#include "base/profile.h"
#include "base/vec.h"

/* Zero but for p is a valid start.  Owns its tables; the profiles and the strings' table are the caller's. */
struct code_merger {
	struct profile *p;	   /* the result */
	const struct profile *src; /* the source at hand */
	const str_id *string_of;   /* its strings' ids in the result */
	struct hash_map locations, functions, mappings;
	VEC(uint32_t) mapping_of, location_of, function_of; /* PROFILE_NONE = not needed yet */
};

/* Goes over to the next source.  Its first mapping becomes the result's if that has none. */
void code_merger_start(struct code_merger *m, const struct profile *src, const str_id *string_of);

/* The index in the result of what has this index in the source; it is added if it is new.  PROFILE_NONE stays. */
uint32_t code_merger_mapping(struct code_merger *m, uint32_t index);
uint32_t code_merger_location(struct code_merger *m, uint32_t index);

void code_merger_release(struct code_merger *m);

#endif
