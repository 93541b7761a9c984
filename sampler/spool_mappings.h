/* spool_mappings.h - which mapping of the profile the code at an address of a spool's process belongs to.
 *
 * Processes map the same binary at different addresses.  Mappings that are the same piece of the same file (path, build
 * id, offset, size) become one, and addresses are moved to where the first of them lies, so that samples of several
 * images add up.
 */
#ifndef SONDE_SAMPLER_SPOOL_MAPPINGS_H
#define SONDE_SAMPLER_SPOOL_MAPPINGS_H

#include "base/profile.h"
#include "base/vec.h"
#include "sampler/spool_image.h"

struct placed { /* a module of the image that is being read */
	uint64_t start, limit;
	uint32_t mapping;
};

struct spool_mappings {
	struct profile *p; /* the caller's; its mappings grow */
	VEC(struct placed) placed;
	uint32_t anonymous; /* mapping of the image's code without a file; PROFILE_NONE = not yet */
	int pid;	    /* of the image */
	uint64_t image_ns;  /* when it began */
};

/* Goes over to the next image. */
void spool_mappings_start(struct spool_mappings *sm, const struct spool_image *im);

/* The mapping of an address of the image, PROFILE_NONE if it is in none, and the address in the profile. */
uint32_t spool_mappings_find(struct spool_mappings *sm, uint64_t pc, uint64_t *address);

void spool_mappings_release(struct spool_mappings *sm);

/* Intern bytes as a string; what is not UTF-8 becomes question marks. */
str_id spool_text(struct profile *p, const char *s, size_t n);

#endif
