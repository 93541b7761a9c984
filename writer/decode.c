/* decode.c - read profile.proto straight into the columns of base/profile.h.
 *
 * Encoding is protobuf-c's work; decoding is not, because protobuf-c builds an object tree with a
 * heap block for every sample and every label, which costs eight times the size of the file before
 * our own columns are filled.
 *
 * Fields may come in any order, and what they say is known only at the end: samples name locations
 * that may follow, everything names strings by number.  So the first walk collects the strings and
 * remembers where all other fields are; these are then decoded in the order functions, mappings,
 * locations; the samples come last (decode_samples.c).
 *
 * As lenient as pprof's own reader: unknown fields are skipped, packed and unpacked arrays
 * accepted; a field of the wrong type is an error.  Ids are kept, because reports print them;
 * references become indices.
 */
#include "writer/decode.h"

/* More fields of the message Profile. */
enum {
	F_MAPPING = F_SAMPLE + 1,
	F_LOCATION,
	F_FUNCTION,
	F_STRING_TABLE,
	F_DROP_FRAMES,
	F_KEEP_FRAMES,
	F_TIME_NANOS,
	F_DURATION_NANOS,
	F_PERIOD_TYPE,
	F_PERIOD,
	F_COMMENT,
	F_DEFAULT_SAMPLE_TYPE,
	F_DOC_URL,
};

/* Real profiles have up to eight; what follows compares them all with each other. */
enum { MOST_SAMPLE_TYPES = 4096 };

static int fail_at(struct decoder *d, const uint8_t *at, const char *what)
{
	return err_set(d->err, PROTO_MALFORMED, "malformed profile: %s at byte %zu", what,
		       (size_t)(at - d->start));
}

/* The end of a message: 0, or the first thing that was wrong in it. */
static int finish(struct decoder *d, const struct wire *w)
{
	return w->error ? fail_at(d, w->pos, w->error) : 0;
}

static int refuse(struct decoder *d, const char *what, uint64_t id)
{
	return err_set(d->err, PROTO_REFUSED, "malformed profile: %s %llu", what,
		       (unsigned long long)id);
}

static str_id string(struct decoder *d, struct wire *w, const struct wire_field *f)
{
	return decode_string(d, w, wire_u64(w, f));
}

/* ---- the messages, field after field ---- */

static int decode_value_type(struct decoder *d, struct wire w, struct value_type *vt)
{
	struct wire_field f;

	while (wire_next(&w, &f))
		switch (f.number) {
		case 1:
			vt->type = string(d, &w, &f);
			break;
		case 2:
			vt->unit = string(d, &w, &f);
			break;
		}
	return finish(d, &w);
}

static int decode_mapping(struct decoder *d, struct wire w)
{
	struct mapping m = { 0 };
	struct wire_field f;

	while (wire_next(&w, &f))
		switch (f.number) {
		case 1:
			m.id = wire_u64(&w, &f);
			break;
		case 2:
			m.start = wire_u64(&w, &f);
			break;
		case 3:
			m.limit = wire_u64(&w, &f);
			break;
		case 4:
			m.offset = wire_u64(&w, &f);
			break;
		case 5:
			m.file = string(d, &w, &f);
			break;
		case 6:
			m.build_id = string(d, &w, &f);
			break;
		case 7:
			m.has_functions = wire_u64(&w, &f) != 0;
			break;
		case 8:
			m.has_filenames = wire_u64(&w, &f) != 0;
			break;
		case 9:
			m.has_line_numbers = wire_u64(&w, &f) != 0;
			break;
		case 10:
			m.has_inline_frames = wire_u64(&w, &f) != 0;
			break;
		}
	if (finish(d, &w))
		return PROTO_MALFORMED;
	if (m.id == 0)
		return refuse(d, "mapping with the reserved id", 0);
	if (!id_map_add(&d->mappings, m.id, (uint32_t)d->p->mappings.n))
		return refuse(d, "several mappings with id", m.id);
	*VEC_PUSH(&d->p->mappings) = m;
	return 0;
}

static int decode_function(struct decoder *d, struct wire w)
{
	struct function fn = { 0 };
	struct wire_field f;

	while (wire_next(&w, &f))
		switch (f.number) {
		case 1:
			fn.id = wire_u64(&w, &f);
			break;
		case 2:
			fn.name = string(d, &w, &f);
			break;
		case 3:
			fn.system_name = string(d, &w, &f);
			break;
		case 4:
			fn.filename = string(d, &w, &f);
			break;
		case 5:
			fn.start_line = (int64_t)wire_u64(&w, &f);
			break;
		}
	if (finish(d, &w))
		return PROTO_MALFORMED;
	if (fn.id == 0)
		return refuse(d, "function with the reserved id", 0);
	if (!id_map_add(&d->functions, fn.id, (uint32_t)d->p->functions.n))
		return refuse(d, "several functions with id", fn.id);
	*VEC_PUSH(&d->p->functions) = fn;
	return 0;
}

