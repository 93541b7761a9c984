/* edge_table.h - edges found by their two ends, many at a time.
 *
 * A profile may have millions of edges, and the next one is never where the last one was: what
 * finding one costs is waiting for memory.  So edges are added in batches, and all of a batch are
 * asked of memory before the first is used.  Order is that of first appearance.
 */
#ifndef SONDE_ANALYZE_EDGE_TABLE_H
#define SONDE_ANALYZE_EDGE_TABLE_H

#include "analyze/graph.h"

struct edge_table {
	VEC(struct edge) v;
	VEC(uint32_t) slots; /* a power of 2; EDGE_NONE = empty */
};

/* A call, or the sum of many. */
struct call {
	uint32_t src, dest;
	bool residual, is_inline;
	int64_t w, dw;
	size_t slot; /* for the table's use */
};

void edge_table_release(struct edge_table *t);
void edge_table_clear(struct edge_table *t, size_t n_calls); /* so many may be added, or more */

/* Add n calls.  Of those between the same two ends that have the same stamp the first counts; with
 * stamp 0 all do. */
void edge_table_add(struct edge_table *t, struct call *calls, size_t n, uint32_t stamp);

#endif
