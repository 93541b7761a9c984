/* dwarf_reader.h - what the files of our DWARF reader share; nobody else includes it.
 *
 *	dwarf_reader.c   the door: open, close, the workers
 *	dwarf_batch.c    which unit is asked for which address
 *	dwarf_unit_work.c  one unit: lines and functions put together
 *	dwarf_units.c    the units of a file: headers, root dies
 *	dwarf_abbrevs.c  abbreviations, compiled so that dies can be gone over fast
 *	dwarf_skip.c     going over dies
 *	dwarf_forms.c    values of attributes
 *	dwarf_ranges.c   which code a die covers
 *	dwarf_scan.c     functions and inline chains of one unit
 *	dwarf_names.c    names of functions
 *	dwarf_declared.c  the files that they were declared in
 *	dwarf_split.c    units whose dies are in another file (.dwo, .dwp)
 *
 * A table of abbreviations stays only until others are asked for, so nothing that refers to other units
 * is followed while a unit is scanned.
 *
 * Threads: a batch is read by several workers, a unit by one of them.  What they share does not change
 * while they run, but for the roots of units, which are read once under a lock.
 */
#ifndef SONDE_SYMBOLIZE_DWARF_READER_H
#define SONDE_SYMBOLIZE_DWARF_READER_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/strtab.h"
#include "symbolize/dwarf_cursor.h"
#include "symbolize/dwarf_lines.h"
#include "symbolize/dwarf_lookup.h"

#include <libdwarf/dwarf.h>
#include <pthread.h>

/* ---- abbreviations ---- */

/* The attributes that are of interest; each has a place in struct dwarf_die. */
enum dwarf_slot {
	SLOT_NAME,
	SLOT_LINKAGE_NAME,
	SLOT_ORIGIN,
	SLOT_SPECIFICATION,
	SLOT_SIGNATURE,
	SLOT_SIBLING,
	SLOT_LOW,
	SLOT_HIGH,
	SLOT_RANGES,
	SLOT_DECL_FILE,
	SLOT_DECL_LINE,
	SLOT_CALL_FILE,
	SLOT_CALL_LINE,
	SLOT_CALL_COLUMN,
	SLOT_DISCRIMINATOR,
	/* of root dies */
	SLOT_COMP_DIR,
	SLOT_STMT_LIST,
	SLOT_LANGUAGE,
	SLOT_ADDR_BASE,
	SLOT_STR_OFFSETS_BASE,
	SLOT_RNGLISTS_BASE,
	SLOT_RANGES_BASE,
	SLOT_DWO_NAME,
	SLOT_DWO_ID,
	N_SLOTS,
	NO_SLOT = N_SLOTS,
};

/* One step over the attributes of a die that is read. */
struct dwarf_attr {
	enum {
		ATTR_BYTES,    /* n that nobody wants */
		ATTR_NUMBER,   /* of n bytes */
		ATTR_LEB,      /* an unsigned number */
		ATTR_CONSTANT, /* that is in the abbreviation */
		ATTR_FORM,     /* by dwarf_read_form() */
	} op;
	uint16_t form;
	uint8_t slot; /* NO_SLOT = not wanted */
	uint32_t n;
	int64_t constant; /* DW_FORM_implicit_const */
};

/* One step over attributes that nobody wants. */
struct dwarf_step {
	enum { STEP_BYTES, STEP_LEB, STEP_STRING, STEP_BLOCK, STEP_SIBLING, STEP_FORM } op;
	uint32_t n; /* bytes, or the bytes of a block's length (0 = LEB), or a form */
};

enum dwarf_kind { KIND_OTHER, KIND_FUNCTION, KIND_INLINED, KIND_SPACE, KIND_BLOCK };

struct dwarf_abbrev {
	uint64_t code;
	uint16_t tag;
	uint8_t kind; /* enum dwarf_kind */
	bool has_children;
	bool is_compiled; /* what follows is filled in; it is when its code is first met */
	bool has_code;
	bool is_fixed; /* its attributes always have fixed_bytes */
	bool is_plain; /* and nothing in such a die is of interest */
	uint32_t fixed_bytes;
	uint32_t first_attr, n_attrs;
	uint32_t first_step, n_steps;
	const unsigned char *source; /* its attributes in .debug_abbrev */
};

struct dwarf_image;

#define DWARF_FORMS 0x30 /* but for GNU's */

