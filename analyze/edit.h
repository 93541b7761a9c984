/* edit.h - change the samples of a profile in place: drop rows, shorten stacks, take labels away.
 *
 * The columns are rewritten from front to back; what is kept never grows, so nothing is allocated.
 */
#ifndef SONDE_ANALYZE_EDIT_H
#define SONDE_ANALYZE_EDIT_H

#include "base/profile.h"

/* One sample as an edit sees it.  stack and labels may be narrowed, and their elements moved,
 * within what is given. */
struct row {
	size_t index; /* of the sample before the edit */
	const int64_t *values;
	uint32_t *stack;
	size_t n_stack;
	struct label *labels;
	size_t n_labels;
};

typedef bool (*row_fn)(void *ctx, const struct profile *p,
		       struct row *row); /* false = drop the sample */

void profile_edit_rows(struct profile *p, row_fn fn, void *ctx);

/* Take every label called key away. */
void profile_remove_label(struct profile *p, str_id key);

#endif
