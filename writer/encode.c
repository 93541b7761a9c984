/* encode.c - write a profile as gzip'd profile.proto.
 *
 * The message Profile is never built whole: it is packed once for each element of its tables with
 * only that element set, which yields the same bytes, because a message is the concatenation of its
 * fields.  So memory is that of the longest sample, and all of it comes from mmap: this file also
 * runs inside strangers' programs, where malloc may be in any state.
 *
 * Strings are numbered again in the order in which they are met, so that what nothing names any
 * more is not written. Ids are written as the profile has them.
 */
#include "base/outfile.h"
#include "base/vec.h"
#include "writer/gzip_out.h"
#include "writer/profile.pb-c.h"
#include "writer/writer.h"

typedef Sonde__Pb__Profile pb_profile;
typedef Sonde__Pb__Label pb_label;
typedef Sonde__Pb__Line pb_line;

struct encoder {
	ProtobufCBuffer sink; /* first, so that what protobuf-c hands back is the encoder */
	const struct profile *p;
	struct gzip_out *out;
	const char *name;
	struct err *err;
	bool failed;

	VEC(uint32_t)
	number_of;	     /* by str_id: its number in the file; 0 = none yet, and that of "" */
	VEC(str_id) strings; /* by number in the file */

	/* of one sample or location */
	VEC(uint64_t) ids;
	VEC(pb_label) labels;
	VEC(pb_label *) label_ptrs;
	VEC(pb_line) lines;
	VEC(pb_line *) line_ptrs;
};

static void sink_append(ProtobufCBuffer *sink, size_t n, const uint8_t *data)
{
	gzip_out_put(((struct encoder *)sink)->out, data, n);
}

static void no_memory(struct encoder *e)
{
	e->failed = true;
	gzip_out_fail(e->out, err_set(e->err, SONDE_ENOMEM, "cannot write '%s': not enough memory",
				      e->name));
}

static void put(struct encoder *e, const pb_profile *msg)
{
	sonde__pb__profile__pack_to_buffer(msg, &e->sink);
}

/* The number of a string in the file. */
static int64_t number(struct encoder *e, str_id s)
{
	if (e->number_of.v[s] == 0 && s != 0) {
		e->number_of.v[s] = (uint32_t)e->strings.n;
		e->strings.v[e->strings.n++] = s;
	}
	return e->number_of.v[s];
}

static void put_sample_type(struct encoder *e, struct value_type vt)
{
	Sonde__Pb__ValueType m = SONDE__PB__VALUE_TYPE__INIT, *ptr = &m;
	pb_profile msg = SONDE__PB__PROFILE__INIT;

	m.type = number(e, vt.type);
	m.unit = number(e, vt.unit);
	msg.n_sample_type = 1;
	msg.sample_type = &ptr;
	put(e, &msg);
}

static int sample_labels(struct encoder *e, const struct label *labels, size_t n)
{
	if (VEC_RESERVE(&e->labels, n) || VEC_RESERVE(&e->label_ptrs, n))
		return -1;
	for (size_t i = 0; i < n; i++) {
		pb_label *m = e->label_ptrs.v[i] = &e->labels.v[i];

		*m = (pb_label)SONDE__PB__LABEL__INIT;
		m->key = number(e, labels[i].key);
		if (labels[i].is_num) {
			m->num = labels[i].num;
			m->num_unit = number(e, labels[i].unit);
		} else {
			m->str = number(e, labels[i].str);
		}
	}
	return 0;
}

static void put_sample(struct encoder *e, size_t i)
{
	const struct profile *p = e->p;
	size_t n_values = p->sample_types.n;
	const uint32_t *stack = p->stack.v + p->stack_at.v[i];
	size_t n_stack = p->stack_at.v[i + 1] - p->stack_at.v[i];
	size_t n_labels = p->label_at.v[i + 1] - p->label_at.v[i];
	Sonde__Pb__Sample m = SONDE__PB__SAMPLE__INIT, *ptr = &m;
	pb_profile msg = SONDE__PB__PROFILE__INIT;

	if (VEC_RESERVE(&e->ids, n_stack) ||
	    sample_labels(e, p->labels.v + p->label_at.v[i], n_labels)) {
		no_memory(e);
		return;
	}
	for (size_t k = 0; k < n_stack; k++)
		e->ids.v[k] = p->locations.v[stack[k]].id;
	m.n_location_id = n_stack;
	m.location_id = e->ids.v;
	m.n_value = n_values;
	m.value = p->values.v + i * n_values;
	m.n_label = n_labels;
	m.label = e->label_ptrs.v;
	msg.n_sample = 1;
	msg.sample = &ptr;
	put(e, &msg);
}

static void put_mapping(struct encoder *e, const struct mapping *map)
{
	Sonde__Pb__Mapping m = SONDE__PB__MAPPING__INIT, *ptr = &m;
	pb_profile msg = SONDE__PB__PROFILE__INIT;

	m.id = map->id;
	m.memory_start = map->start;
	m.memory_limit = map->limit;
	m.file_offset = map->offset;
	m.filename = number(e, map->file);
	m.build_id = number(e, map->build_id);
	m.has_functions = map->has_functions;
	m.has_filenames = map->has_filenames;
	m.has_line_numbers = map->has_line_numbers;
	m.has_inline_frames = map->has_inline_frames;
	msg.n_mapping = 1;
	msg.mapping = &ptr;
	put(e, &msg);
}

