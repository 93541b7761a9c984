/* addr2line.h - what the files of sonde addr2line share. */
#ifndef SONDE_CLI_ADDR2LINE_H
#define SONDE_CLI_ADDR2LINE_H

#include "cli/addr2line_demangled.h"
#include "cli/addr2line_source.h"
#include "symbolize/symbolize.h"

#include <stdio.h>

enum addr2line_style { STYLE_GNU, STYLE_LLVM, STYLE_JSON };
enum addr2line_names { NAMES_NONE, NAMES_SHORT, NAMES_LINKAGE };

struct addr2line_options {
	const char *exe; /* NULL = each line of input names a file */
	const char *section;
	enum addr2line_style style;
	enum addr2line_names names;
	bool is_llvm;	     /* takes the part of llvm-symbolizer: its input */
	bool is_hexadecimal; /* numbers without 0x are, too */
	bool is_link;	     /* found under the name of the tool that it stands in for */
	bool inlines, demangle, basenames, pretty, addresses;
	bool use_libdwarf, no_cache;
	bool verbose;		  /* print all that is known of a frame, a line each */
	bool relative_names;	  /* of files */
	bool wants_details;	  /* binary_details() are needed */
	unsigned context_lines;	  /* of source around each place; 0 = none */
	uint64_t adjust;	  /* where the binary lies above its own addresses */
	const char *debug_folder; /* NULL = none */
	const char *dwp;	  /* NULL = where it usually is */
};

/* What is known of one address.  */
struct addr2line_answer {
	const char *module;
	uint64_t address;
	bool is_short;	    /* it has 32 bits */
	bool is_frame;	    /* variables were asked for */
	bool is_nothing;    /* the question made no sense: there is no address */
	const char *symbol; /* that was asked for; NULL = the address was */
	bool is_data;
	bool is_more; /* the next place of the same symbol */
	bool is_last; /* of its places; true of an address */
	struct demangled_names *names;
	struct source *source;
	const struct frame *frames;	    /* of code */
	const struct frame_detail *details; /* of the frames, if they are needed */
	size_t n;
	struct data_symbol data;
};

/* The frames that are printed are a part of all.  Without inlines addr2line names the innermost function,
 * llvm-symbolizer the outermost, if it names by symbols; both with the innermost line.  Of symbols inlines are
 * never printed.  details may be NULL. */
void addr2line_choose(const struct addr2line_options *o, bool is_symbol, struct frame *frames,
		      struct frame_detail *details, size_t *n);

void addr2line_print(FILE *out, const struct addr2line_options *o,
		     const struct addr2line_answer *a);

#endif
