/* entropy.h - order the nodes of a graph by how much a picture gains from them. */
#ifndef SONDE_ANALYZE_ENTROPY_H
#define SONDE_ANALYZE_ENTROPY_H

#include "analyze/graph.h"

/* The weight of a node times the entropy of its edges: a node that merely passes its weight on from
 * one caller to one callee tells little.  The graph is linked. */
int64_t entropy_score(const struct graph *g, uint32_t node);

void entropy_sort(struct graph *g);

#endif
