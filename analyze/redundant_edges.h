/* redundant_edges.h - take residual edges out of a graph that only repeat what others show. */
#ifndef SONDE_ANALYZE_REDUNDANT_EDGES_H
#define SONDE_ANALYZE_REDUNDANT_EDGES_H

#include "analyze/graph.h"

/* Drop residual edges, lightest first, whose ends are connected by other calls too.  The graph is
 * linked; link it again afterwards. */
void redundant_edges_drop(struct graph *g);

#endif
