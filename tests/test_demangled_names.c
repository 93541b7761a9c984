/* test_demangled_names.c - names of addr2line's answers, kept until their last use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/addr2line_demangled.h"

static const char f[] = "_Z1fi", g[] = "_Z1gv", plain[] = "main", other[] = "_start";

static size_t kept(const struct demangled_names *n)
{
	size_t count = 0;

	for (size_t i = 0; i < n->v.n; i++)
		count += n->v.v[i].plain != NULL;
	return count;
}

static void a_name_is_kept_until_its_last_use(void **state)
{
	struct demangled_names n;
	const char *first;

	names_init(&n, DEMANGLE_FULL, false);
	names_expect(&n, f, 1);
	names_expect(&n, f, 2);
	names_expect(&n, g, 1);
	first = names_get(&n, f);
	assert_string_equal(first, "f(int)");
	assert_string_equal(names_get(&n, g), "g()");
	assert_int_equal(kept(&n), 1);
	assert_ptr_equal(names_get(&n, f), first);
	assert_int_equal(kept(&n), 1);
	assert_ptr_equal(names_get(&n, f), first);
	assert_int_equal(kept(&n), 0);
	names_release(&n);
}

static void a_name_that_nobody_expected_is_demangled_too(void **state)
{
	struct demangled_names n;

	names_init(&n, DEMANGLE_DEFAULT, false);
	names_expect(&n, f, 1);
	for (int i = 0; i < 3; i++) {
		assert_string_equal(names_get(&n, f), "f");
		assert_string_equal(names_get(&n, g), "g");
	}
	names_clear(&n);
	assert_string_equal(names_get(&n, f), "f");
	names_release(&n);
}

static void what_is_not_mangled_stays_where_it_is(void **state)
{
	struct demangled_names n;

	names_init(&n, DEMANGLE_FULL, false);
	names_expect(&n, plain, 1);
	names_expect(&n, other, 1);
	assert_ptr_equal(names_get(&n, plain), plain);
	assert_ptr_equal(names_get(&n, other), other);
	names_release(&n);
	names_init(&n, DEMANGLE_NONE, false);
	names_expect(&n, f, 1);
	assert_ptr_equal(names_get(&n, f), f);
	names_release(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_kept_until_its_last_use),
		cmocka_unit_test(a_name_that_nobody_expected_is_demangled_too),
		cmocka_unit_test(what_is_not_mangled_stays_where_it_is),
	};

	return cmocka_run_group_tests_name("demangled names", tests, NULL, NULL);
}
