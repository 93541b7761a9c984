/* firefox.h - a file for the Firefox Profiler in the making.  Private to analyze/. */
#ifndef SONDE_ANALYZE_FIREFOX_H
#define SONDE_ANALYZE_FIREFOX_H

#include "analyze/json.h"
#include "analyze/pairs.h"
#include "analyze/stack_runs.h"

struct firefox_thread {
	const char *name, *pid;
	size_t first, n; /* its samples in by_thread */
};

struct firefox {
	struct report *r;
	struct json j;
	struct strtab *strings;
	struct stack_runs stacks; /* of frames, which are the report's nodes */
	struct pairs sources;	  /* (0, file) */
	VEC(str_id) source_files;
	VEC(uint64_t) leaf;	  /* by sample: its place in stacks */
	VEC(uint32_t) by_thread;  /* samples with a stack and a value, thread after thread */
	VEC(uint32_t) thread_of;  /* by sample */
	struct pairs thread_keys; /* (pid, name) */
	VEC(struct firefox_thread) threads;
	struct pairs func_keys; /* ((file, library), name) */
	VEC(uint32_t) funcs;	/* by function: a node that has it */
	VEC(uint32_t) func_of;	/* by node */
};

/* A table of columns without rows; columns ends with NULL. */
void firefox_empty_table(struct json *j, const char *key, const char *const *columns);

/* firefox_shared.c: stacks, frames, functions, libraries, sources and strings of all threads. */
void firefox_write_shared(struct firefox *f);

#endif
