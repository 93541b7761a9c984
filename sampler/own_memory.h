/* own_memory.h - copy memory of this process that another thread may unmap at any moment. */
#ifndef SONDE_SAMPLER_OWN_MEMORY_H
#define SONDE_SAMPLER_OWN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False when not all of it is there.  What is permanent, nobody unmaps. */
bool own_memory_copy(void *to, uintptr_t from, size_t n, bool is_permanent);

/* Memory that is in use no more, except that a handler may be reading it at this moment: it is unmapped once none is
 * at work.  Under the lock of modules.c. */
void own_memory_retire(const void *p, size_t bytes);
void own_memory_free_retired(void);

#endif
