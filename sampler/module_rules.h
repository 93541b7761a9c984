/* module_rules.h - the unwind rules of each module: found again when a library comes back, compiled when they are
 * needed.  Not for handlers. */
#ifndef SONDE_SAMPLER_MODULE_RULES_H
#define SONDE_SAMPLER_MODULE_RULES_H

#include "sampler/cfi_program.h"

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

/* Under the lock of modules.c.  Never NULL but for want of memory. */
struct module_rules *module_rules_find(const struct module_frames *f);
bool module_rules_are_closed(struct module_rules *rules); /* nothing has been read yet */
bool module_rules_want_table(struct module_rules *rules); /* a handler has asked for it */

/* What was read or compiled, until it is adopted. */
struct module_made {
	bool is_open, has_source, is_tried;
	struct cfi_source source;
	void *copy;
	const struct cfi_table *table;
};

/* Without the lock, one caller at a time: both take their time. */
void module_rules_open(const struct module_frames *f, struct module_made *m);
void module_rules_compile(struct module_rules *rules, const struct module_frames *f,
			  struct module_made *m);

void module_rules_rest(void); /* give back what the making took */
void module_rules_forked(
	void); /* in the child of a fork: whoever was making something is not here */

/* Under the lock: what was made is the handlers' from now on. */
void module_rules_adopt(struct module_rules *rules, const struct module_made *m);

#endif
