/* heavy_tree.h - the heaviest boxes of a flame graph, without building the rest of it.
 *
 * A box is a function under one chain of callers, and never heavier than its caller.  So the
 * heaviest come out of a queue: the heaviest box that is known is taken, and the boxes right below
 * it become known.  What is known but never taken is small; nothing below that is ever looked at.
 */
#ifndef SONDE_ANALYZE_HEAVY_TREE_H
#define SONDE_ANALYZE_HEAVY_TREE_H

#include "analyze/nodes.h"

struct heavy_cost {
	int64_t now, before; /* of the profile, and of the base of a comparison; both >= 0 */
};

struct heavy_box {
	uint32_t node;		       /* of nodes.h; NODE_NONE for the one that holds all */
	uint32_t parent;	       /* a box before this one; NODE_NONE for the first */
	struct heavy_cost self, small; /* what ends here, and what the small boxes below cost */
	uint32_t n_small;	       /* right below */
	bool inlined;		       /* into its caller, in some sample at least */
};

struct heavy_tree {
	VEC(struct heavy_box) boxes; /* heaviest first; number 0 holds all */
};

/* At most n_boxes (0 = all that have any weight) below the one that holds all.  cost has one entry
 * for each sample of the profile. */
void heavy_tree_build(struct heavy_tree *t, const struct nodes *nodes,
		      const struct heavy_cost *cost, size_t n_boxes);
void heavy_tree_release(struct heavy_tree *t);

#endif
