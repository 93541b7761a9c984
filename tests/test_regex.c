/* test_regex.c - the language of RE2 and Go, matched by PCRE2. */
#include "analyze/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define N(a) (sizeof(a) / sizeof((a)[0]))

static bool matches(const char *pattern, const char *subject, size_t n)
{
	struct regex *r;
	struct err err;
	bool yes;

	if (regex_compile(&r, pattern, &err))
		fail_msg("%s: %s", pattern, err.text);
	yes = regex_match(r, subject, n);
	regex_free(r);
	return yes;
}

static void patterns_match_what_go_matches(void **state)
{
	static const struct {
		const char *pattern, *subject;
		bool yes;
	} rows[] = {
		{ "", "", true },
		{ "[12]00", "line1200", true },
		{ "main\\.\\(\\*T\\)\\.f$", "main.(*T).f", true },
		{ "a$", "a\n", false },
		{ "(?m)a$", "a\nb", true },
		{ "a.b", "a\nb", false },
		{ "(?s)a.b", "a\nb", true },
		{ "\\s", "\v", false },
		{ "[\\S]", "\v", true },
		{ "\\v", "\v", true },
		{ "^\\x{1F600}$", "\xf0\x9f\x98\x80", true },
		{ "(?i)STRASSE", "strasse", true },
		{ "^ba(?i)*N$", "baan", true },
		{ "^ba(?i)*N$", "bn", true },
		{ "^ba(?i)*N$", "bAn", false },
		{ "^ba(?i)(?s){2}.N$", "baa\nn", true },
		{ "^ba(?i){,N$", "ba{,n", true },
		{ "^(ba(?i)N)?n$", "baNn", true },
		{ "^(ba(?i)N)?n$", "baNN", false },
		{ "\\Qa.b\\E", "axb", false },
		{ "x{,2}", "x{,2}", true },
		{ "[]a]", "]", true },
		{ "(?P<name>a)(?<other>b)", "ab", true },
		{ "\\p{Greek}", "\xce\xb1", true },
		{ "\\w", "\xce\xb1", false },
		{ "\\07", "\a", true },
		{ "(?U)a*?b", "aab", true },
	};

	for (size_t i = 0; i < N(rows); i++)
		if (matches(rows[i].pattern, rows[i].subject, strlen(rows[i].subject)) !=
		    rows[i].yes)
			fail_msg("row %zu: %s", i, rows[i].pattern);
}

static void bad_patterns_are_answered_in_gos_words(void **state)
{
	static const struct {
		const char *pattern, *sentence;
	} rows[] = {
		{ "(", "missing closing ): `(`" },
		{ "a)", "unexpected ): `a)`" },
		{ "[a", "missing closing ]: `[a`" },
		{ "[b-a]", "invalid character class range: `b-a`" },
		{ "[[:foo:]]", "invalid character class range: `[:foo:]`" },
		{ "\\p{Foo}", "invalid character class range: `\\p{Foo}`" },
		{ "*", "missing argument to repetition operator: `*`" },
		{ "a**", "invalid nested repetition operator: `**`" },
		{ "a++", "invalid nested repetition operator: `++`" },
		{ "a+(?i)*", "invalid nested repetition operator: `*`" }, /* ours alone */
		{ "(?i)*", "missing argument to repetition operator: `*`" },
		{ "a{1001}", "invalid repeat count: `{1001}`" },
		{ "a(?=b)", "invalid or unsupported Perl syntax: `(?=`" },
		{ "(?<!a)b>", "invalid named capture: `(?<!a)b>`" },
		{ "(a)\\1", "invalid escape sequence: `\\1`" },
		{ "\\", "trailing backslash at end of expression: ``" },
		{ "\xff", "invalid UTF-8: `\xff`" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct regex *r;
		struct err err = { "" };
		char want[128] = "error parsing regexp: ";

		assert_int_not_equal(regex_compile(&r, rows[i].pattern, &err), 0);
		assert_null(r);
		strcat(want, rows[i].sentence);
		assert_string_equal(err.text, want);
	}
}

static void subject_bytes_that_are_not_utf8_count_as_one_character_each(void **state)
{
	assert_true(matches("^a.b$",
			    "a\xff"
			    "b",
			    3));
	assert_true(matches("^a..b$",
			    "a\xe2\x82"
			    "b",
			    4));
	assert_true(matches("\\x{fffd}", "\xc0", 1));
	assert_true(matches("^a.b$", "a\0b", 3));
}

static void pattern_that_explodes_under_backtracking_still_ends(void **state)
{
	static char subject[2001];

	memset(subject, 'a', 2000);
	assert_false(matches("(a|aa)+$b", subject, 2000));
	assert_false(matches("^(a+)+b$", subject, 2000));
	subject[1999] = 'b';
	assert_true(matches("^(a+)+b$", subject, 2000));
}

static void deep_nesting_is_understood_and_deeper_refused(void **state)
{
	char pattern[5001];
	struct regex *r;
	struct err err;

	memset(pattern, '(', 900);
	pattern[900] = 'a';
	memset(pattern + 901, ')', 900);
	pattern[1801] = 0;
	assert_true(matches(pattern, "bab", 3));

	memset(pattern, '(', 5000);
	pattern[5000] = 0;
	assert_int_not_equal(regex_compile(&r, pattern, &err), 0);
}

static void answers_are_remembered_per_string(void **state)
{
	struct strtab *t = strtab_new();
	str_id a = strtab_add_str(t, "alpha"), b = strtab_add_str(t, "beta"), later;
	struct regex *r;

	assert_int_equal(regex_compile(&r, "^a", NULL), 0);
	assert_true(regex_match_id(r, t, a));
	assert_false(regex_match_id(r, t, b));
	later = strtab_add_str(t, "aleph");
	assert_true(regex_match_id(r, t, later));
	assert_true(regex_match_id(r, t, a));
	regex_free(r);
	strtab_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_match_what_go_matches),
		cmocka_unit_test(bad_patterns_are_answered_in_gos_words),
		cmocka_unit_test(subject_bytes_that_are_not_utf8_count_as_one_character_each),
		cmocka_unit_test(pattern_that_explodes_under_backtracking_still_ends),
		cmocka_unit_test(deep_nesting_is_understood_and_deeper_refused),
		cmocka_unit_test(answers_are_remembered_per_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
