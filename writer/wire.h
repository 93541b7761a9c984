/* wire.h - a cursor over bytes in protocol-buffer encoding.
 *
 * A message is a run of fields: a varint that holds the field's number and its wire type, then
 * the payload.  The cursor never reads past its end; the first thing that goes wrong is kept in
 * `error` and ends the walk, so a decoder asks once, after the last field:
 *
 *	while (wire_next(&w, &f))
 *		switch (f.number) {
 *		case 1: id = wire_u64(&w, &f); break;
 *		...
 *		}
 *	if (w.error)
 *		...
 */
#ifndef SONDE_WRITER_WIRE_H
#define SONDE_WRITER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct wire {
	const uint8_t *pos, *end;
	const char *error; /* what is wrong at pos; NULL = nothing yet */
};

struct wire_field {
	uint64_t number; /* as the message's description numbers its fields */
	enum wire_type type;
	uint64_t u;	     /* the value, or the length of bytes */
	const uint8_t *data; /* of bytes: where they are */
};

/* Fill f with the next field; false at the end of the message or on an error. */
bool wire_next(struct wire *w, struct wire_field *f);

/* The field's value where a number is due, its bytes as a cursor where a message is due; anything
 * else is an error of w. */
uint64_t wire_u64(struct wire *w, const struct wire_field *f);
struct wire wire_message(struct wire *w, const struct wire_field *f);

uint64_t wire_varint_slow(struct wire *w);

/* Numbers up to 3 bytes long, which is what the ids and string numbers of a profile are, are read
 * here. */
static inline uint64_t wire_varint(struct wire *w)
{
	const uint8_t *p = w->pos;

	if (w->end - p < 3)
		return wire_varint_slow(w);
	if (!(p[0] & 0x80)) {
		w->pos = p + 1;
		return p[0];
	}
	if (!(p[1] & 0x80)) {
		w->pos = p + 2;
		return (p[0] & 0x7fu) | (uint32_t)p[1] << 7;
	}
	if (!(p[2] & 0x80)) {
		w->pos = p + 3;
		return (p[0] & 0x7fu) | (p[1] & 0x7fu) << 7 | (uint32_t)p[2] << 14;
	}
	return wire_varint_slow(w);
}

#endif
