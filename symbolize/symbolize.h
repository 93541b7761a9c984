/* symbolize.h - the door of symbolize/: from addresses to functions, files, lines and inline chains.
 *
 * Not async-signal-safe, not thread-safe: one thread for one struct symbolizer.
 */
#ifndef SONDE_SYMBOLIZE_H
#define SONDE_SYMBOLIZE_H

#include "base/err.h"
#include "base/profile.h"

enum demangle_mode {
	DEMANGLE_DEFAULT,   /* no parameters, no template arguments: ns::vec::push */
	DEMANGLE_TEMPLATES, /* no parameters: ns::vec<int>::push */
	DEMANGLE_FULL,      /* everything: ns::vec<int>::push(int const&) */
	DEMANGLE_NONE,
};

struct symbolize_opts { /* NULL or zeros = defaults */
	bool force;                   /* also what already has functions */
	enum demangle_mode demangle;
	const char *binary_path;      /* ':' list of folders to search; NULL = $PPROF_BINARY_PATH */
	bool verbose;                 /* for each mapping, say on stderr which files were tried and why refused */
};

struct symbolize_stats {
	size_t n_mappings, n_locations;  /* looked at */
	size_t n_resolved;               /* locations that got a function */
	size_t n_missing;                /* mappings whose file was not found or not usable */
	char first_problem[512];         /* the sentence of the first missing mapping, "" if none */
};

/* Fill in functions, lines and inline chains of locations that have none, mapping by mapping.  What cannot be
 * resolved is left as it is: absence is data, not an error.  Errors are only those of the caller. */
SONDE_MUST int symbolize_profile(struct profile *p, const struct symbolize_opts *opts,
				 struct symbolize_stats *stats, struct err *err);

/* ---- one binary at a time: addr2line and the source views ---- */

struct frame {
	const char *function;      /* linkage name as in the file; NULL = unknown */
	const char *file;          /* NULL = unknown */
	int64_t line, column;      /* 0 = unknown */
	int64_t start_line;        /* of the function; 0 = unknown */
};

struct binary;

/* Open an ELF file and the debug file that belongs to it (build-id folder, .gnu_debuglink). */
SONDE_MUST int binary_open(struct binary **out, const char *path, const struct symbolize_opts *opts, struct err *err);
void binary_close(struct binary *b);
const char *binary_build_id(const struct binary *b); /* lower-case hex, "" if none; lives as long as b */

/* Frames at an address of the file's own address space, innermost inlined function first; the last is the physical
 * function.  Strings live as long as b.  Returns how many are known (0 = nothing), at most max. */
size_t binary_lookup(struct binary *b, uint64_t address, struct frame *frames, size_t max);

/* The name in C++ (or Rust) source form, in a buffer that lives as long as the process; s itself if not mangled. */
const char *demangle(const char *s, enum demangle_mode mode);

#endif