static int decode_line(struct decoder *d, struct wire w)
{
	struct line line = { .function = PROFILE_NONE };
	struct wire_field f;

	while (wire_next(&w, &f))
		switch (f.number) {
		case 1:
			line.function = id_map_get(&d->functions, wire_u64(&w, &f));
			break;
		case 2:
			line.line = (int64_t)wire_u64(&w, &f);
			break;
		case 3:
			line.column = (int64_t)wire_u64(&w, &f);
			break;
		}
	*VEC_PUSH(&d->p->lines) = line;
	return finish(d, &w);
}

static int decode_location(struct decoder *d, struct wire w)
{
	struct profile *p = d->p;
	struct location loc = { .mapping = PROFILE_NONE, .first_line = (uint32_t)p->lines.n };
	struct wire_field f;

	while (wire_next(&w, &f))
		switch (f.number) {
		case 1:
			loc.id = wire_u64(&w, &f);
			break;
		case 2: /* an unknown mapping is no mapping, as pprof has it */
			loc.mapping = id_map_get(&d->mappings, wire_u64(&w, &f));
			break;
		case 3:
			loc.address = wire_u64(&w, &f);
			break;
		case 4:
			if (decode_line(d, wire_message(&w, &f)))
				return PROTO_MALFORMED;
			break;
		case 5:
			loc.is_folded = wire_u64(&w, &f) != 0;
			break;
		}
	if (finish(d, &w))
		return PROTO_MALFORMED;
	loc.n_lines = (uint32_t)p->lines.n - loc.first_line;
	if (loc.id == 0)
		return refuse(d, "location with the reserved id", 0);
	for (uint32_t i = 0; i < loc.n_lines; i++)
		if (p->lines.v[loc.first_line + i].function == PROFILE_NONE)
			return refuse(d, "a line without a known function in location", loc.id);
	if (!id_map_add(&d->locations, loc.id, (uint32_t)p->locations.n))
		return refuse(d, "several locations with id", loc.id);
	*VEC_PUSH(&p->locations) = loc;
	return 0;
}

/* ---- the message Profile ---- */

static const char *wrong_type(const struct wire_field *f)
{
	switch (f->number) {
	case F_SAMPLE_TYPE:
	case F_SAMPLE:
	case F_MAPPING:
	case F_LOCATION:
	case F_FUNCTION:
	case F_STRING_TABLE:
	case F_PERIOD_TYPE:
		return f->type == WIRE_BYTES ? NULL : "number where a message is due";
	case F_COMMENT: /* packed or not */
		return f->type == WIRE_BYTES || f->type == WIRE_VARINT ? NULL
								       : "comment of a wrong type";
	default:
		return f->type == WIRE_VARINT ? NULL : "bytes where a number is due";
	}
}

static void note_sample(struct decoder *d, const uint8_t *at)
{
	size_t n = d->n_of[F_SAMPLE]++;

	if (n % RUN_SAMPLES == 0)
		*VEC_PUSH(&d->runs) = (struct sample_run){ .at = at, .first = n };
	d->runs.v[d->runs.n - 1].n++;
}

static void keep_field(struct decoder *d, const struct wire_field *f)
{
	struct wire_field *kept = VEC_PUSH(&d->later);

	*kept = *f;
	if (d->in_pieces && f->type == WIRE_BYTES)
		kept->data = arena_memdup(d->copies, f->data, f->u);
}

static int note_field(struct decoder *d, const struct wire_field *f, const uint8_t *at)
{
	if (f->number == F_SAMPLE && d->in_pieces)
		return decode_sample(d, f);
	if (f->number == F_SAMPLE) {
		note_sample(d, at);
		return 0;
	}
	d->n_of[f->number]++;
	if (f->number != F_STRING_TABLE) {
		keep_field(d, f);
		return 0;
	}
	*VEC_PUSH(&d->strings) = strtab_add(d->p->strings, (const char *)f->data, f->u);
	return d->strings.v[0] == 0 ? 0 : fail_at(d, f->data, "first string is not empty");
}

int decode_take_field(struct decoder *d, struct wire *w, const struct wire_field *f,
		      const uint8_t *at)
{
	if (f->number == 0 || f->number > F_DOC_URL)
		return 0;
	w->error = wrong_type(f);
	if (w->error)
		return 0;
	if (f->number == F_TIME_NANOS && d->has_time)
		return err_set(d->err, PROTO_REFUSED,
			       "concatenated profiles detected: the second one's time ends "
			       "at byte %zu",
			       (size_t)(w->pos - d->start));
	d->has_time = d->has_time || (f->number == F_TIME_NANOS && f->u);
	return note_field(d, f, at) ? PROTO_MALFORMED : 0;
}

