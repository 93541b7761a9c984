/* test_measure.c - values with units, percentages. */
#include "analyze/arith.h"
#include "analyze/decimal.h"
#include "analyze/measure.h"

#include "tests/profiles.h"

static void values_are_scaled_within_their_family(void **state)
{
	static const struct {
		int64_t value;
		const char *from, *to;
		double want;
		const char *unit;
	} rows[] = {
		{ 1, "s", "ms", 1000, "ms" },
		{ 1, "kb", "b", 1024, "B" },
		{ 1, "kilobyte", "megabytes", 1.0 / 1024, "MB" },
		{ 2048, "bytes", "minimum", 2, "kB" },
		{ 1023, "bytes", "auto", 1023, "B" },
		{ 0, "bytes", "auto", 0, "B" },
		{ 0, "ns", "auto", 0, "s" },
		{ 7200, "seconds", "minimum", 2, "hrs" },
		{ 1, "hour", "s", 3600, "s" },
		{ 3, "\xce\xbcs", "ns", 3000, "ns" },
		{ 5, "Milliseconds", "us", 5000, "us" },
		{ 1500, "nanoGCU", "auto", 1.5, "u*GCU" },
		{ -2048, "bytes", "kb", -2, "kB" },
		{ 100, "bytes", "seconds", 100, "B" },
		{ 7, "widgets", "auto", 7, "" },
		{ 7, "widgets", "gadgets", 7, "gadgets" },
		{ 7, "count", "s", 7, "s" },
		{ 7, "", "", 7, "" },
		{ 1, "s_longer_than_any_alias_of_a_unit", "count", 1, "" },
		{ INT64_MIN, "count", "auto", -0x1p63, "" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct measure m = measure_scale(rows[i].value, rows[i].from, rows[i].to);

		if (m.value != rows[i].want || strcmp(m.unit, rows[i].unit) != 0)
			fail_msg("row %zu: %g%s", i, m.value, m.unit);
	}
}

static void labels_have_two_decimals_only_where_they_say_something(void **state)
{
	static const struct {
		int64_t value;
		const char *unit, *want;
	} rows[] = {
		{ 0, "seconds", "0" },	   { 1000000, "ns", "1ms" },
		{ 1100, "us", "1.10ms" },  { 1536, "bytes", "1.50kB" },
		{ 17, "count", "17" },	   { -1536, "bytes", "-1.50kB" },
		{ 999, "ms", "999ms" },	   { 1048577, "bytes", "1MB" },
		{ 12345, "ms", "12.35s" },
	};
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(measure_label(a, rows[i].value, rows[i].unit, "auto"),
				    rows[i].want);
	assert_string_equal(measure_label(a, -1, "ns", "hours"), "0");
	arena_free(a);
}

static void percentages_keep_their_width(void **state)
{
	static const struct {
		int64_t value, total;
		const char *want;
	} rows[] = {
		{ 0, 1, "    0%" },	   { 1, 1, "  100%" },	      { 9995, 10000, "  100%" },
		{ 9994, 10000, "99.94%" }, { 1, 3, "33.33%" },	      { 1, 1000, "  0.1%" },
		{ 123, 10000, " 1.23%" },  { -1, 2, "50.00%" },	      { 3, 1, "300.00%" },
		{ 1, 10000000, "1e-05%" }, { 996, 100000, "    1%" }, { 5, 0, "    0%" },
	};
	struct arena *a = arena_new(ARENA_DIE);

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(measure_percentage(a, rows[i].value, rows[i].total),
				    rows[i].want);
	arena_free(a);
}

static void common_unit_shows_the_least_and_the_most(void **state)
{
	assert_string_equal(measure_common_unit(10000000, 90000000000, "nanoseconds"), "s");
	assert_string_equal(measure_common_unit(1000, 90000000000, "nanoseconds"), "us");
	assert_string_equal(measure_common_unit(1, 5, "count"), "count");
	assert_string_equal(measure_common_unit(2048, 4096, "bytes"), "kB");
}

static void arithmetic_wraps_instead_of_trapping(void **state)
{
	assert_true(add64(INT64_MAX, 1) == INT64_MIN);
	assert_true(abs64(INT64_MIN) == INT64_MIN);
	assert_true(div64(INT64_MIN, -1) == INT64_MIN);
	assert_true(int64_of(1e300) == INT64_MIN);
	assert_true(int64_of(NAN) == INT64_MIN);
	assert_true(int64_of(-1.9) == -1);
}

static void compare_with_printf(double v)
{
	char want[DECIMAL_BYTES], got[DECIMAL_BYTES];

	snprintf(want, sizeof(want), "%.2f", v);
	assert_int_equal(decimal_two(got, v), strlen(want));
	assert_string_equal(got, want);
	snprintf(want, sizeof(want), "%.2g", v);
	assert_int_equal(decimal_two_digits(got, v), strlen(want));
	assert_string_equal(got, want);
}

static void decimals_are_those_of_printf(void **state)
{
	static const double some[] = {
		0,	   -0.0,     0.125,	0.375,	 0.005,	 0.015,	    0.995,
		0.9949999, 0.0995,   0.00995,	0.00105, 0.0001, 0.0009995, 0.00009,
		1e-300,	   5e-324,   1,		-1.005,	 1e15,	 0x1p44,    0x1p44 - 0.125,
		1e300,	   INFINITY, -INFINITY, NAN,
	};
	uint64_t bits = 1;

	for (size_t i = 0; i < N(some); i++)
		compare_with_printf(some[i]);
	for (int i = 0; i < 20000; i++) {
		bits = bits * 6364136223846793005ULL + 1442695040888963407ULL;
		compare_with_printf(ldexp((double)(bits >> 11), (int)(bits >> 40 & 127) - 140));
		compare_with_printf((double)(bits >> 44) / 8000);
		compare_with_printf((double)(bits >> 52) / 4096 + (double)(bits & 1023));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_scaled_within_their_family),
		cmocka_unit_test(labels_have_two_decimals_only_where_they_say_something),
		cmocka_unit_test(percentages_keep_their_width),
		cmocka_unit_test(decimals_are_those_of_printf),
		cmocka_unit_test(common_unit_shows_the_least_and_the_most),
		cmocka_unit_test(arithmetic_wraps_instead_of_trapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
