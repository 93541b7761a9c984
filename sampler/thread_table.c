/* thread_table.c - tell a record of ours from any other value that came with a signal.
 *
 * Runs inside the handler.
 */
#include "sampler/thread_table.h"

struct thread_table thread_table;

bool thread_table_contains(const void *p)
{
	unsigned n = atomic_load_explicit(&thread_table.n, memory_order_acquire);

	for (unsigned i = 0; i < n; i++) {
		const char *start = (const char *)thread_table.chunks[i];

		if ((const char *)p >= start && (const char *)p < start + sizeof(struct thread_chunk))
			return (size_t)((const char *)p - start) % sizeof(struct thread) == 0;
	}
	return false;
}
