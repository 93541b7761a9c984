/* test_batch.c - many addresses at once get the answers that each gets alone, whatever their order. */
#include "symbolize/address_sort.h"
#include "symbolize/symbolize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* Few and many, close together and as far apart as can be. */
static void numbers_of_all_widths_are_sorted(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 255, 256, 257, 5000 };
	static const uint64_t masks[] = { 0, 0xff, 0xff00ff, 0xffffffff, UINT64_MAX };
	static uint64_t v[5000];
	uint64_t seed = 88172645463325252;

	for (size_t c = 0; c < N(counts); c++)
		for (size_t m = 0; m < N(masks); m++) {
			uint64_t before = 0, after = 0;

			for (size_t i = 0; i < counts[c]; i++)
				before += v[i] = draw(&seed) & masks[m];
			sort_numbers(v, counts[c]);
			for (size_t i = 0; i < counts[c]; i++) {
				after += v[i];
				assert_true(i == 0 || v[i - 1] <= v[i]);
			}
			assert_true(before == after);
		}
}

static void equal_keys_keep_the_order_of_their_values(void **state)
{
	static const size_t counts[] = { 100, 3000 };
	static struct sort_pair v[3000];
	uint64_t seed = 362436069;

	for (size_t c = 0; c < N(counts); c++) {
		for (size_t i = 0; i < counts[c]; i++)
			v[i] = (struct sort_pair){ (draw(&seed) & 0x700f) << 20, i };
		sort_pairs(v, counts[c]);
		for (size_t i = 1; i < counts[c]; i++) {
			assert_true(v[i - 1].key <= v[i].key);
			if (v[i - 1].key == v[i].key)
				assert_true(v[i - 1].value < v[i].value);
		}
	}
}

/* ---- answers ---- */

static void assert_same_frames(const struct frame *a, size_t n_a, const struct frame *b, size_t n_b)
{
	assert_int_equal(n_a, n_b);
	for (size_t i = 0; i < n_a; i++) {
		assert_int_equal(a[i].line, b[i].line);
		assert_string_equal(a[i].function ? a[i].function : "",
				    b[i].function ? b[i].function : "");
		assert_string_equal(a[i].file ? a[i].file : "", b[i].file ? b[i].file : "");
	}
}

static struct binary *open_self(void)
{
	struct binary *b;

	assert_int_equal(binary_open(&b, "/proc/self/exe", NULL, NULL), 0);
	return b;
}

/* The first half of them is known already when all come; each comes twice, and some are no code. */
static void numbered_answers_are_those_of_single_addresses(void **state)
{
	struct binary *batch = open_self(), *single = open_self();
	uint64_t text, addresses[400], seed = 521288629;
	struct frame got[64], wanted[64];
	uint32_t numbers[400];
	size_t n_named = 0;

	assert_true(binary_section(batch, ".text", &text));
	for (size_t i = 0; i < 200; i++)
		addresses[i] = addresses[399 - i] = i % 50 ? text + draw(&seed) % 4096 : 1;
	binary_prepare_numbered(batch, addresses, 100, numbers);
	binary_prepare_numbered(batch, addresses, 400, numbers);
	binary_fetch_answers(batch, numbers, 400);
	for (size_t i = 0; i < 400; i++) {
		size_t n = binary_answer(batch, numbers[i], got, N(got));

		assert_true((addresses[i] == 1) == (numbers[i] == BINARY_NO_ANSWER));
		assert_same_frames(got, n, wanted,
				   binary_lookup(single, addresses[i], wanted, N(wanted)));
		assert_same_frames(got, n, wanted,
				   binary_lookup(batch, addresses[i], wanted, N(wanted)));
		n_named += n && got[n - 1].function;
	}
	assert_true(n_named > 0);
	assert_int_equal(binary_answer(batch, BINARY_NO_ANSWER, got, N(got)), 0);
	binary_close(batch);
	binary_close(single);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_all_widths_are_sorted),
		cmocka_unit_test(equal_keys_keep_the_order_of_their_values),
		cmocka_unit_test(numbered_answers_are_those_of_single_addresses),
	};

	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
