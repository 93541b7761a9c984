/* firefox.h - a file for the Firefox Profiler in the making.  Private to analyze/. */
#ifndef SONDE_ANALYZE_FIREFOX_H
#define SONDE_ANALYZE_FIREFOX_H

#include "analyze/json.h"
#include "analyze/report_stacks.h"

struct firefox_thread {
	const char *name, *pid;
};

struct firefox {
	struct report *r;
	struct json j;
	struct strtab *strings;
	struct stack_tree stacks;  /* of frames, which are the report's nodes */
	struct stack_tree sources; /* (0, file) as pairs */
	VEC(str_id) source_files;
	VEC(uint32_t) leaf;	       /* by sample: its place in stacks */
	VEC(uint32_t) thread_of;       /* by sample */
	struct stack_tree thread_keys; /* (pid, name) as pairs */
	VEC(struct firefox_thread) threads;
	struct stack_tree func_keys; /* ((file, library), name) as pairs */
	VEC(uint32_t) funcs;	     /* by function: a node that has it */
	VEC(uint32_t) func_of;	     /* by node */
};

/* A table of columns without rows; columns ends with NULL. */
void firefox_empty_table(struct json *j, const char *key, const char *const *columns);

/* firefox_shared.c: stacks, frames, functions, libraries, sources and strings of all threads. */
void firefox_write_shared(struct firefox *f);

#endif
