/* call_tree.h - the graph of a profile as a forest: one node for each chain of callers.
 *
 * The nodes are added to those of the profile, as copies that share their names.
 */
#ifndef SONDE_ANALYZE_CALL_TREE_H
#define SONDE_ANALYZE_CALL_TREE_H

#include "analyze/graph.h"

/* Build from all samples, with all edges; once for a graph. */
void call_tree_build(struct graph *g);

/* Leave out the nodes that are not in kept (by node number): what they called then hangs on the next
 * caller that stays, by a residual edge. */
void call_tree_trim(struct graph *g, const unsigned char *kept);

#endif
