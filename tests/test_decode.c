/* test_decode.c - every legal spelling of a profile is read, every broken one is one sentence. */
#include "tests/profiles.h"
#include "writer/input.h"
#include "writer/wire.h"

/* ---- bytes by hand ---- */

struct message {
	uint8_t bytes[4096];
	size_t n;
};

static void put_number(struct message *m, uint64_t u)
{
	for (; u >= 0x80; u >>= 7)
		m->bytes[m->n++] = (uint8_t)(u | 0x80);
	m->bytes[m->n++] = (uint8_t)u;
}

static void put_u64(struct message *m, unsigned field, uint64_t u)
{
	put_number(m, field << 3 | WIRE_VARINT);
	put_number(m, u);
}

static void put_bytes(struct message *m, unsigned field, const void *p, size_t n)
{
	put_number(m, field << 3 | WIRE_BYTES);
	put_number(m, n);
	memcpy(m->bytes + m->n, p, n);
	m->n += n;
}

/* A message whose fields are the given pairs of number and value, ended by 0. */
static void put_message(struct message *m, unsigned field, const uint64_t *pairs)
{
	struct message inner = { .n = 0 };

	for (; pairs[0]; pairs += 2)
		put_u64(&inner, (unsigned)pairs[0], pairs[1]);
	put_bytes(m, field, inner.bytes, inner.n);
}

#define MESSAGE(m, field, ...) put_message(m, field, (const uint64_t[]){ __VA_ARGS__, 0 })

enum { SAMPLE_TYPE = 1, SAMPLE, MAPPING, LOCATION, FUNCTION, STRING, TIME = 9, COMMENT = 13 };

/* Strings 0 to 3, one sample type. */
static struct message small(void)
{
	struct message m = { .n = 0 };

	MESSAGE(&m, SAMPLE_TYPE, 1, 1, 2, 2);
	put_bytes(&m, STRING, "", 0);
	put_bytes(&m, STRING, "cpu", 3);
	put_bytes(&m, STRING, "count", 5);
	put_bytes(&m, STRING, "name", 4);
	return m;
}

static struct profile *decoded(const struct message *m)
{
	struct profile *p = NULL;
	struct err err;

	if (decode_copy(&p, m->bytes, m->n, &err))
		fail_msg("%s", err.text);
	return p;
}

static void assert_refused(const struct message *m, const char *sentence)
{
	struct profile *p = NULL;
	struct err err = { "" };

	assert_int_equal(decode_copy(&p, m->bytes, m->n, &err), SONDE_EFORMAT);
	if (!strstr(err.text, sentence))
		fail_msg("'%s' does not say '%s'", err.text, sentence);
}

/* ---- legal spellings ---- */

static void fields_may_come_in_any_order(void **state)
{
	struct profile *p = make_profile(), *back = NULL;
	struct test_bytes b = plain(p);
	uint8_t *reversed = malloc(b.n);
	size_t n = 0;

	for (unsigned number = 15; number; number--) {
		struct wire w = { b.v, b.v + b.n, NULL };
		const uint8_t *start = w.pos;
		struct wire_field f;

		for (; wire_next(&w, &f); start = w.pos)
			if (f.number == number) {
				memcpy(reversed + n, start, (size_t)(w.pos - start));
				n += (size_t)(w.pos - start);
			}
	}
	assert_int_equal(n, b.n);
	assert_int_equal(decode_copy(&back, reversed, n, NULL), 0);
	assert_same_profile(p, back);
	profile_free(back);
	profile_free(p);
	free(reversed);
	free(b.v);
}

static void arrays_are_read_packed_and_not(void **state)
{
	struct message m = small(), sample = { .n = 0 };
	struct profile *p;

	MESSAGE(&m, LOCATION, 1, 7);
	MESSAGE(&m, LOCATION, 1, 300);
	put_u64(&sample, 1, 300);
	put_bytes(&sample, 1, "\x07\xac\x02", 3);
	put_bytes(&sample, 2, "\x05", 1);
	put_bytes(&m, SAMPLE, sample.bytes, sample.n);
	put_u64(&m, COMMENT, 3);
	put_bytes(&m, COMMENT, "\x01\x02", 2);
	p = decoded(&m);
	assert_int_equal(p->stack.n, 3);
	assert_memory_equal(p->stack.v, ((uint32_t[]){ 1, 0, 1 }), 12);
	assert_int_equal(p->values.v[0], 5);
	assert_int_equal(p->comments.n, 3);
	assert_string_equal(profile_str(p, p->comments.v[0]), "name");
	assert_string_equal(profile_str(p, p->comments.v[2]), "count");
	profile_free(p);
}

