/* stack_tree.c - find the place of a node below its caller. */
#include "analyze/stack_tree.h"

uint32_t stack_tree_add(struct stack_tree *t, uint32_t parent, uint32_t node)
{
	/* reversible: equal hashes are equal pairs */
	uint64_t h = hash_mix((uint64_t)parent << 32 | node);
	uint32_t *at = hash_map_first(&t->map, h);

	if (*at != HASH_MAP_NONE)
		return *at;
	*at = (uint32_t)t->v.n;
	hash_map_added(&t->map, at, h);
	*VEC_PUSH(&t->v) = (struct stack_place){ parent, node };
	return (uint32_t)t->v.n - 1;
}

void stack_tree_release(struct stack_tree *t)
{
	VEC_RELEASE(&t->v);
	hash_map_release(&t->map);
}
