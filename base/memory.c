/* memory.c - the sum of what vec.c and arena.c have mapped, and its limit. */
#include "base/memory.h"

#include <stdint.h>

static size_t limit = SIZE_MAX, taken;

void memory_set_limit(size_t bytes)
{
	__atomic_store_n(&limit, bytes, __ATOMIC_RELAXED);
}

size_t memory_limit(void)
{
	return __atomic_load_n(&limit, __ATOMIC_RELAXED);
}

bool memory_take(size_t bytes)
{
	if (__atomic_add_fetch(&taken, bytes, __ATOMIC_RELAXED) <= memory_limit())
		return true;
	memory_give(bytes);
	return false;
}

void memory_give(size_t bytes)
{
	__atomic_sub_fetch(&taken, bytes, __ATOMIC_RELAXED);
}
