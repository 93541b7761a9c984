/* frame_file.h - the call frame information of a module that the loader does not map: .debug_frame, and .eh_frame where
 * no .eh_frame_hdr leads to it.  Not for handlers. */
#ifndef SONDE_SAMPLER_FRAME_FILE_H
#define SONDE_SAMPLER_FRAME_FILE_H

#include "sampler/cfi_program.h"
#include "sampler/module_rules.h"

enum { FRAME_FILE_SECTIONS = 2 };

struct frame_file {
	unsigned n; /* 0 also when the file is gone, or another one by now */
	struct cfi_source sections[FRAME_FILE_SECTIONS];
};

/* Read what there is of the module's file.  One caller at a time. */
void frame_file_open(struct frame_file *file, const struct module_frames *f, bool wants_eh_frame);
void frame_file_close(struct frame_file *file);

void frame_file_rest(void);   /* give back the room that is kept from one file to the next */
void frame_file_forked(void); /* in the child of a fork: whoever was reading is not here */

#endif