struct dwarf_abbrevs {
	/* what they were read from and for */
	const struct dwarf_image *image;
	uint64_t offset;
	uint16_t version;
	uint8_t address_bytes;
	bool is_dwarf64;
	struct dwarf_step forms[DWARF_FORMS]; /* over a value of each form */
	uint64_t n_pairs;		      /* attributes of all entries */
	VEC(struct dwarf_abbrev) v;	      /* by code */
	VEC(struct dwarf_attr) attrs;
	VEC(struct dwarf_step) steps;
};

/* ---- units ---- */

struct dwarf_value {
	uint64_t u; /* or the address of an inline string */
	uint32_t form;
};

struct dwarf_die {
	uint64_t offset; /* in its section */
	const struct dwarf_abbrev *abbrev;
	uint32_t has; /* bits by slot */
	struct dwarf_value v[N_SLOTS];
};

static inline const struct dwarf_value *dwarf_get(const struct dwarf_die *d, enum dwarf_slot slot)
{
	return d->has >> slot & 1 ? &d->v[slot] : NULL;
}

struct dwarf_unit {
	struct dwarf_image *image;
	uint64_t offset, die, end; /* header, root die, what comes after; in .debug_info */
	uint64_t abbrevs;
	uint64_t id;	   /* of split and of type units; 0 = none */
	uint64_t type_die; /* of type units */
	uint16_t version;
	uint8_t address_bytes, type; /* DW_UT_* */
	bool is_dwarf64;
	bool has_aranges;
	/* from the root die, by dwarf_unit_root() */
	_Atomic bool has_root;
	bool is_c; /* names are linkage names */
	bool has_lines;
	uint64_t base; /* what range lists count from */
	uint64_t lines, addr_base, str_offsets_base, rnglists_base, ranges_base;
	const char *comp_dir, *dwo_name;
	struct dwarf_unit *skeleton; /* of a split unit: where addresses are */
	/* dwarf_split.c */
	struct dwarf_unit *split; /* of a skeleton, once it was looked for */
	bool has_split;		  /* it was */
};

/* One file's DWARF. */
struct dwarf_image {
	struct dwarf_reader *reader;
	struct dwarf_sections sections;
	struct dwarf_image *shared; /* what dwz took out of several files; NULL = none */
	VEC(struct dwarf_unit) units;
	struct hash_map types;	     /* type units by signature */
	bool has_types, is_types;    /* is_types: the units come from .debug_types */
	struct dwarf_image *types_4; /* of .debug_types; NULL = none, or not yet needed */
};

/* A function by the die that says most of it: its own, or the abstract one that inlined copies share.
 * It is named when the unit was scanned (dwarf_names.c). */
struct dwarf_function {
	struct dwarf_unit *unit;
	uint64_t die; /* in the unit's file */
	bool is_named;
	const char *start_file;	 /* where it was declared, if details are wanted; NULL = unknown */
	struct dwarf_name *says; /* bare: without what it is in */
	/* where the bare name stands, for the names around it; NULL = nothing to be done */
	struct dwarf_unit *around_unit;
	uint64_t around_die;
};

/* ---- the work ---- */

/* Where a function was inlined, and where its code begins. */
struct dwarf_call {
	uint64_t file;
	int64_t line, column;
	uint32_t discriminator;
	uint64_t start; /* 0 = its die does not say */
};

/* One link of an inline chain: depth 0 is the physical function, and every next one was inlined
 * into the one before, at the place that call says. */
struct dwarf_link {
	uint32_t slot, depth;
	struct dwarf_function *function;
	const struct dwarf_call *call; /* in scratch */
};

struct dwarf_answer {
	const struct dwarf_place *places;
	uint32_t n;
	bool has_line, has_function;
};

/* A unit, and the addresses to look for in it. */
struct dwarf_job {
	struct dwarf_unit *unit;
	bool by_lines; /* the unit does not say what it covers: ask its line table first */
	struct dwarf_slots slots;
	const uint32_t *numbers;      /* of the slots in the batch */
	struct dwarf_answer *answers; /* of the slots; NULL = none */
};

struct dwarf_functions {
	struct hash_map index; /* by image and die */
	VEC(struct dwarf_function *) v;
};

#define DWARF_ABBREV_TABLES 8

