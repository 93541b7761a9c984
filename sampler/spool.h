/* spool.h - the shape of a spool: the file in which a target keeps its samples while it runs.
 *
 * The file is mapped MAP_SHARED by the target, so whatever was written survives SIGKILL, exec and _exit.  It is a
 * header page followed by segments, each a small hash store of its own; when one fills, a larger one is added:
 *
 *	+--------+-----------+-----------------+-------------------------------+
 *	| header | segment 0 |    segment 1    |          segment 2            |
 *	+--------+-----------+-----------------+-------------------------------+
 *	             |
 *	             +-- struct segment | intern slots | sample slots | records ... (bump allocated) |
 *
 * A record is an immutable run of words that is found by its content: a stack, a context (thread name and labels)
 * or a module.  It becomes visible when its slot is stored.  A sample slot counts one pair of stack and context.
 * The same content may stand in several segments; whoever reads the spool adds it up.
 *
 * A process that is about to lose sight of its file has a reserve besides (struct spool_reserve).
 *
 * Everything is native-endian and private to one version of sonde: the reader refuses any other version.
 */
#ifndef SONDE_SAMPLER_SPOOL_H
#define SONDE_SAMPLER_SPOOL_H

#include <stdatomic.h>
#include <stdint.h>

#define SPOOL_MAGIC 0x31305053444e4f53ULL /* "SONDSP01" */

enum {
	SPOOL_VERSION = 3,
	SPOOL_HEADER_BYTES = 4096,
	SPOOL_MAX_SEGMENTS = 40,
	SPOOL_NAME_BYTES = 16, /* a thread's name, zero-padded: TASK_COMM_LEN */
	SPOOL_MAX_FRAMES = 512,
	SPOOL_MAX_WORDS = 640, /* of one record */
	SPOOL_MAX_GUESTS = 500,
};

/* Why a stack ends where it does. */
enum stack_end {
	END_ENTRY,    /* the entry function was reached */
	END_DEPTH,    /* SPOOL_MAX_FRAMES */
	END_NO_RULE,  /* no unwind rule for an address, and no frame pointer to guess by */
	END_BAD_READ, /* the next word lies outside of readable stack */
	N_STACK_ENDS,
};

/* In place of a program counter: frames are missing here, of code that nobody describes. */
enum { PC_GAP = 1 };

enum record_kind {
	RECORD_STACK =
		1, /* word 0: enum stack_end | n_guessed << 8; then program counters, leaf first, callers minus 1 */
	RECORD_CONTEXT, /* SPOOL_NAME_BYTES of thread name, then labels: see labels.h */
	RECORD_MODULE,	/* struct spool_module */
};

enum spool_state {
	SPOOL_RUNNING = 1,
	SPOOL_FINISHED = 2,
	SPOOL_WAITING = 3, /* sampling has not begun, and may never */
	SPOOL_FREE = 4,	   /* of a guest that left no samples: the next may have the room */
};

struct spool_header {
	_Atomic uint64_t
		magic; /* stored last: what has none was left by a process that died at its birth */
	uint32_t version;
	_Atomic uint32_t state; /* enum spool_state */
	int32_t pid, parent;
	uint64_t pid_namespace; /* inode; 0 = not known */
	uint64_t period_ns;
	uint64_t start_realtime_ns, start_monotonic_ns;
	uint64_t start_cpu_ns;		     /* of the process, from which on it counts here */
	_Atomic uint64_t monotonic_ns;	     /* last seen by the library */
	_Atomic uint64_t cpu_ns;	     /* of the process, last seen */
	_Atomic uint64_t samples, weight;    /* stored */
	_Atomic uint64_t lost, lost_weight;  /* did not fit */
	_Atomic uint64_t ends[N_STACK_ENDS]; /* samples by how their stack ended */
	_Atomic uint64_t guessed;	     /* samples with a frame found by frame pointer alone */
	_Atomic uint64_t refused;	     /* threads that no timer could be had for */
	_Atomic uint32_t threads;	     /* ever sampled */
	_Atomic uint32_t n_segments;
	struct {
		uint64_t offset, bytes;
	} segments[SPOOL_MAX_SEGMENTS];
	char engine[32];
	char program[256]; /* absolute path of the executable */
	char out[1024]; /* where the profile is wanted; "" when `sonde record` collects the spools */
	_Atomic uint64_t by_timer; /* threads that were given a timer */
	_Atomic uint64_t own_ns;   /* CPU time of the library's own thread, last seen */
	uint64_t
		longest_ns; /* between two looks at a thread: the period, or the kernel's tick if longer */
	char engine_note[128]; /* why it is no better engine; "" = nothing to say */
	_Atomic uint64_t
		exec_cpu_ns; /* of the process when it last executed a program; 0 = not known */
	_Atomic uint64_t unseen_ns; /* CPU time of threads before and after they could be sampled */
	_Atomic uint64_t reserve_at; /* offset of a struct spool_reserve; 0 = none */
};
_Static_assert(sizeof(struct spool_header) <= SPOOL_HEADER_BYTES, "the header is one page");

/* The first page of room in the file that was taken before the process could reach it no more (spool_reserve.c): segments lie
 * in it, of the process and of its guests, children that could not make a file.  A guest has a header of its own, whose
 * offsets are in the file too. */
struct spool_reserve {
	uint64_t offset, bytes; /* of all of it */
	_Atomic uint64_t next;	/* offset in the file of what is not taken yet */
	_Atomic uint32_t n_guests;
	uint32_t is_populated;			   /* all of it has been written to */
	_Atomic uint64_t guests[SPOOL_MAX_GUESTS]; /* offsets of their headers; 0 = none yet */
};
_Static_assert(sizeof(struct spool_reserve) <= SPOOL_HEADER_BYTES, "so is that of the reserve");

struct sample_slot {
	_Atomic uint64_t
		key; /* stack << 32 | context; 0 = free.  Both are word offsets in the segment */
	_Atomic uint64_t weight;
};

struct segment {
	uint64_t bytes;
	uint32_t n_intern, n_samples;		    /* slots: powers of two */
	uint32_t intern_at, samples_at, records_at; /* word offsets from the segment's start */
	uint32_t words;				    /* of the whole segment */
	uint32_t seq;
	_Atomic uint32_t next;		    /* word offset of free record space */
	_Atomic uint32_t interned, sampled; /* slots taken */
	_Atomic uint32_t want_more;	    /* set once by whoever finds it half full */
};

struct record {
	uint32_t tag;  /* upper half of the hash, as in the slot */
	uint16_t kind; /* enum record_kind */
	uint16_t n_words;
	uint64_t words[];
};

struct spool_module {		       /* the content of a RECORD_MODULE */
	uint64_t start, limit, offset; /* of the executable segment, as in /proc/self/maps */
	uint8_t build_id_bytes;
	uint8_t is_main;
	uint16_t path_bytes;
	uint8_t build_id[20];
	char path[]; /* not terminated, padded with zeros to a whole word */
};

#endif
