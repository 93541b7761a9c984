/* test_texts.c - columns, times, durations and characters as Go prints them. */
#include "analyze/clock_text.h"
#include "analyze/columns.h"
#include "base/utf8.h"
#include "tests/profiles.h"

#include <time.h>

static void columns_are_as_wide_as_their_widest_neighbour(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a:\t x\n \tbb:\t y\n \tc:\t z\n\n", " a: x\n    bb: y\n     c: z\n\n" },
		{ "long:\t x\n\na:\t y\n", " long: x\n\n a: y\n" },
		{ "gr\xc3\xb6\xc3\x9f"
		  "er:\t x\na:\t y\n",
		  " gr\xc3\xb6\xc3\x9f"
		  "er: x\n      a: y\n" },
		{ "no tabs\n", "no tabs\n" },
		{ "", "" },
		{ "\t\t\tz\n", "   z\n" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		char *text = NULL;
		size_t n;
		FILE *f = open_memstream(&text, &n);

		columns_print(f, rows[i].text, strlen(rows[i].text));
		fclose(f);
		assert_string_equal(text, rows[i].want);
		free(text);
	}
}

static void durations_use_the_largest_fitting_units(void **state)
{
	static const struct {
		int64_t nanos;
		const char *want;
	} rows[] = {
		{ 0, "0s" },
		{ 1, "1ns" },
		{ 1500, "1.5\xc2\xb5s" },
		{ 1001000, "1.001ms" },
		{ 1000000000, "1s" },
		{ 61500000000, "1m1.5s" },
		{ 6019200000000, "1h40m19.2s" },
		{ -1500000000, "-1.5s" },
		{ INT64_MIN, "-2562047h47m16.854775808s" },
	};
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(duration_text(a, rows[i].nanos), rows[i].want);
	arena_free(a);
}

static void times_are_printed_in_the_local_zone(void **state)
{
	struct arena *a = arena_new(ARENA_DIE);

	setenv("TZ", "UTC", 1);
	tzset();
	assert_string_equal(clock_text(a, 1700000000000000000), "2023-11-14 22:13:20 UTC");
	assert_string_equal(clock_full_text(a, 1700000000120000000),
			    "2023-11-14 22:13:20.12 +0000 UTC");
	assert_string_equal(clock_full_text(a, -1), "1969-12-31 23:59:59.999999999 +0000 UTC");
	setenv("TZ", "XYZ-3", 1);
	tzset();
	assert_string_equal(clock_text(a, 0), "1970-01-01 03:00:00 XYZ");
	arena_free(a);
}

static void bad_bytes_are_one_character_each(void **state)
{
	static const struct {
		const char *s;
		size_t count;
	} rows[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "\xc3\xa9", 1 },
		{ "\xc3", 1 },
		{ "\xe2\x82\xac", 1 },
		{ "\xe2\x82", 2 },
		{ "\xf0\x9f\x98\x80", 1 },
		{ "\xc0\x80", 2 },
		{ "\xed\xa0\x80", 3 },
		{ "\xff\xfe", 2 },
	};

	for (size_t i = 0; i < N(rows); i++)
		assert_int_equal(utf8_count(rows[i].s, strlen(rows[i].s)), rows[i].count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_neighbour),
		cmocka_unit_test(durations_use_the_largest_fitting_units),
		cmocka_unit_test(times_are_printed_in_the_local_zone),
		cmocka_unit_test(bad_bytes_are_one_character_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
