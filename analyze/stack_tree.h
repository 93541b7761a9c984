/* stack_tree.h - the stacks of a profile as a tree: equal beginnings, from the root on, are one.
 *
 * A place of the tree is a node of nodes.h below the place of its caller.  Callers come before
 * their callees in the arrays.
 */
#ifndef SONDE_ANALYZE_STACK_TREE_H
#define SONDE_ANALYZE_STACK_TREE_H

#include "base/hash.h"
#include "base/vec.h"

#define STACK_TREE_ROOT UINT32_MAX

struct stack_place {
	uint32_t parent; /* STACK_TREE_ROOT = none */
	uint32_t node;
};

struct stack_tree {
	VEC(struct stack_place) v;
	struct hash_map map;
};

/* The place of node below parent, old or new. */
uint32_t stack_tree_add(struct stack_tree *t, uint32_t parent, uint32_t node);
void stack_tree_release(struct stack_tree *t);

#endif
