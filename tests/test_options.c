/* test_options.c - the command line in Go's spelling and in ours. */
#include "cli/options.h"
#include "tests/profiles.h"

struct target {
	bool yes, trim;
	const char *text;
	int64_t count;
	double part;
	int choice;
	string_list list;
};

#define FIELD(member) offsetof(struct target, member)

static const struct option_row rows[] = {
	{ "yes", OPTION_BOOL, FIELD(yes), 0, "", NULL, "" },
	{ "trim", OPTION_BOOL, FIELD(trim), 0, "", NULL, "" },
	{ "show_from", OPTION_STRING, FIELD(text), 0, "", "<x>", "" },
	{ "count", OPTION_INT, FIELD(count), 0, "", "<n>", "" },
	{ "part", OPTION_FLOAT, FIELD(part), 0, "", "<f>", "" },
	{ "sort", OPTION_NAMED, FIELD(choice), 0, "", "<x>", "" },
	{ "flat", OPTION_CHOICE, FIELD(choice), 1, "", NULL, "" },
	{ "cum", OPTION_CHOICE, FIELD(choice), 2, "", NULL, "" },
	{ "base", OPTION_LIST, FIELD(list), 0, "", "<x>", "" },
};

static int parse(struct target *t, string_list *operands, const char *line, struct err *err)
{
	static char copy[256], program[] = "program"; /* the fields point into it */
	char *argv[32] = { program }, *rest = copy;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	while (*line && rest)
		argv[argc++] = strsep(&rest, " ");
	*t = (struct target){ .trim = true, .text = "" };
	*operands = (string_list)VEC_INIT;
	return options_parse(rows, N(rows), t, argc, argv, operands, err);
}

static void release(struct target *t, string_list *operands)
{
	VEC_RELEASE(&t->list);
	VEC_RELEASE(operands);
}

static void both_spellings_and_any_order_are_read(void **state)
{
	static const char *const lines[] = {
		"-yes -trim=false -show_from=a.b -count=3 -part=0.5 -cum -base=x -base=y in",
		"--yes --trim=f --show-from a.b --count 3 --part .5 --sort=cum --base x --base y "
		"in",
		"in -yes=true -trim=0 --show_from a.b -count 0x3 -part 5e-1 -sort cum -base x "
		"-base y",
		"-yes -trim=False -show_from=a.b -count=03 -part=0.5 -cum -cum -flat=false -base=x "
		"-base=y -- in",
	};

	for (size_t i = 0; i < N(lines); i++) {
		string_list operands;
		struct target t;
		struct err err;

		if (parse(&t, &operands, lines[i], &err))
			fail_msg("%s: %s", lines[i], err.text);
		assert_true(t.yes);
		assert_false(t.trim);
		assert_string_equal(t.text, "a.b");
		assert_int_equal(t.count, 3);
		assert_true(t.part == 0.5);
		assert_int_equal(t.choice, 2);
		assert_int_equal(t.list.n, 2);
		assert_string_equal(t.list.v[1], "y");
		assert_int_equal(operands.n, 1);
		assert_string_equal(operands.v[0], "in");
		release(&t, &operands);
	}
}

static void boolean_takes_no_word_and_a_dash_is_a_file(void **state)
{
	string_list operands;
	struct target t;
	struct err err;

	assert_int_equal(parse(&t, &operands, "-trim false - --  -yes", &err), 0);
	assert_true(t.trim);
	assert_false(t.yes);
	assert_int_equal(operands.n, 4);
	assert_string_equal(operands.v[1], "-");
	assert_string_equal(operands.v[3], "-yes");
	release(&t, &operands);
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *line, *sentence;
	} bad[] = {
		{ "-nope", "unknown option '-nope'" },
		{ "--nope=3", "unknown option '--nope=3'" },
		{ "-show", "unknown option '-show'" },
		{ "-count", "option '-count' needs a value" },
		{ "-count=", "invalid value '' for option '-count'" },
		{ "-count=3x", "invalid value '3x' for option '-count'" },
		{ "-count=99999999999999999999",
		  "invalid value '99999999999999999999' for option '-count'" },
		{ "-part=half", "invalid value 'half' for option '-part'" },
		{ "-yes=maybe", "invalid value 'maybe' for option '-yes'" },
		{ "-sort=yes", "invalid value 'yes' for option '-sort': one of flat, cum" },
		{ "-flat -cum", "conflicting options set: [flat cum]" },
	};

	for (size_t i = 0; i < N(bad); i++) {
		string_list operands;
		struct target t;
		struct err err;

		assert_int_equal(parse(&t, &operands, bad[i].line, &err), SONDE_EUSAGE);
		assert_string_equal(err.text, bad[i].sentence);
		release(&t, &operands);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_spellings_and_any_order_are_read),
		cmocka_unit_test(boolean_takes_no_word_and_a_dash_is_a_file),
		cmocka_unit_test(mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
