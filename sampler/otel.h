/* otel.h - a thread's labels where other profilers look for them: OpenTelemetry's thread context (OTEP 4947).
 *
 * A reader outside the process, which has the thread stopped, finds the thread-local pointer otel_thread_ctx_v1 by the
 * dynamic symbol tables and behind it a record: the labels, with numbers for their keys.  The names of the keys stand in
 * the process context (OTEP 4719), a mapping named OTEL_CTX.  Both are made only when the program, or who runs it,
 * asks for it: the context exists once in a process, and may be another library's to make.
 */
#ifndef SONDE_SAMPLER_OTEL_H
#define SONDE_SAMPLER_OTEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label_entry;

enum { OTEL_RECORD_BYTES = 640 }; /* what readers take of a record, head included */

/* As OTEP 4947 lays it out: packed, in the machine's byte order.  Never changed once a thread points at it. */
struct otel_record {
	uint8_t trace_id[16], span_id[8]; /* zeros: no trace is active */
	uint8_t is_valid;
	uint8_t trace_flags;
	uint16_t n_bytes; /* of attributes: key's number, length, text, one after the other */
	uint8_t attributes[];
};

/* The thread's record; NULL = no labels.  Weak: in a program that has its own, all share that one. */
extern __thread const struct otel_record *volatile otel_thread_ctx_v1;

/* The calls below want labels_lock() held, but for the last two.  None is async-signal-safe. */

/* Make the process context.  -EALREADY when it is made, -EEXIST when another library has made one, or the errno of
 * the system call that failed. */
int otel_publish(void);
extern atomic_bool otel_is_on;

/* Room for the record of these labels, a block of struct label_entry; and the record written there.  The block must
 * stay for ever: keys that are new are added to the context from it.  What does not fit is left out: keys after the
 * 256th, texts past 255 bytes, attributes past OTEL_RECORD_BYTES. */
size_t otel_record_room(const uint64_t *block);
void otel_write_record(struct otel_record *to, const uint64_t *block);

/* In the child of a fork: the context is not inherited, so make its own. */
void otel_forked(void);

/* The host is about to forbid itself system calls: no more of them, so keys that are new stay without a name. */
void otel_freeze(void);

#endif
