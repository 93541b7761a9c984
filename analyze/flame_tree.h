/* flame_tree.h - the calls of a profile as one tree: each node is a frame under one chain of
 * callers.
 *
 * Node 0 is the root and no frame.  A node comes after its parent, so that one pass forward meets
 * callers before their callees and one pass backward the other way round.
 *
 * In a comparison with a base (samples with the label pprof::base=true, as -diff_base leaves them)
 * the base's part of each weight is kept apart, with its sign turned back: delta = value - old.
 */
#ifndef SONDE_ANALYZE_FLAME_TREE_H
#define SONDE_ANALYZE_FLAME_TREE_H

#include "analyze/nodes.h"

#define FLAME_NONE UINT32_MAX

struct flame_weight {
	int64_t value, self; /* with callees, and alone */
	int64_t old, old_self;
};

struct flame_node {
	struct flame_weight w;
	uint32_t frame; /* number of a node in nodes.h; FLAME_NONE for the root */
	uint32_t parent, first_child, next_sibling;
	bool inlined; /* into its caller, in some sample at least */
};

struct flame_tree {
	VEC(struct flame_node) nodes;
	struct hash_map map; /* (parent, frame) to node */
};

struct flame_tree_opts {
	size_t value_index;
	bool inverted;	/* the leaf is the root's child, its callers below it */
	bool recursion; /* fold a function that calls itself at once into one frame */
	bool by_base;	/* there are samples of a base to be told apart */
};

/* From all samples of the profile that nodes was assigned for. */
void flame_tree_build(struct flame_tree *t, const struct nodes *nodes,
		      const struct flame_tree_opts *opts);
void flame_tree_release(struct flame_tree *t);

/* What the outermost occurrences of a frame in `from` call, and by whom they are called (with the
 * callers as children).  The root of both weighs what these occurrences do. */
void flame_tree_callees(struct flame_tree *out, const struct flame_tree *from, uint32_t frame);
void flame_tree_callers(struct flame_tree *out, const struct flame_tree *from, uint32_t frame);

/* The child of parent with this frame, or FLAME_NONE. */
uint32_t flame_tree_find(const struct flame_tree *t, uint32_t parent, uint32_t frame);

/* What the outermost nodes at or below root weigh whose frame is marked. */
struct flame_weight flame_tree_sum(const struct flame_tree *t, uint32_t root,
				   const unsigned char *marked);

#endif