static void put_location(struct encoder *e, const struct location *loc)
{
	const struct profile *p = e->p;
	Sonde__Pb__Location m = SONDE__PB__LOCATION__INIT, *ptr = &m;
	pb_profile msg = SONDE__PB__PROFILE__INIT;

	if (VEC_RESERVE(&e->lines, loc->n_lines) || VEC_RESERVE(&e->line_ptrs, loc->n_lines)) {
		no_memory(e);
		return;
	}
	for (uint32_t i = 0; i < loc->n_lines; i++) {
		const struct line *from = &p->lines.v[loc->first_line + i];
		pb_line *line = e->line_ptrs.v[i] = &e->lines.v[i];

		*line = (pb_line)SONDE__PB__LINE__INIT;
		line->function_id =
			from->function == PROFILE_NONE ? 0 : p->functions.v[from->function].id;
		line->line = from->line;
		line->column = from->column;
	}
	m.id = loc->id;
	m.mapping_id = loc->mapping == PROFILE_NONE ? 0 : p->mappings.v[loc->mapping].id;
	m.address = loc->address;
	m.n_line = loc->n_lines;
	m.line = e->line_ptrs.v;
	m.is_folded = loc->is_folded;
	msg.n_location = 1;
	msg.location = &ptr;
	put(e, &msg);
}

static void put_function(struct encoder *e, const struct function *fn)
{
	Sonde__Pb__Function m = SONDE__PB__FUNCTION__INIT, *ptr = &m;
	pb_profile msg = SONDE__PB__PROFILE__INIT;

	m.id = fn->id;
	m.name = number(e, fn->name);
	m.system_name = number(e, fn->system_name);
	m.filename = number(e, fn->filename);
	m.start_line = fn->start_line;
	msg.n_function = 1;
	msg.function = &ptr;
	put(e, &msg);
}

static void put_strings(struct encoder *e)
{
	for (size_t i = 0; i < e->strings.n; i++) {
		str_id s = e->strings.v[i];
		ProtobufCBinaryData bytes = { strtab_len(e->p->strings, s),
					      (uint8_t *)(uintptr_t)strtab_get(e->p->strings, s) };
		Sonde__Pb__StringTable msg = SONDE__PB__STRING_TABLE__INIT;

		msg.n_string = 1;
		msg.string = &bytes;
		sonde__pb__string_table__pack_to_buffer(&msg, &e->sink);
	}
}

/* Everything that follows the string table names strings too, so they are numbered before it is
 * written. */
static void number_tail(struct encoder *e)
{
	const struct profile *p = e->p;

	number(e, p->drop_frames);
	number(e, p->keep_frames);
	number(e, p->period_type.type);
	number(e, p->period_type.unit);
	for (size_t i = 0; i < p->comments.n; i++)
		number(e, p->comments.v[i]);
	number(e, p->default_sample_type);
	number(e, p->doc_url);
}

static void put_tail(struct encoder *e)
{
	const struct profile *p = e->p;
	Sonde__Pb__ValueType period_type = SONDE__PB__VALUE_TYPE__INIT;
	pb_profile msg = SONDE__PB__PROFILE__INIT;

	period_type.type = number(e, p->period_type.type);
	period_type.unit = number(e, p->period_type.unit);
	msg.drop_frames = number(e, p->drop_frames);
	msg.keep_frames = number(e, p->keep_frames);
	msg.time_nanos = p->time_nanos;
	msg.duration_nanos = p->duration_nanos;
	msg.period_type = period_type.type || period_type.unit ? &period_type : NULL;
	msg.period = p->period;
	msg.comment = (int64_t *)e->ids.v;
	msg.n_comment = p->comments.n;
	for (size_t i = 0; i < p->comments.n; i++)
		msg.comment[i] = number(e, p->comments.v[i]);
	msg.default_sample_type = number(e, p->default_sample_type);
	msg.doc_url = number(e, p->doc_url);
	put(e, &msg);
}

static void put_profile(struct encoder *e)
{
	const struct profile *p = e->p;

	if (VEC_RESERVE(&e->number_of, strtab_count(p->strings)) ||
	    VEC_RESERVE(&e->strings, strtab_count(p->strings)) ||
	    VEC_RESERVE(&e->ids, p->comments.n)) {
		no_memory(e);
		return;
	}
	e->strings.v[e->strings.n++] = 0;
	for (size_t i = 0; i < p->sample_types.n; i++)
		put_sample_type(e, p->sample_types.v[i]);
	for (size_t i = 0; i < p->n_samples && !e->failed; i++)
		put_sample(e, i);
	for (size_t i = 0; i < p->mappings.n; i++)
		put_mapping(e, &p->mappings.v[i]);
	for (size_t i = 0; i < p->locations.n && !e->failed; i++)
		put_location(e, &p->locations.v[i]);
	for (size_t i = 0; i < p->functions.n; i++)
		put_function(e, &p->functions.v[i]);
	number_tail(e);
	put_strings(e);
	put_tail(e);
}

int profile_write_fd(const struct profile *p, int fd, const char *name, struct err *err)
{
	struct encoder e = { .sink.append = sink_append, .p = p, .name = name, .err = err };

	e.out = gzip_out_new(fd, name, err);
	if (!e.out)
		return SONDE_ENOMEM;
	put_profile(&e);
	VEC_RELEASE(&e.number_of);
	VEC_RELEASE(&e.strings);
	VEC_RELEASE(&e.ids);
	VEC_RELEASE(&e.labels);
	VEC_RELEASE(&e.label_ptrs);
	VEC_RELEASE(&e.lines);
	VEC_RELEASE(&e.line_ptrs);
	return gzip_out_close(e.out);
}

int profile_write_file(const struct profile *p, const char *path, struct err *err)
{
	struct outfile f;
	int rc = outfile_open(&f, path, err);

	if (rc)
		return rc;
	rc = profile_write_fd(p, f.fd, path, err);
	if (rc) {
		outfile_abort(&f);
		return rc;
	}
	return outfile_commit(&f, err);
}
