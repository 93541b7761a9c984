/* test_prune.c - what drop_frames cuts from stacks. */
#include "analyze/prune.h"
#include "tests/word_stacks.h"

static void stacks_are_cut_at_the_first_match_from_the_root(void **state)
{
	static const struct {
		const char *drop, *keep, *stack, *left;
	} rows[] = {
		{ "malloc", "", "sbrk malloc f main", "f main" },
		{ "malloc", "", "g malloc f malloc main", "main" },
		{ "malloc", "", "malloc_x f main", "malloc_x f main" },
		{ "malloc", "", "malloc(unsigned_long) f main", "f main" },
		{ "malloc", "", ".malloc f main", "f main" },
		{ "alloc.*", "allocate", "sbrk allocate f main", "sbrk allocate f main" },
		{ "alloc.*", "allocate", "sbrk alloc2 allocate f main", "allocate f main" },
		{ "malloc", "", "malloc malloc", "malloc malloc" },
		{ "main", "", "f main", "f main" },
		{ "malloc", "", "x malloc+f main", "f main" },
		{ "malloc", "", "x f+malloc main", "main" },
		{ "malloc|f", "", "x a+f+b main", "b main" },
		{ "", "", "malloc main", "malloc main" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct profile *p = profile_new();
		char left[256];
		struct err err;

		*VEC_PUSH(&p->sample_types) = (struct value_type){ 0 };
		p->drop_frames = profile_intern(p, rows[i].drop);
		p->keep_frames = profile_intern(p, rows[i].keep);
		add_stack(p, rows[i].stack);
		if (profile_remove_uninteresting(p, &err) || profile_check_valid(p, &err))
			fail_msg("row %zu: %s", i, err.text);
		print_stack(p, left, 0);
		if (strcmp(left, rows[i].left))
			fail_msg("row %zu: '%s' became '%s', not '%s'", i, rows[i].stack, left,
				 rows[i].left);
		profile_free(p);
	}
}

static void bad_pattern_cuts_nothing(void **state)
{
	struct profile *p = make_profile();
	struct err err = { "" };

	p->drop_frames = profile_intern(p, "leaf(");
	assert_int_not_equal(profile_remove_uninteresting(p, &err), 0);
	assert_non_null(
		strstr(err.text, "frame pattern 'leaf(' of the profile: error parsing regexp"));
	assert_int_equal(p->stack.n, 6);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_cut_at_the_first_match_from_the_root),
		cmocka_unit_test(bad_pattern_cuts_nothing),
	};

	return cmocka_run_group_tests_name("prune", tests, NULL, NULL);
}
