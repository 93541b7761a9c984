/* thread_table.h - where the records of threads are: chunks that are added and never taken away. */
#ifndef SONDE_SAMPLER_THREAD_TABLE_H
#define SONDE_SAMPLER_THREAD_TABLE_H

#include "sampler/threads.h"

enum { CHUNK_THREADS = 64, MAX_CHUNKS = 4096 };

struct thread_chunk {
	struct thread threads[CHUNK_THREADS];
};

struct thread_table {
	struct thread_chunk *_Atomic chunks[MAX_CHUNKS];
	_Atomic unsigned n;
};

extern struct thread_table thread_table;

/* Is p a record?  Async-signal-safe. */
bool thread_table_contains(const void *p);

#endif
