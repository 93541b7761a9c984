/* dwarf_lookup.h - what a reader of DWARF is asked and what it answers.
 *
 * The question is a batch: sorted addresses, each once.  The answers come through a callback.  How
 * DWARF is read stays behind this header.  There are two readers: our own, which is fast, and
 * libdwarf, which is the second opinion (libdwarf_lookup.h).
 */
#ifndef SONDE_SYMBOLIZE_DWARF_LOOKUP_H
#define SONDE_SYMBOLIZE_DWARF_LOOKUP_H

#include "symbolize/elf_file.h"
#include "symbolize/symbolize.h"

#define DWARF_MAX_FRAMES 256 /* of one address */

enum dwarf_section_id {
	DWARF_INFO,
	DWARF_ABBREV,
	DWARF_LINE,
	DWARF_STR,
	DWARF_LINE_STR,
	DWARF_RANGES,
	DWARF_RNGLISTS,
	DWARF_ADDR,
	DWARF_STR_OFFSETS,
	DWARF_ARANGES,
	DWARF_TYPES, /* type units of DWARF 4 */
	N_DWARF_SECTIONS,
};

extern const char *const dwarf_section_names[N_DWARF_SECTIONS]; /* ".debug_info" ... */

struct dwarf_sections { /* of one file, plain; n = 0 where there is none */
	struct elf_bytes v[N_DWARF_SECTIONS];
	bool is_little, is_64;
};

struct dwarf_frame {
	struct frame frame;
	const char *bare; /* the function's own name, without what it is in; NULL = unknown */
	bool is_linkage;  /* frame.function is the name that the linker saw */
};

/* What our reader says of a frame, as it is kept: a batch has hundreds of thousands of them. */
struct dwarf_name {	  /* of a function, however many frames it has */
	const char *name; /* NULL = unknown */
	const char *bare;
	int64_t start_line;
	bool is_linkage;
};
struct dwarf_place {
	const struct dwarf_name *function; /* NULL = there is no die */
	const char *file;
	uint32_t line;
	uint16_t column, discriminator; /* DWARF_IN_DETAILS = of all places of the address */
};
#define DWARF_IN_DETAILS UINT16_MAX
/* What few ask for, and what does not fit.  It lies behind the last place of an address, one for each. */
struct dwarf_detail {
	uint64_t start;		/* of the function's code; 0 = its die does not say */
	const char *start_file; /* where it was declared; NULL = unknown */
	uint32_t column, discriminator;
};
/* NULL if the n places of an address have none. */
const struct dwarf_detail *dwarf_details(const struct dwarf_place *places, size_t n);
/* Place k of the n that an address has. */
struct dwarf_frame dwarf_place_frame(const struct dwarf_place *places, size_t n, size_t k);
/* As it is kept: bigger ones are damage. */
int32_t dwarf_column(int64_t column);

/* gcc without ranges (strict DWARF 2) makes the cold part of `f` a function of its own that is named
 * `__second_sect_of_f`: this is f.  NULL is fine. */
const char *dwarf_whole_name(const char *name);

/* Frames of address number i, innermost first, at least one.  Without a function's DIE there is one
 * frame, with file and line only. */
typedef void (*dwarf_answer_fn)(void *ctx, size_t i, const struct dwarf_frame *frames, size_t n);
typedef void (*dwarf_place_fn)(void *ctx, size_t i, const struct dwarf_place *places, size_t n);

struct dwarf_source {
	const struct elf_file *binary; /* what is code */
	const struct dwarf_sections *sections;
	const struct dwarf_sections *shared; /* of the file that dwz made; NULL = none */
	const char *dwp;		     /* NULL = beside the binary, if there is one */
	bool wants_details;		     /* all that struct dwarf_detail has */
	bool relative_names;		     /* of files, without the folder of the compilation */
};

/* Our own reader.  It trusts nothing that it reads, and what it gives up on costs one unit. */
struct dwarf_reader;

/* The source is kept until close. */
struct dwarf_reader *dwarf_reader_open(const struct dwarf_source *source);
void dwarf_reader_close(struct dwarf_reader *r); /* NULL is fine */

/* addresses ascend.  The places and their strings live until close.  Uses all processors where there
 * is much to read; the callbacks come one by one, from the caller's thread. */
void dwarf_reader_lookup(struct dwarf_reader *r, const uint64_t *addresses, size_t n,
			 dwarf_place_fn answer, void *ctx);

/* What could not be used so far, as a sentence; "" = all is well. */
const char *dwarf_reader_problem(const struct dwarf_reader *r);

#endif
