/* wire.c - walk the fields of one protocol-buffer message.
 *
 * Groups (wire types 3 and 4) went out of use before the profile format was made and are refused.
 */
#include "writer/wire.h"

static uint64_t stop(struct wire *w, const char *error)
{
	if (!w->error)
		w->error = error;
	return 0;
}

uint64_t wire_varint_slow(struct wire *w)
{
	uint64_t u = 0;

	for (unsigned i = 0; i < 10; i++) {
		if (w->pos + i >= w->end)
			return stop(w, "number cut short");
		u |= (uint64_t)(w->pos[i] & 0x7f) << (7 * i);
		if (!(w->pos[i] & 0x80)) {
			w->pos += i + 1;
			return u;
		}
	}
	return stop(w, "number of more than 10 bytes");
}

static uint64_t fixed(struct wire *w, unsigned bytes)
{
	uint64_t u = 0;

	if ((size_t)(w->end - w->pos) < bytes)
		return stop(w, "number cut short");
	for (unsigned i = 0; i < bytes; i++)
		u |= (uint64_t)w->pos[i] << (8 * i);
	w->pos += bytes;
	return u;
}

bool wire_next(struct wire *w, struct wire_field *f)
{
	uint64_t tag;

	if (w->error || w->pos == w->end)
		return false;
	tag = wire_varint(w);
	f->number = tag >> 3;
	f->type = (enum wire_type)(tag & 7);
	f->data = NULL;
	if (w->error)
		return false;
	switch (tag & 7) {
	case WIRE_VARINT:
		f->u = wire_varint(w);
		break;
	case WIRE_FIXED64:
		f->u = fixed(w, 8);
		break;
	case WIRE_FIXED32:
		f->u = fixed(w, 4);
		break;
	case WIRE_BYTES:
		f->u = wire_varint(w);
		if (f->u > (uint64_t)(w->end - w->pos))
			stop(w, "field longer than what holds it");
		if (w->error)
			return false;
		f->data = w->pos;
		w->pos += f->u;
		break;
	default:
		stop(w, "unknown wire type");
	}
	return !w->error;
}

uint64_t wire_u64(struct wire *w, const struct wire_field *f)
{
	return f->type == WIRE_VARINT ? f->u : stop(w, "bytes where a number is due");
}

struct wire wire_message(struct wire *w, const struct wire_field *f)
{
	if (f->type == WIRE_BYTES)
		return (struct wire){ f->data, f->data + f->u, NULL };
	stop(w, "number where a message is due");
	return (struct wire){ w->pos, w->pos, NULL };
}
