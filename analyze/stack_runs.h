/* stack_runs.h - the stacks of a profile as a tree: equal beginnings, from the root on, are one.
 *
 * A place of the tree is a node of nodes.h below the place of its caller; places are numbered in the
 * order in which the samples come to them.  So the places that a sample is the first to come to
 * follow each other: that is a run, and all that is kept is where each begins.
 */
#ifndef SONDE_ANALYZE_STACK_RUNS_H
#define SONDE_ANALYZE_STACK_RUNS_H

#include "analyze/report_stacks.h"

#define STACK_RUNS_ROOT UINT64_MAX /* above all stacks */

struct stack_run {
	uint64_t parent; /* place of the caller of its first node */
	uint64_t first;	 /* place of its first node; the next has the next, down to the leaf */
	uint32_t node;
	struct stack_steps steps; /* lead along its nodes */
};

struct stack_runs {
	const struct report *r;
	VEC(struct stack_run) v;
	uint64_t n_places;
	struct hash_map map; /* from parent and first node to the run */
};

/* The place of a sample's leaf, STACK_RUNS_ROOT for an empty stack. */
uint64_t stack_runs_add(struct stack_runs *t, size_t sample);
void stack_runs_release(struct stack_runs *t);

#endif
