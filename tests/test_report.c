/* test_report.c - whole reports on small profiles: what is an error, what differs, what a
 * comparison says. */
#include "analyze/analyze.h"
#include "analyze/sample_index.h"
#include "tests/word_stacks.h"

static char *report_text(struct profile *p, enum report_kind kind, const char *pattern,
			 const struct report_opts *o, int *rc, struct err *err)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	*rc = analyze_report(p, kind, pattern, o, f, NULL, err);
	fclose(f);
	return text;
}

static void failed_report_prints_nothing(void **state)
{
	static const struct {
		enum report_kind kind;
		const char *pattern, *sample_index;
		double divide_by;
		int rc;
	} rows[] = {
		{ REPORT_PEEK, "nobody", "", 1, SONDE_ENOTFOUND },
		{ REPORT_LIST, "nobody", "", 1, SONDE_ENOTFOUND },
		{ REPORT_PEEK, "(", "", 1, SONDE_EUSAGE },
		{ REPORT_TOP, NULL, "nope", 1, SONDE_EUSAGE },
		{ REPORT_TOP, NULL, "2", 1, SONDE_EUSAGE },
		{ REPORT_TOP, NULL, "", 0, SONDE_EUSAGE },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct profile *p = make_profile();
		struct report_opts o;
		struct err err = { "" };
		char *text;
		int rc;

		report_opts_init(&o);
		o.sample_index = rows[i].sample_index;
		o.divide_by = rows[i].divide_by;
		text = report_text(p, rows[i].kind, rows[i].pattern, &o, &rc, &err);
		assert_int_equal(rc, rows[i].rc);
		assert_true(*err.text);
		assert_string_equal(text, "");
		free(text);
		profile_free(p);
	}
}

static void profile_without_sample_types_is_refused(void **state)
{
	struct profile *p = profile_new();
	struct report_opts o;
	struct err err;
	char *text;
	int rc;

	report_opts_init(&o);
	text = report_text(p, REPORT_TOP, NULL, &o, &rc, &err);
	assert_int_equal(rc, SONDE_EUSAGE);
	assert_string_equal(err.text, "profile has no samples");
	free(text);
	profile_free(p);
}

static void values_are_found_by_number_name_or_default(void **state)
{
	struct profile *p = make_profile();
	size_t index;

	assert_int_equal(sample_index_find(&index, p, "", NULL), 0);
	assert_int_equal(index, 1);
	assert_int_equal(sample_index_find(&index, p, "inuse_samples", NULL), 0);
	assert_int_equal(index, 0);
	assert_int_equal(sample_index_find(&index, p, "+1", NULL), 0);
	assert_int_equal(index, 1);
	assert_int_equal(sample_index_find(&index, p, "-1", NULL), SONDE_EUSAGE);
	profile_free(p);
}

static void extreme_values_and_empty_profiles_are_printed(void **state)
{
	for (enum report_kind kind = REPORT_TOP; kind <= REPORT_COMMENTS; kind++) {
		struct profile *p = profile_new();
		struct report_opts o;
		struct err err;
		int rc;

		*VEC_PUSH(&p->sample_types) =
			(struct value_type){ profile_intern(p, "n"), profile_intern(p, "bytes") };
		*VEC_PUSH(&p->sample_types) = p->sample_types.v[0];
		for (int filled = 0; filled < 2; filled++) {
			bool needs_match = kind == REPORT_PEEK || kind == REPORT_LIST ||
					   kind == REPORT_WEBLIST || kind == REPORT_DISASM;
			bool needs_positive = kind == REPORT_SPEEDSCOPE || kind == REPORT_FIREFOX;
			int expected = 0;

			if (needs_match && (!filled || kind == REPORT_DISASM))
				expected = SONDE_ENOTFOUND;
			else if (needs_positive && filled)
				expected = SONDE_EUSAGE;
			report_opts_init(&o);
			o.mean = filled;
			free(report_text(p, kind, needs_match ? "f" : NULL, &o, &rc, &err));
			assert_int_equal(rc, expected);
			add_weighted_stack(p, (int64_t[]){ -1, INT64_MIN }, "f g");
			add_weighted_stack(p, (int64_t[]){ INT64_MAX, INT64_MAX }, "f f g");
			add_weighted_stack(p, (int64_t[]){ 0, 0 }, "");
		}
		profile_free(p);
	}
}

/* ---- comparison ---- */

