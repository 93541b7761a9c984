/* named_frames.h - build a profile from text that names its frames.  Room-internal.
 *
 * Whatever is asked for twice is made once; ids count from 1.  A profile made so is named as far as
 * it can be: its mappings say that they have functions and lines, so that nobody looks for binaries.
 */
#ifndef SONDE_WRITER_NAMED_FRAMES_H
#define SONDE_WRITER_NAMED_FRAMES_H

#include "base/hash.h"
#include "base/profile.h"

struct named_frames {
	struct profile *p;
	struct hash_map mappings, functions, locations;
	VEC(uint32_t) stack; /* of the sample that is being read, leaf first */
};

void named_frames_init(struct named_frames *f, struct profile *p);
void named_frames_release(struct named_frames *f); /* leaves the profile */

uint32_t named_mapping(struct named_frames *f, str_id file);

/* Without a linkage name: the name is one for people already, and not to be demangled. */
uint32_t named_function(struct named_frames *f, str_id name, str_id file);

/* Lines innermost first, none for an address without a name.  The mapping grows to hold it. */
uint32_t named_location(struct named_frames *f, uint64_t address, uint32_t mapping,
			const struct line *lines, size_t n_lines);

#endif
