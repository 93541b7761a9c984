/* addr2line_session.h - what is asked of sonde addr2line, and in which files. */
#ifndef SONDE_CLI_ADDR2LINE_SESSION_H
#define SONDE_CLI_ADDR2LINE_SESSION_H

#include "base/arena.h"
#include "base/vec.h"
#include "cli/addr2line.h"
#include "symbolize/binary_code.h"

struct module {
	char *path;	       /* or BUILDID:... */
	char *name;	       /* in the output */
	struct binary *binary; /* NULL = cannot be opened, which was said */
	uint64_t section;      /* where addresses count from */
	/* of a file whose symbols were asked for */
	struct arena *arena; /* NULL = not yet */
	const struct code_symbol *symbols;
	size_t n_symbols;
};

enum { NO_MODULE = UINT32_MAX, NO_SYMBOL = UINT32_MAX };

struct request {
	uint64_t address;
	uint32_t module; /* number, or NO_MODULE: the input made no sense */
	uint32_t answer; /* number, of code, once it was looked up */
	uint32_t symbol; /* number of the name that was asked for, or NO_SYMBOL */
	bool is_data;	 /* not code */
	bool is_frame;	 /* the variables of a frame: none are known */
	bool is_nowhere; /* no symbol has that name, or it made no sense */
	bool is_more;	 /* one more place of the symbol before */
};

struct session {
	const struct addr2line_options *o;
	VEC(struct module) modules;
	VEC(struct request) requests; /* to be answered together */
	VEC(char *) symbols;	      /* names that were asked for by them */
	struct demangled_names names;
	struct source source;
	int status;
};

/* addr2line.c: the number of a file, opened if it is new. */
uint32_t session_module(struct session *s, const char *path, size_t n);

/* addr2line_input.c: one address of the command line, in the one file. */
int session_add_address(struct session *s, const char *word);
/* One line of input, or one argument as llvm-symbolizer reads it. */
int session_add_line(struct session *s, char *line);

#endif