static void unknown_fields_are_skipped(void **state)
{
	struct message m = small();
	struct profile *p;

	put_u64(&m, 99, 5);
	put_bytes(&m, 16, "anything", 8);
	MESSAGE(&m, FUNCTION, 1, 1, 2, 3, 77, 4);
	p = decoded(&m);
	assert_int_equal(p->functions.n, 1);
	assert_string_equal(profile_str(p, p->functions.v[0].name), "name");
	profile_free(p);
}

static void ids_may_be_any_numbers(void **state)
{
	struct message m = small(), sample = { .n = 0 };
	const uint64_t ids[] = { UINT64_MAX, 0x7fffdeadbeef, 1, 12345678 };
	struct profile *p;

	for (size_t i = 0; i < N(ids); i++)
		MESSAGE(&m, LOCATION, 1, ids[i], 3, i);
	for (size_t i = N(ids); i-- > 0;)
		put_u64(&sample, 1, ids[i]);
	put_u64(&sample, 2, 1);
	put_bytes(&m, SAMPLE, sample.bytes, sample.n);
	p = decoded(&m);
	assert_memory_equal(p->stack.v, ((uint32_t[]){ 3, 2, 1, 0 }), 16);
	assert_true(p->locations.v[1].id == 0x7fffdeadbeef);
	profile_free(p);
}

static void label_without_any_value_is_dropped(void **state)
{
	struct message m = small(), sample = { .n = 0 };
	struct profile *p;

	put_u64(&sample, 2, 1);
	MESSAGE(&sample, 3, 1, 3);
	MESSAGE(&sample, 3, 1, 3, 4, 2);
	MESSAGE(&sample, 3, 1, 3, 2, 1, 3, 9);
	put_bytes(&m, SAMPLE, sample.bytes, sample.n);
	p = decoded(&m);
	assert_int_equal(p->labels.n, 2);
	assert_true(p->labels.v[0].is_num && p->labels.v[0].num == 0 && p->labels.v[0].unit);
	assert_true(!p->labels.v[1].is_num && p->labels.v[1].num == 0);
	profile_free(p);
}

static void unknown_mapping_is_none(void **state)
{
	struct message m = small();
	struct profile *p;

	MESSAGE(&m, LOCATION, 1, 1, 2, 44);
	p = decoded(&m);
	assert_int_equal(p->locations.v[0].mapping, PROFILE_NONE);
	profile_free(p);
}

static void gzip_members_are_read_through(void **state)
{
	struct profile *p = make_profile(), *rest, *back = NULL;
	struct test_bytes first = gzipped(p), second;
	uint8_t *both;

	/* a second message that only adds samples and tables is a legal continuation of the first
	 */
	rest = profile_new();
	*VEC_PUSH(&rest->functions) = (struct function){ .id = 99 };
	second = gzipped(rest);
	both = malloc(first.n + second.n);
	memcpy(both, first.v, first.n);
	memcpy(both + first.n, second.v, second.n);
	assert_int_equal(decode_copy(&back, both, first.n + second.n, NULL), 0);
	assert_int_equal(back->functions.n, 4);
	assert_int_equal(back->n_samples, 3);
	profile_free(back);
	profile_free(rest);
	profile_free(p);
	free(both);
	free(first.v);
	free(second.v);
}

/* ---- broken ones ---- */

static void nothing_is_an_empty_file(void **state)
{
	struct message m = { .n = 0 };

	assert_refused(&m, "empty input file");
}

static void text_is_not_recognized(void **state)
{
	struct message m = { .n = 0 };

	m.n = (size_t)sprintf((char *)m.bytes, "hello, world\n");
	assert_refused(&m, "unrecognized profile format");
}

static void two_profiles_in_a_row_are_detected(void **state)
{
	struct message m = small();

	put_u64(&m, TIME, 5);
	put_u64(&m, TIME, 6);
	assert_refused(&m, "concatenated profiles detected");
}

