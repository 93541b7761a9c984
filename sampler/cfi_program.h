/* cfi_program.h - read call frame information: entries, and the rules that their programs make.
 *
 * Format: DWARF 5 section 6.4, with the .eh_frame differences of the Linux Standard Base, chapter 10.6.  Nothing here
 * allocates or calls anything: async-signal-safe.  Damaged input gives no rule, never a fault.
 */
#ifndef SONDE_SAMPLER_CFI_PROGRAM_H
#define SONDE_SAMPLER_CFI_PROGRAM_H

#include "sampler/cfi_reader.h"
#include "sampler/unwind.h"

/* Addresses where libc's description of itself is known to be wrong, and what holds there and in the rest of the
 * function; before them its own rule does. */
struct cfi_quirk {
	uint64_t start, end;
	struct rule rule, after;
};

enum { CFI_MAX_QUIRKS = 4 };

/* Memory that holds call frame information.  All addresses are relative to the load address. */
struct cfi_source {
	const uint8_t *data;
	size_t bytes;
	uint64_t data_at;    /* address of data[0] */
	uint64_t hdr_at;     /* address of .eh_frame_hdr; 0 = none: data is a whole section */
	bool is_debug_frame; /* data is a .debug_frame, not an .eh_frame */
	uint64_t base;	     /* the load address: what relocated absolute pointers carry */
	uint64_t text_at, text_bytes; /* the executable segment */
	/* Copy code of the segment; false when it is gone.  NULL = code is not looked at. */
	bool (*read_code)(const struct cfi_source *src, uint64_t at, void *to, size_t n);
	uint64_t code_base; /* where the segment is mapped now, for read_code */
	struct cfi_quirk quirks[CFI_MAX_QUIRKS];
	unsigned n_quirks;
};

struct cie {
	const uint8_t *at; /* NULL = none */
	uint64_t code_align;
	int64_t data_align;
	uint8_t pointer_encoding;
	bool has_augmentation, is_signal;
	struct rule initial; /* a state, see cfi_state.h */
};

struct fde {
	uint64_t start, end;
	struct cursor program;
};

/* Read the entry at an address.  cie is the last one read and serves again where it is the same: entries of one CIE
 * come in runs.  False when it is a CIE, damaged, or of another segment. */
bool cfi_read_fde(const struct cfi_source *src, uint64_t at, struct cie *cie, struct fde *fde);

/* The same for the first entry at or after *at that can be read; *at moves behind it.  False at the end. */
bool cfi_next_fde(const struct cfi_source *src, uint64_t *at, struct cie *cie, struct fde *fde);

/* Call row for every row of the entry; rule holds until the next one, or the entry's end. */
typedef void cfi_row_fn(void *arg, uint64_t address, const struct rule *rule);
void cfi_run(const struct cfi_source *src, const struct cie *cie, const struct fde *fde,
	     cfi_row_fn *row, void *arg);

/* .eh_frame_hdr's search table: pairs of function and entry, 4 bytes each, relative to the header. */
struct cfi_index {
	const uint8_t *pairs;
	uint64_t n;
};
bool cfi_read_index(const struct cfi_source *src, struct cfi_index *index);
uint64_t cfi_index_entry(const struct cfi_source *src, const struct cfi_index *index, uint64_t i);

/* The one rule for an address, by the search table.  False when there is none. */
bool cfi_interpret(const struct cfi_source *src, uint64_t address, struct rule *out);

#endif
