/* symbolize.h - the door of symbolize/: from addresses to functions, lines and inline chains.
 *
 * Not async-signal-safe.  Not thread-safe: demangle() keeps what it has seen, a struct binary its
 * answers.  Reading much DWARF uses all processors, by threads that end before the call does.
 */
#ifndef SONDE_SYMBOLIZE_H
#define SONDE_SYMBOLIZE_H

#include "base/err.h"
#include "base/profile.h"

enum demangle_mode {
	DEMANGLE_DEFAULT,   /* no parameters, no template arguments: ns::vec::push */
	DEMANGLE_TEMPLATES, /* no parameters: ns::vec<int>::push */
	DEMANGLE_FULL,	    /* everything: ns::vec<int>::push(int const&) */
	DEMANGLE_NONE,
};

struct symbolize_opts {	   /* NULL or zeros = defaults */
	bool force;	   /* also what already has functions */
	bool use_libdwarf; /* read DWARF by libdwarf, in a child process: slow, a second opinion */
	bool use_cache;	   /* keep answers by build id below $XDG_CACHE_HOME or ~/.cache */
	bool wants_details; /* binary_details() will be asked; the cache has none, so it is not used */
	bool relative_names; /* of files, without the folder of the compilation; without the cache, too */
	bool verbose;	   /* tell also of files that are not there, and which were used */
	bool is_fresh; /* recorded here, since this machine was started: the kernel is the same */
	enum demangle_mode
		demangle;	 /* what is asked for; symbolize_profile() does it, and a binary's
				      * frames have it where the cache knows it */
	const char *binary_path; /* ':' list of folders to search; NULL = $PPROF_BINARY_PATH */
	const char *dwp;  /* file with split DWARF; NULL = beside the binary, if there is one */
	const char *root; /* what is before /proc, /sys, /boot and /tmp; NULL = nothing */
	/* Called with a sentence for each file that was there and was refused, and for each mapping
	 * that stays as it is; NULL = not wanted. */
	void (*tell)(void *ctx, const char *sentence);
	void *tell_ctx;
};

struct symbolize_stats {
	size_t n_mappings, n_locations; /* looked at */
	size_t n_resolved;		/* locations that got a function */
	size_t n_missing;		/* mappings whose file was not found or not usable */
	char first_problem[1024];	/* the first sentence about a mapping, "" if none */
};

/* Fill in functions, lines and inline chains of locations that have none, mapping by mapping.  What
 * cannot be resolved is left as it is: absence is data, not an error.  Errors are only those of the
 * caller. */
SONDE_MUST int symbolize_profile(struct profile *p, const struct symbolize_opts *opts,
				 struct symbolize_stats *stats, struct err *err);

/* What pprof does to the function names of every profile it reads: demangle those that nobody has
 * demangled yet; with force, all of them again. */
void symbolize_demangle(struct profile *p, bool force, enum demangle_mode mode);

/* ---- one binary at a time: addr2line and the source views ---- */

struct frame {
	const char *function;	/* linkage name as in the file; NULL = unknown */
	const char *plain;	/* what demangle() makes of it, by the options' level; NULL = ask it */
	const char *file;	/* NULL = unknown */
	int64_t line;		/* 0 = unknown */
	int32_t column;		/* 0 = unknown */
	uint32_t discriminator; /* tells code of one line apart; 0 = nothing to tell */
	int64_t start_line;	/* of the function; 0 = unknown */
};

struct binary;

/* Open an ELF file and the debug file that belongs to it (build-id folder, .gnu_debuglink). */
SONDE_MUST int binary_open(struct binary **out, const char *path, const struct symbolize_opts *opts,
			   struct err *err);
/* The file with a build id (hex), from the build-id folders or a server. */
SONDE_MUST int binary_open_build_id(struct binary **out, const char *build_id,
				    const struct symbolize_opts *opts, struct err *err);
/* The same from bytes, which the caller keeps until close; no debug file is looked for. */
SONDE_MUST int binary_open_mem(struct binary **out, const void *image, size_t bytes,
			       const char *name, struct err *err);
void binary_close(struct binary *b); /* NULL is fine */
/* Lower-case hex, "" if none; lives as long as b. */
const char *binary_build_id(const struct binary *b);

/* Where a section begins, in the file's own addresses; false if there is none of that name. */
bool binary_section(const struct binary *b, const char *name, uint64_t *address);

/* What of the debug information could not be used so far, as a sentence; "" = all is well. */
const char *binary_problem(const struct binary *b);

/* Look up many addresses at once and keep the answers: DWARF is read in batches, each of which
 * costs a pass over the units.  The more addresses a call has, the better. */
void binary_prepare(struct binary *b, const uint64_t *addresses, size_t n);

/* The same, and numbers[i] becomes that of the answer to addresses[i], which binary_answer() takes. */
#define BINARY_NO_ANSWER UINT32_MAX
void binary_prepare_numbered(struct binary *b, const uint64_t *addresses, size_t n,
			     uint32_t *numbers);

/* Frames at an address of the file's own address space, innermost inlined function first; the last
 * is the physical function.  Strings live as long as b.  Returns how many are known (0 = nothing),
 * at most max. */
size_t binary_lookup(struct binary *b, uint64_t address, struct frame *frames, size_t max);
/* The same by number. */
size_t binary_answer(const struct binary *b, uint32_t number, struct frame *frames, size_t max);
/* What few want of a frame, with opts->wants_details. */
struct frame_detail {
	const char *short_name; /* of the function, without what it is in; NULL = unknown */
	const char *start_file; /* where it was declared; NULL = unknown */
	uint64_t start;		/* of its code, as debug information says; 0 = unknown */
};
/* Those of the frames of binary_answer(). */
void binary_details(const struct binary *b, uint32_t number, struct frame_detail *details,
		    size_t max);
/* These will be asked for next.  A few dozen that are fetched together take little longer than one: where
 * there are many answers in no order, to wait for memory is most of the work. */
void binary_fetch_answers(const struct binary *b, const uint32_t *numbers, size_t n);

/* Where the symbol begins that an address of code belongs to; 0 = unknown. */
uint64_t binary_start(struct binary *b, uint64_t address);

struct data_symbol {
	const char *name; /* as in the file; lives as long as b */
	uint64_t start, bytes;
};

/* The symbol that an address of data belongs to; false = none, *out is all zero. */
bool binary_data(struct binary *b, uint64_t address, struct data_symbol *out);

/* The name in C++ (or Rust) source form, in a buffer that lives as long as the process; s itself if
 * not mangled. */
const char *demangle(const char *s, enum demangle_mode mode);
/* The same if it was asked for before; NULL if not, or not mangled. */
const char *demangle_known(const char *s, enum demangle_mode mode);
/* Is there anything to do, by the look of it? */
bool demangle_wants(const char *s, enum demangle_mode mode);
/* The same, malloc'ed and not kept; NULL if not mangled. */
char *demangle_copy(const char *s, enum demangle_mode mode);

#endif
