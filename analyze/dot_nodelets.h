/* dot_nodelets.h - the small boxes that hang on a node of a graph: one for each of its heaviest
 * labels, and below it the sizes of what was allocated.
 */
#ifndef SONDE_ANALYZE_DOT_NODELETS_H
#define SONDE_ANALYZE_DOT_NODELETS_H

#include "analyze/report.h"

enum { NODELETS_MAX = 4 }; /* of one node, and of sizes below one nodelet */

/* id is the number of the node in the output.  False when there are none. */
bool dot_nodelets_print(struct report *r, uint32_t node, size_t id);

#endif
