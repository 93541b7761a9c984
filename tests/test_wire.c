/* test_wire.c - the cursor never leaves its bytes, and says what was wrong. */
#include "writer/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static struct wire cursor(const char *bytes, size_t n)
{
	const uint8_t *at = (const uint8_t *)bytes;

	return (struct wire){ at, at + n, NULL };
}

#define CURSOR(literal) cursor(literal, sizeof(literal) - 1)

static void numbers_of_all_lengths_are_read(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		uint64_t want;
	} rows[] = {
		{ "\x00", 1, 0 },
		{ "\x7f", 1, 127 },
		{ "\x80\x01", 2, 128 },
		{ "\xff\x7f", 2, 16383 },
		{ "\x80\x80\x01", 3, 16384 },
		{ "\xff\xff\xff\x7f", 4, (1 << 28) - 1 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, UINT64_MAX },
		{ "\x81\x80\x80\x00", 4, 1 }, /* longer than need be */
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct wire w = cursor(rows[i].bytes, rows[i].n);

		assert_true(wire_varint(&w) == rows[i].want);
		assert_null(w.error);
		assert_ptr_equal(w.pos, w.end);
	}
}

static void number_that_does_not_end_is_an_error(void **state)
{
	static const char endless[] = "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80";

	for (size_t n = 0; n < sizeof(endless) - 1; n++) {
		char *copy = malloc(n ? n : 1);
		struct wire w = cursor(copy, n);

		memcpy(copy, endless, n);
		wire_varint(&w);
		assert_string_equal(w.error,
				    n < 10 ? "number cut short" : "number of more than 10 bytes");
		free(copy);
	}
}

static void fields_of_every_type_are_read(void **state)
{
	struct wire w = CURSOR("\x08\x96\x01"
			       "\x11\x01\x00\x00\x00\x00\x00\x00\x80"
			       "\x1a\x02hi"
			       "\x25\x02\x00\x00\x00");
	struct wire_field f;

	assert_true(wire_next(&w, &f) && f.number == 1 && f.type == WIRE_VARINT && f.u == 150);
	assert_true(wire_next(&w, &f) && f.number == 2 && f.type == WIRE_FIXED64);
	assert_true(f.u == 0x8000000000000001);
	assert_true(wire_next(&w, &f) && f.number == 3 && f.type == WIRE_BYTES && f.u == 2);
	assert_memory_equal(f.data, "hi", 2);
	assert_true(wire_next(&w, &f) && f.number == 4 && f.type == WIRE_FIXED32 && f.u == 2);
	assert_false(wire_next(&w, &f));
	assert_null(w.error);
}

static void broken_fields_end_the_walk_with_a_reason(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *error;
	} rows[] = {
		{ "\x08", 1, "number cut short" },
		{ "\x11\x01\x02", 3, "number cut short" },
		{ "\x25\x01", 2, "number cut short" },
		{ "\x1a\x03hi", 4, "field longer than what holds it" },
		{ "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11,
		  "field longer than what holds it" },
		{ "\x0b", 1, "unknown wire type" },
		{ "\x0f", 1, "unknown wire type" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct wire w = cursor(rows[i].bytes, rows[i].n);
		struct wire_field f;

		assert_false(wire_next(&w, &f));
		assert_string_equal(w.error, rows[i].error);
		assert_false(wire_next(&w, &f));
	}
}

static void wrong_type_is_an_error_and_no_value(void **state)
{
	struct wire w = CURSOR("\x0a\x01x"), inner;
	struct wire_field f;

	assert_true(wire_next(&w, &f));
	assert_true(wire_u64(&w, &f) == 0);
	assert_string_equal(w.error, "bytes where a number is due");
	w = CURSOR("\x08\x01");
	assert_true(wire_next(&w, &f));
	inner = wire_message(&w, &f);
	assert_ptr_equal(inner.pos, inner.end);
	assert_string_equal(w.error, "number where a message is due");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_all_lengths_are_read),
		cmocka_unit_test(number_that_does_not_end_is_an_error),
		cmocka_unit_test(fields_of_every_type_are_read),
		cmocka_unit_test(broken_fields_end_the_walk_with_a_reason),
		cmocka_unit_test(wrong_type_is_an_error_and_no_value),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