/* What one thread has of its own. */
struct dwarf_worker {
	struct dwarf_reader *reader;
	struct arena *arena;   /* of names and places: until close */
	struct strtab *paths;  /* until close; units name the same ones */
	struct arena *answers; /* of the jobs that are being done */
	struct arena *scratch; /* of one unit */
	struct arena_mark no_answers;
	struct dwarf_unit *unit;  /* whose dies are gone over */
	struct dwarf_lines lines; /* its files, whose room is for the next, too */
	/* Those of another one; NULL = none */
	struct dwarf_unit *other_unit;
	struct dwarf_lines other_lines;
	const char *path, *kept_path;  /* the last one of it, and that in paths */
	struct dwarf_functions own;    /* its functions, as long as it lasts */
	struct dwarf_functions others; /* of units that it refers to: until close */
	VEC(struct dwarf_link) links;  /* of one unit */
	struct dwarf_abbrevs tables[DWARF_ABBREV_TABLES];
	unsigned next_table;
	int64_t work; /* what the unit at hand may still cost; negative = given up */
};

struct dwarf_reader {
	const struct dwarf_source *source;
	struct arena *arena;
	struct dwarf_image image, shared;
	pthread_mutex_t lock;		   /* roots of units, split files, problem */
	struct dwarf_abbrevs root_abbrevs; /* scratch, under the lock */
	struct dwarf_worker *workers;	   /* all there may be; made when first needed */
	unsigned n_workers;
	_Atomic int64_t work; /* what all units may still cost */
	struct dwarf_split *split;
	struct err problem;
};

/* What a unit may cost for each of its bytes and addresses, and all of them for each byte of the sections and
 * address of the batch. */
#define DWARF_WORK_PER_BYTE    16
#define DWARF_WORK_PER_ADDRESS 256

/* Costs n steps; false when the unit has used up what it may. */
static inline bool dwarf_spend(struct dwarf_worker *w, int64_t n)
{
	return (w->work -= n) >= 0;
}

/* dwarf_unit_work.c: one unit, from the job's slots to its answers */
void dwarf_unit_work(struct dwarf_worker *w, struct dwarf_job *job);

/* dwarf_abbrevs.c */
bool dwarf_abbrevs_is_of(const struct dwarf_abbrevs *t, const struct dwarf_unit *u);
/* The table of a unit, valid until DWARF_ABBREV_TABLES others were asked for; NULL if damaged, or where no work is
 * left. */
struct dwarf_abbrevs *dwarf_abbrevs_get(struct dwarf_worker *w, const struct dwarf_unit *u);
/* Read up to the entry with that code, which is compiled.  NULL if there is none. */
const struct dwarf_abbrev *dwarf_abbrevs_read(struct dwarf_abbrevs *t, const struct dwarf_unit *u,
					      uint64_t code);
void dwarf_abbrevs_release(struct dwarf_abbrevs *t);
/* dwarf_abbrevs_find() where the code is not the entry's number or is met for the first time. */
const struct dwarf_abbrev *dwarf_abbrevs_find_slow(struct dwarf_abbrevs *t, uint64_t code);
static inline const struct dwarf_abbrev *dwarf_abbrevs_find(struct dwarf_abbrevs *t, uint64_t code)
{
	if (code - 1 < t->v.n && t->v.v[code - 1].code == code && t->v.v[code - 1].is_compiled)
		return &t->v.v[code - 1];
	return dwarf_abbrevs_find_slow(t, code);
}

/* dwarf_skip.c */
/* Go over the attributes of a die.  With to_sibling not NULL, stop where the die says where its next
 * sibling is and set *to_sibling to that; else it is set to NULL. */
void dwarf_skip_attrs(struct dwarf_cursor *c, const struct dwarf_unit *u,
		      const struct dwarf_abbrevs *t, const struct dwarf_abbrev *a,
		      const unsigned char **to_sibling);
/* Go over the children of a die, and theirs; the attributes of the die were gone over. */
void dwarf_skip_children(struct dwarf_worker *w, struct dwarf_cursor *c, const struct dwarf_unit *u,
			 struct dwarf_abbrevs *t);

/* dwarf_forms.c */
/* Goes over the value; v may be NULL.  A form that is unknown makes the cursor bad. */
void dwarf_read_form(struct dwarf_cursor *c, const struct dwarf_unit *u, uint16_t form,
		     int64_t constant, struct dwarf_value *v);