static struct profile *cpu_profile(const char *const *stacks, const int64_t *counts, size_t n)
{
	struct profile *p = profile_new();

	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "samples"), profile_intern(p, "count") };
	*VEC_PUSH(&p->sample_types) =
		(struct value_type){ profile_intern(p, "cpu"), profile_intern(p, "nanoseconds") };
	p->period_type = p->sample_types.v[1];
	p->period = 10000000;
	for (size_t i = 0; i < n; i++)
		add_weighted_stack(p, (int64_t[]){ counts[i], counts[i] * p->period }, stacks[i]);
	return p;
}

static char *diff_text_above(const int64_t *before, const int64_t *after,
			     const struct diff_opts *diff, size_t *n_above)
{
	static const char *const stacks[] = { "f main", "g main" };
	struct profile *a = cpu_profile(stacks, before, 2), *b = cpu_profile(stacks, after, 2);
	struct report_opts o;
	struct err err;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	report_opts_init(&o);
	if (analyze_diff(a, b, diff, &o, out, n_above, NULL, &err))
		fail_msg("%s", err.text);
	fclose(out);
	profile_free(a);
	profile_free(b);
	return text;
}

static char *diff_text(const int64_t *before, const int64_t *after, bool normalize)
{
	const struct diff_opts diff = { .normalize = normalize };
	size_t n_above;

	return diff_text_above(before, after, &diff, &n_above);
}

static void change_beyond_three_standard_errors_is_marked(void **state)
{
	char *text = diff_text((int64_t[]){ 100, 100 }, (int64_t[]){ 200, 120 }, false);

	/* f: 100 +- 10 to 200 +- 14; g: 100 +- 10 to 120 +- 11 */
	assert_non_null(strstr(text, "1 of 2 rows differ by more than 3 standard errors"));
	assert_non_null(strstr(text, "+1s     0.17s  +100.0% * f\n"));
	assert_non_null(strstr(text, "+0.20s     0.15s   +20.0%   g\n"));
	assert_non_null(strstr(text, "+60.0% * total\n"));
	free(text);
}

static void equal_profiles_have_no_news(void **state)
{
	char *text = diff_text((int64_t[]){ 100, 50 }, (int64_t[]){ 100, 50 }, false);

	assert_non_null(strstr(text, "0 of 2 rows differ"));
	free(text);
}

static void normalizing_compares_shares(void **state)
{
	char *text = diff_text((int64_t[]){ 100, 100 }, (int64_t[]){ 400, 400 }, true);

	assert_non_null(strstr(text, "0 of 2 rows differ"));
	assert_non_null(strstr(text, "After is scaled by 0.25"));
	free(text);
}

static void functions_that_came_or_went_say_so(void **state)
{
	char *text = diff_text((int64_t[]){ 100, 0 }, (int64_t[]){ 0, 100 }, false);

	assert_non_null(strstr(text, "gone * f\n"));
	assert_non_null(strstr(text, "new * g\n"));
	free(text);
}

static void limit_counts_what_grew_beyond_it_and_beyond_noise(void **state)
{
	static const struct {
		double percent;
		int64_t before[2], after[2];
		size_t n_above;
	} rows[] = {
		{ 0, { 100, 100 }, { 900, 100 }, 0 },	/* no limit */
		{ 10, { 100, 100 }, { 200, 120 }, 2 },	/* f and the total */
		{ 49, { 100, 100 }, { 200, 120 }, 2 },	/* f has 50 % of the total before */
		{ 55, { 100, 100 }, { 200, 120 }, 1 },	/* the total has 60 % */
		{ 5, { 100, 100 }, { 120, 100 }, 0 },	/* noise */
		{ 5, { 1000, 100 }, { 100, 100 }, 0 },	/* less is fine */
		{ 5, { 1000, 100 }, { 1000, 400 }, 2 }, /* g and the total */
	};

	for (size_t i = 0; i < N(rows); i++) {
		const struct diff_opts diff = { .fail_above = rows[i].percent };
		size_t n_above = 99;

		free(diff_text_above(rows[i].before, rows[i].after, &diff, &n_above));
		assert_int_equal(n_above, rows[i].n_above);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_report_prints_nothing),
		cmocka_unit_test(profile_without_sample_types_is_refused),
		cmocka_unit_test(values_are_found_by_number_name_or_default),
		cmocka_unit_test(extreme_values_and_empty_profiles_are_printed),
		cmocka_unit_test(change_beyond_three_standard_errors_is_marked),
		cmocka_unit_test(equal_profiles_have_no_news),
		cmocka_unit_test(normalizing_compares_shares),
		cmocka_unit_test(functions_that_came_or_went_say_so),
		cmocka_unit_test(limit_counts_what_grew_beyond_it_and_beyond_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