static int first_walk(struct decoder *d)
{
	struct wire w = { d->start, d->end, NULL };
	const uint8_t *at = w.pos;
	struct wire_field f;

	for (; wire_next(&w, &f); at = w.pos) {
		int rc = decode_take_field(d, &w, &f, at);

		if (rc)
			return rc;
	}
	if (!w.error && !d->strings.n)
		return fail_at(d, d->end, "no string table");
	return finish(d, &w);
}

static int decode_scalar(struct decoder *d, struct wire *w, const struct wire_field *f)
{
	struct profile *p = d->p;

	switch (f->number) {
	case F_SAMPLE_TYPE:
		*VEC_PUSH(&p->sample_types) = (struct value_type){ 0 };
		return decode_value_type(d, wire_message(w, f),
					 &p->sample_types.v[p->sample_types.n - 1]);
	case F_DROP_FRAMES:
		p->drop_frames = string(d, w, f);
		break;
	case F_KEEP_FRAMES:
		p->keep_frames = string(d, w, f);
		break;
	case F_TIME_NANOS:
		p->time_nanos = (int64_t)wire_u64(w, f);
		break;
	case F_DURATION_NANOS:
		p->duration_nanos = (int64_t)wire_u64(w, f);
		break;
	case F_PERIOD_TYPE:
		p->period_type = (struct value_type){ 0 };
		return decode_value_type(d, wire_message(w, f), &p->period_type);
	case F_PERIOD:
		p->period = (int64_t)wire_u64(w, f);
		break;
	case F_DEFAULT_SAMPLE_TYPE:
		p->default_sample_type = string(d, w, f);
		break;
	case F_DOC_URL:
		p->doc_url = string(d, w, f);
		break;
	}
	return 0;
}

static int decode_comments(struct decoder *d, struct wire *w, const struct wire_field *f)
{
	struct wire numbers;

	if (f->type != WIRE_BYTES) {
		*VEC_PUSH(&d->p->comments) = string(d, w, f);
		return 0;
	}
	numbers = wire_message(w, f);
	while (numbers.pos < numbers.end && !numbers.error) {
		struct wire_field number = { .type = WIRE_VARINT, .u = wire_varint(&numbers) };

		*VEC_PUSH(&d->p->comments) = string(d, &numbers, &number);
	}
	return finish(d, &numbers);
}

static int decode_later_field(struct decoder *d, const struct wire_field *f)
{
	struct wire w = { d->start, d->start, NULL };
	int rc;

	switch (f->number) {
	case F_MAPPING:
		rc = decode_mapping(d, wire_message(&w, f));
		break;
	case F_FUNCTION:
		rc = decode_function(d, wire_message(&w, f));
		break;
	case F_LOCATION:
		rc = decode_location(d, wire_message(&w, f));
		break;
	case F_COMMENT:
		rc = decode_comments(d, &w, f);
		break;
	default:
		rc = decode_scalar(d, &w, f);
	}
	if (!rc && w.error)
		return err_set(d->err, PROTO_MALFORMED, "malformed profile: %s in field %d",
			       w.error, (int)f->number);
	return rc;
}

/* Locations last, because they name mappings and functions. */
static int decode_later(struct decoder *d)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < d->later.n; i++) {
			bool is_location = d->later.v[i].number == F_LOCATION;
			int rc = is_location == (pass == 1) ? decode_later_field(d, &d->later.v[i])
							    : 0;

			if (rc)
				return rc;
		}
	return 0;
}

int decode_tables(struct decoder *d)
{
	int rc;

	id_map_init(&d->mappings, d->n_of[F_MAPPING]);
	id_map_init(&d->functions, d->n_of[F_FUNCTION]);
	id_map_init(&d->locations, d->n_of[F_LOCATION]);
	rc = decode_later(d);
	if (rc)
		return rc;
	if (d->p->sample_types.n > MOST_SAMPLE_TYPES)
		return refuse(d, "too many sample types:", d->p->sample_types.n);
	if ((d->n_of[F_SAMPLE] || d->p->n_samples) && !d->p->sample_types.n)
		return err_set(d->err, PROTO_REFUSED,
			       "malformed profile: samples without a sample type");
	return 0;
}

void decoder_release(struct decoder *d)
{
	VEC_RELEASE(&d->strings);
	VEC_RELEASE(&d->later);
	VEC_RELEASE(&d->runs);
	id_map_release(&d->mappings);
	id_map_release(&d->functions);
	id_map_release(&d->locations);
	arena_free(d->copies);
}

enum proto_result proto_decode(struct profile **out, const uint8_t *data, size_t n, struct err *err)
{
	struct decoder d = { .p = profile_new(), .start = data, .end = data + n, .err = err };
	int rc = first_walk(&d);

	if (!rc)
		rc = decode_tables(&d);
	if (!rc)
		rc = decode_samples(&d);
	decoder_release(&d);
	if (rc)
		profile_free(d.p);
	else
		*out = d.p;
	return rc;
}