/* The attributes of a die whose code was read. */
void dwarf_read_die(struct dwarf_cursor *c, const struct dwarf_unit *u,
		    const struct dwarf_abbrevs *t, const struct dwarf_abbrev *a,
		    struct dwarf_die *d);
/* false or NULL for NULL, for another kind of value and for what points nowhere */
const char *dwarf_string(const struct dwarf_unit *u, const struct dwarf_value *v);
bool dwarf_unsigned(const struct dwarf_value *v, uint64_t *out);
bool dwarf_address(const struct dwarf_unit *u, const struct dwarf_value *v, uint64_t *out);
bool dwarf_indexed_address(const struct dwarf_unit *u, uint64_t number, uint64_t *out);
/* The unit and the die that a reference leads to; signatures lead to the type in its unit.  Where it
 * leads nowhere nothing is set. */
bool dwarf_reference(const struct dwarf_unit *u, const struct dwarf_value *v,
		     struct dwarf_unit **to_unit, uint64_t *to_die);

/* dwarf_types.c: the type unit with a signature; NULL = none.  Safe to call from several workers. */
struct dwarf_unit *dwarf_type_find(struct dwarf_image *image, uint64_t signature);

/* dwarf_units.c */
void dwarf_image_init(struct dwarf_image *image, struct dwarf_reader *r,
		      const struct dwarf_sections *sections);
/* The same, of the units in .debug_types. */
void dwarf_image_init_types(struct dwarf_image *image, struct dwarf_reader *r,
			    const struct dwarf_sections *sections);
void dwarf_image_release(struct dwarf_image *image);
struct dwarf_unit *dwarf_unit_at(struct dwarf_image *image, uint64_t die); /* NULL = none */
/* Fill in what the root die says; safe to call from several workers.  With d not NULL, also the die's
 * values. */
void dwarf_unit_root(struct dwarf_unit *u, struct dwarf_die *d);
/* The same by the worker's own table of abbreviations, for whom it is to read the unit next. */
void dwarf_unit_root_of(struct dwarf_worker *w, struct dwarf_unit *u);
struct dwarf_cursor dwarf_unit_cursor(const struct dwarf_unit *u, uint64_t from);
/* Read the die at an offset into d; false where there is none. */
bool dwarf_die_at(struct dwarf_worker *w, struct dwarf_unit *u, uint64_t offset,
		  struct dwarf_die *d);

/* dwarf_ranges.c: each piece of code of a die.  What does not begin in code (functions that the
 * linker threw away) is left out.  Returns whether the die says anything about code.  Each entry of a list costs one
 * step of the work. */
typedef void (*dwarf_range_fn)(void *ctx, uint64_t start, uint64_t end);
bool dwarf_ranges(int64_t *work, const struct dwarf_unit *u, const struct dwarf_die *d,
		  dwarf_range_fn fn, void *ctx);

/* dwarf_scan.c: find the functions of the job's slots.  depths[slot] is how many links it got. */
void dwarf_scan(struct dwarf_worker *w, struct dwarf_unit *u, const struct dwarf_slots *slots,
		uint32_t *depths);

/* dwarf_names.c */
/* The function of a die, each once; it has no name yet. */
struct dwarf_function *dwarf_function_get(struct dwarf_worker *w, struct dwarf_unit *u,
					  uint64_t die);
/* Those of the unit at hand, whose names stay. */
void dwarf_functions_forget(struct dwarf_worker *w);
/* Name the functions of the links. */
void dwarf_name_links(struct dwarf_worker *w);

/* dwarf_declared.c: the file that a die of a unit says it was declared in; NULL = unknown. */
const char *dwarf_declared_file(struct dwarf_worker *w, struct dwarf_unit *u,
				const struct dwarf_die *d);
/* Before scratch is rewound. */
void dwarf_declared_forget(struct dwarf_worker *w);

/* dwarf_split.c */
void dwarf_split_open(struct dwarf_reader *r);
void dwarf_split_close(struct dwarf_reader *r);
/* The unit with the dies; NULL = not found.  Safe to call from several workers. */
struct dwarf_unit *dwarf_split_find(struct dwarf_unit *skeleton);
/* A type unit in the .dwp; NULL = not found. */
struct dwarf_unit *dwarf_split_find_type(struct dwarf_reader *r, uint64_t signature);

#endif