static void references_to_nothing_are_refused(void **state)
{
	static const struct {
		unsigned field;
		uint64_t pairs[7];
		const char *sentence;
	} rows[] = {
		{ SAMPLE_TYPE, { 1, 4 }, "string number outside the string table at byte" },
		{ SAMPLE_TYPE, { 1, UINT64_MAX }, "string number outside the string table" },
		{ MAPPING, { 2, 5 }, "mapping with the reserved id 0" },
		{ LOCATION, { 3, 5 }, "location with the reserved id 0" },
		{ FUNCTION, { 2, 3 }, "function with the reserved id 0" },
		{ FUNCTION, { 1, 1, 2, 99 }, "string number outside the string table" },
		{ SAMPLE, { 2, 1, 1, 77 }, "a sample names the unknown location 77" },
		{ SAMPLE, { 1, 0, 2, 1 }, "a sample names the unknown location 0" },
		{ SAMPLE, { 2, 1, 2, 1 }, "sample 0 has 2 values for 1 sample types" },
		{ SAMPLE, { 9, 1 }, "sample 0 has 0 values for 1 sample types" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct message m = small();

		put_message(&m, rows[i].field, rows[i].pairs);
		assert_refused(&m, rows[i].sentence);
	}
}

static void ids_given_twice_are_refused(void **state)
{
	static const struct {
		unsigned field;
		uint64_t id;
		const char *sentence;
	} rows[] = {
		{ MAPPING, 1, "several mappings with id 1" },
		{ LOCATION, 9, "several locations with id 9" },
		{ FUNCTION, 1ULL << 40, "several functions with id 1099511627776" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct message m = small();

		MESSAGE(&m, rows[i].field, 1, rows[i].id);
		MESSAGE(&m, rows[i].field, 1, rows[i].id);
		assert_refused(&m, rows[i].sentence);
	}
}

static void line_without_a_function_is_refused(void **state)
{
	struct message m = small(), location = { .n = 0 };

	put_u64(&location, 1, 5);
	MESSAGE(&location, 4, 1, 8, 2, 1);
	put_bytes(&m, LOCATION, location.bytes, location.n);
	assert_refused(&m, "a line without a known function in location 5");
}

static void string_table_must_be_there_and_begin_empty(void **state)
{
	struct message m = { .n = 0 };

	MESSAGE(&m, SAMPLE_TYPE, 1, 0);
	assert_refused(&m, "no string table");
	put_bytes(&m, STRING, "x", 1);
	assert_refused(&m, "first string is not empty");
}

static void samples_need_a_type(void **state)
{
	struct message m = { .n = 0 };

	put_bytes(&m, STRING, "", 0);
	MESSAGE(&m, SAMPLE, 9, 9);
	assert_refused(&m, "samples without a sample type");
}

static void sample_types_without_end_are_refused(void **state)
{
	enum { TYPES = 5000 };
	uint8_t *bytes = malloc(TYPES * 2 + 2);
	struct profile *p = NULL;
	struct err err;

	for (size_t i = 0; i < TYPES; i++)
		memcpy(bytes + 2 * i, "\x0a", 2);
	memcpy(bytes + TYPES * 2, "\x32", 2);
	assert_int_equal(decode_copy(&p, bytes, TYPES * 2 + 2, &err), SONDE_EFORMAT);
	assert_string_equal(err.text, "malformed profile: too many sample types: 5000");
	free(bytes);
}

static void wrong_wire_types_are_refused(void **state)
{
	static const unsigned messages[] = { SAMPLE_TYPE, SAMPLE, MAPPING, LOCATION,
					     FUNCTION,	  STRING, 11 };
	static const unsigned numbers[] = { 7, 8, 9, 10, 12, 14, 15 };

	for (size_t i = 0; i < N(messages); i++) {
		struct message m = small();

		put_u64(&m, messages[i], 1);
		assert_refused(&m, "number where a message is due");
	}
	for (size_t i = 0; i < N(numbers); i++) {
		struct message m = small();

		put_bytes(&m, numbers[i], "", 0);
		assert_refused(&m, "bytes where a number is due");
	}
}

static void every_truncation_is_answered(void **state)
{
	struct profile *p = make_profile(), *back;
	struct test_bytes b = plain(p), gz = gzipped(p);
	struct err err;

	for (size_t n = 0; n < b.n; n++)
		if (decode_copy(&back, b.v, n, &err) == 0) {
			assert_int_equal(profile_check_valid(back, &err), 0);
			profile_free(back);
		}
	for (size_t n = 0; n < gz.n; n++) {
		err.text[0] = 0;
		assert_int_equal(decode_copy(&back, gz.v, n, &err), SONDE_EFORMAT);
		assert_true(err.text[0]);
	}
	profile_free(p);
	free(b.v);
	free(gz.v);
}

static void every_flipped_bit_is_answered(void **state)
{
	struct profile *p = make_profile(), *back;
	struct test_bytes b = plain(p), gz = gzipped(p);
	struct err err;

	for (size_t bit = 0; bit < b.n * 8; bit++) {
		b.v[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (decode_copy(&back, b.v, b.n, &err) == 0) {
			assert_int_equal(profile_check_valid(back, &err), 0);
			profile_free(back);
		}
		b.v[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < gz.n * 8; bit++) {
		gz.v[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (decode_copy(&back, gz.v, gz.n, &err) == 0)
			profile_free(
				back); /* the time and the name in gzip's header are nobody's */
		gz.v[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	profile_free(p);
	free(b.v);
	free(gz.v);
}

static void missing_file_is_named(void **state)
{
	struct profile *p;
	struct err err;

	assert_int_equal(profile_read_file(&p, "/no/such/file", &err), SONDE_EIO);
	assert_string_equal(err.text, "cannot read '/no/such/file': No such file or directory");
	assert_int_equal(profile_read_file(&p, "/", &err), SONDE_EIO);
	assert_string_equal(err.text, "cannot read '/': Is a directory");
	assert_int_equal(profile_read_file(&p, "/dev/null", &err), SONDE_EFORMAT);
	assert_string_equal(err.text, "cannot read '/dev/null': empty input file");
}

static void columns_that_do_not_fit_are_not_valid(void **state)
{
	struct profile *p = make_profile();
	struct err err;

	assert_int_equal(profile_check_valid(p, &err), 0);
	p->stack.v[2] = 3;
	assert_int_equal(profile_check_valid(p, &err), SONDE_EFORMAT);
	assert_string_equal(err.text,
			    "malformed profile: a sample names the unknown location number 3");
	p->stack.v[2] = 2;
	p->values.n--;
	assert_int_equal(profile_check_valid(p, &err), SONDE_EFORMAT);
	p->values.n++;
	p->stack_at.v[1] = 7;
	assert_int_equal(profile_check_valid(p, &err), SONDE_EFORMAT);
	p->stack_at.v[1] = 3;
	p->functions.v[2].id = 1;
	assert_int_equal(profile_check_valid(p, &err), SONDE_EFORMAT);
	assert_string_equal(err.text, "malformed profile: several functions with id 1");
	p->functions.v[2].id = 3;
	p->lines.v[0].function = PROFILE_NONE;
	assert_int_equal(profile_check_valid(p, &err), SONDE_EFORMAT);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_may_come_in_any_order),
		cmocka_unit_test(arrays_are_read_packed_and_not),
		cmocka_unit_test(unknown_fields_are_skipped),
		cmocka_unit_test(ids_may_be_any_numbers),
		cmocka_unit_test(label_without_any_value_is_dropped),
		cmocka_unit_test(unknown_mapping_is_none),
		cmocka_unit_test(gzip_members_are_read_through),
		cmocka_unit_test(nothing_is_an_empty_file),
		cmocka_unit_test(text_is_not_recognized),
		cmocka_unit_test(two_profiles_in_a_row_are_detected),
		cmocka_unit_test(references_to_nothing_are_refused),
		cmocka_unit_test(ids_given_twice_are_refused),
		cmocka_unit_test(line_without_a_function_is_refused),
		cmocka_unit_test(string_table_must_be_there_and_begin_empty),
		cmocka_unit_test(samples_need_a_type),
		cmocka_unit_test(sample_types_without_end_are_refused),
		cmocka_unit_test(wrong_wire_types_are_refused),
		cmocka_unit_test(every_truncation_is_answered),
		cmocka_unit_test(every_flipped_bit_is_answered),
		cmocka_unit_test(missing_file_is_named),
		cmocka_unit_test(columns_that_do_not_fit_are_not_valid),
	};

	return cmocka_run_group_tests_name("decode", tests, NULL, NULL);
}
