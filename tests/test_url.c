/* test_url.c - which sources are URLs, and what is asked of servers. */
#include "analyze/url.h"
#include "tests/profiles.h"

static struct arena *arena;

static const char *url(const char *source, int64_t seconds, int64_t *timeout)
{
	int64_t unused = 0;

	return url_of_source(arena, source, seconds, timeout ? timeout : &unused);
}

static void addresses_with_and_without_scheme_are_urls(void **state)
{
	static const struct {
		const char *source, *url;
	} rows[] = {
		{ "http://host/debug/pprof/heap", "http://host/debug/pprof/heap" },
		{ "https://host:443/x", "https://host:443/x" },
		{ "https+insecure://host/x", "https+insecure://host/x" },
		{ "host:8080/debug/pprof/heap", "http://host:8080/debug/pprof/heap" },
		{ "localhost:80", "http://localhost:80" },
		{ "127.0.0.1:80/x", "http://127.0.0.1:80/x" },
		{ "[::1]:80/x", "http://[::1]:80/x" },
		{ "http://host", "http://host" },
		{ "http://host/x#part", "http://host/x" },
	};

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(url(rows[i].source, 0, NULL), rows[i].url);
}

static void names_of_files_are_none(void **state)
{
	static const char *const names[] = { "",	  "profile.pb.gz", "dir/profile",
					     "/dir/file", "file:///x",	   "http://",
					     "http:///x", "http://a b/c",  "://host/x" };

	for (size_t i = 0; i < N(names); i++)
		assert_null(url(names[i], 0, NULL));
}

static void the_query_is_sorted_and_has_the_seconds(void **state)
{
	static const struct {
		const char *source;
		int64_t seconds;
		const char *url;
	} rows[] = {
		{ "http://h/p?b=2&a=1", 0, "http://h/p?a=1&b=2" },
		{ "http://h/p?b=2&a=1", 5, "http://h/p?a=1&b=2&seconds=5" },
		{ "http://h/p?seconds=3&seconds=4", 5, "http://h/p?seconds=5" },
		{ "http://h/p?x=a%20b+c%2f", 0, "http://h/p?x=a+b+c%2F" },
		{ "http://h/p?gc&x=", 0, "http://h/p?gc=&x=" },
		{ "http://h/p?a=%zz&b=1", 0, "http://h/p?b=1" },
		{ "http://h/p?a=%4&b=1", 0, "http://h/p?b=1" },
		{ "http://h/p?a=1;b=2&c=3", 0, "http://h/p?c=3" },
		{ "http://h/p?&&", 0, "http://h/p" },
	};

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(url(rows[i].source, rows[i].seconds, NULL), rows[i].url);
}

static void the_timeout_is_half_as_long_again_as_the_profile(void **state)
{
	static const struct {
		const char *source;
		int64_t seconds, timeout, want;
	} rows[] = {
		{ "http://h/p", 0, 0, 60 },
		{ "http://h/p", 30, 0, 45 },
		{ "http://h/p?seconds=10", 0, 0, 15 },
		{ "http://h/p?seconds=10", 20, 0, 30 },
		{ "http://h/p?seconds=10", 20, 7, 7 },
		{ "http://h/p?seconds=many", 0, -1, 60 },
	};

	for (size_t i = 0; i < N(rows); i++) {
		int64_t timeout = rows[i].timeout;

		assert_non_null(url(rows[i].source, rows[i].seconds, &timeout));
		assert_int_equal(timeout, rows[i].want);
	}
}

static void symbols_are_beside_the_profile(void **state)
{
	static const struct {
		const char *url, *symbols;
	} rows[] = {
		{ "http://h/debug/pprof/profile?seconds=1", "http://h/debug/pprof/symbol" },
		{ "http://h/pprof/heap", "http://h/pprof/symbol" },
		{ "http://h/x/profilez", "http://h/x/symbolz" },
		{ "http://h", "http://h/symbolz" },
	};

	for (size_t i = 0; i < N(rows); i++)
		assert_string_equal(url_of_symbols(arena, rows[i].url), rows[i].symbols);
	assert_null(url_of_symbols(arena, "file"));
}

static int setup(void **state)
{
	arena = arena_new(ARENA_DIE);
	return 0;
}

static int teardown(void **state)
{
	arena_free(arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_with_and_without_scheme_are_urls),
		cmocka_unit_test(names_of_files_are_none),
		cmocka_unit_test(the_query_is_sorted_and_has_the_seconds),
		cmocka_unit_test(the_timeout_is_half_as_long_again_as_the_profile),
		cmocka_unit_test(symbols_are_beside_the_profile),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
