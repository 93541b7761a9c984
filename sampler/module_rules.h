/* module_rules.h - the unwind rules of each module: found again when a library comes back, compiled when they are
 * needed.  Not for handlers; under the lock of modules.c. */
#ifndef SONDE_SAMPLER_MODULE_RULES_H
#define SONDE_SAMPLER_MODULE_RULES_H

#include "sampler/unwind.h"

enum { BUILD_ID_BYTES = 20 };

struct module_frames { /* what is to be known of one executable segment */
	uintptr_t base, start, end;
	uintptr_t hdr;			  /* .eh_frame_hdr; 0 = none */
	uintptr_t readable, readable_end; /* the segment that holds it */
	bool is_permanent;		  /* never unmapped while the process lives */
	uint8_t build_id_bytes;
	uint8_t build_id[BUILD_ID_BYTES];
	const char *path;
};

/* Never NULL but for want of memory. */
struct module_rules *module_rules_find(const struct module_frames *f);

/* Compile the table if a handler has asked for it. */
void module_rules_compile(struct module_rules *rules, const struct module_frames *f);

#endif
