/* test_filter.c - what each filter leaves of stacks and samples. */
#include "analyze/filter.h"
#include "analyze/tag_filter.h"
#include "tests/word_stacks.h"

static size_t n_notes;
static char last_note[256];

static void count_note(void *ctx, const char *text)
{
	n_notes++;
	snprintf(last_note, sizeof(last_note), "%s", text);
}

static const struct notes counting = { count_note, NULL };

static int apply(struct profile *p, const struct report_opts *o, struct err *err)
{
	struct label_units units;
	int rc;

	n_notes = 0;
	label_units_init(&units, p, &counting);
	rc = filter_profile(p, o, &units, &counting, err);
	label_units_release(&units);
	return rc;
}

/* What is left of several stacks, joined by " | ". */
static void filter_stacks(const struct report_opts *o, const char *stacks, char *left)
{
	struct profile *p = profile_new();
	char copy[256], *rest = copy, *stack, one[256];
	struct err err;

	*VEC_PUSH(&p->sample_types) = (struct value_type){ 0 };
	snprintf(copy, sizeof(copy), "%s", stacks);
	while ((stack = strsep(&rest, "|")))
		add_stack(p, stack);
	if (apply(p, o, &err) || profile_check_valid(p, &err))
		fail_msg("%s", err.text);
	*left = 0;
	for (size_t i = 0; i < p->n_samples; i++) {
		print_stack(p, one, i);
		strcat(strcat(left, i ? "|" : ""), one);
	}
	profile_free(p);
}

struct filter_row {
	const char *focus, *ignore, *hide, *show, *show_from, *prune_from, *stacks, *left;
};

static void stack_filters_leave_what_pprof_leaves(void **state)
{
	static const struct filter_row rows[] = {
		{ .focus = "f", .stacks = "f main|g main", .left = "f main" },
		{ .focus = "f", .ignore = "h", .stacks = "f main|f h main|g", .left = "f main" },
		{ .ignore = "h", .stacks = "f main|f h main", .left = "f main" },
		{ .focus = "f", .ignore = "f", .stacks = "f main|main", .left = "" },
		{ .hide = "g", .stacks = "f g main|g", .left = "f main" },
		{ .hide = "g", .stacks = "f+g main", .left = "f main" },
		{ .show = "f|main", .stacks = "f g main|g|h+f x", .left = "f main|f" },
		{ .focus = "g", .hide = "g", .stacks = "f g main|f main", .left = "f main" },
		{ .show_from = "g", .stacks = "f g h main|f main", .left = "f g" },
		{ .show_from = "g", .stacks = "f g h g main", .left = "f g h g" },
		{ .show_from = "g", .stacks = "f g+h main", .left = "f g" },
		{ .prune_from = "g", .stacks = "f g main|f main", .left = "g main|f main" },
		{ .prune_from = "^g$", .stacks = "f g(int) h g main", .left = "g(int) h g main" },
		{ .prune_from = "h", .stacks = "f g+h main", .left = "h main" },
		{ .focus = "F", .stacks = "f main", .left = "" },
		{ .focus = "(?i)F", .stacks = "f main", .left = "f main" },
		{ .stacks = "f|main", .left = "f|main" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct report_opts o;
		char left[512];

		report_opts_init(&o);
#define SET(field) o.field = rows[i].field ? rows[i].field : ""
		SET(focus);
		SET(ignore);
		SET(hide);
		SET(show);
		SET(show_from);
		SET(prune_from);
		filter_stacks(&o, rows[i].stacks, left);
		if (strcmp(left, rows[i].left) != 0)
			fail_msg("row %zu: '%s' became '%s', not '%s'", i, rows[i].stacks, left,
				 rows[i].left);
	}
}

static void files_and_mappings_match_too(void **state)
{
	static const struct {
		const char *focus;
		size_t left;
	} rows[] = { { "/src/leaf\\.c", 1 },
		     { "stripped\\.so", 2 },
		     { "/bin/program", 3 },
		     { "nothing", 0 } };

	for (size_t i = 0; i < N(rows); i++) {
		struct profile *p = make_profile();
		struct report_opts o;
		struct err err;

		report_opts_init(&o);
		o.focus = rows[i].focus;
		assert_int_equal(apply(p, &o, &err), 0);
		assert_int_equal(p->n_samples, rows[i].left);
		assert_int_equal(n_notes, rows[i].left == 0);
		profile_free(p);
	}
	assert_string_equal(last_note, "Focus expression matched no samples");
}

static void bad_expression_leaves_the_profile_alone(void **state)
{
	struct profile *p = make_profile(), *same = make_profile();
	struct report_opts o;
	struct err err = { "" };

	report_opts_init(&o);
	o.focus = "leaf";
	o.tagignore = "ok,(";
	assert_int_equal(apply(p, &o, &err), SONDE_EUSAGE);
	assert_string_equal(
		err.text, "parsing tagignore regexp: error parsing regexp: missing closing ): `(`");
	assert_same_samples(p, same);
	profile_free(p);
	profile_free(same);
}

/* ---- labels ---- */

/* "key=text" or "key:number[unit]" words; the rest of the work is tag_filter's. */
static void add_labels(struct profile *p, const char *words)
{
	char copy[256], *rest = copy, *word;
	struct label labels[8];
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	while (*words && (word = strsep(&rest, " "))) {
		size_t key = strcspn(word, "=:");
		char *value = word + key + 1, *unit;

		labels[n] = (struct label){ .key = strtab_add(p->strings, word, key) };
		if (word[key] == '=') {
			labels[n].str = profile_intern(p, value);
		} else {
			labels[n].is_num = true;
			labels[n].num = strtoll(value, &unit, 10);
			labels[n].unit = profile_intern(p, unit);
		}
		n++;
	}
	profile_add_sample(p, (int64_t[]){ 1 }, NULL, 0, labels, n);
}

static void tag_filters_choose_by_range_or_expression(void **state)
{
	static const struct {
		const char *filter, *labels;
		bool yes;
	} rows[] = {
		{ "10", "n:10", true },
		{ "10", "n:11", false },
		{ "10:", "n:11", true },
		{ ":10", "n:11", false },
		{ ":10", "n:-3", true },
		{ "5:10", "n:10", true },
		{ "5:10", "n:4", false },
		{ "+5:", "n:5", true },
		{ "-5:5", "n:-5", true },
		{ "1kb:2kb", "n:1500b", true },
		{ "1kb:2kb", "n:1500bytes", true },
		{ "1kb:2kb", "n:1500ms", false },
		{ "1kb", "bytes:1024", true },
		{ "1kb:", "request:2048", true },
		{ "1ms:", "n:2000us", true },
		{ "n=10", "m:10", false },
		{ "n=10", "m:9 n:10", true },
		{ "=10", "m:10", true },
		{ "main", "t=main", true },
		{ "t:main", "t=main", true },
		{ "^main$", "t=main", false },
		{ "t=^main$", "t=main", true },
		{ "t=a,b", "t=b", true },
		{ "a,b", "t=b", false },
		{ "a,b", "t=b u=a", true },
		{ "t=10x:", "t=10x:", false },
		{ "10", "n=10", false },
		{ "x=y=z", "x=y=z", true },
		{ "main", "", false },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct profile *p = profile_new();
		struct report_opts o;
		struct err err;

		*VEC_PUSH(&p->sample_types) = (struct value_type){ 0 };
		add_labels(p, rows[i].labels);
		report_opts_init(&o);
		o.tagfocus = rows[i].filter;
		if (apply(p, &o, &err))
			fail_msg("row %zu: %s", i, err.text);
		if ((p->n_samples == 1) != rows[i].yes)
			fail_msg("row %zu: %s on '%s'", i, rows[i].filter, rows[i].labels);
		profile_free(p);
	}
}

static void number_beyond_64_bits_is_refused(void **state)
{
	struct profile *p = make_profile();
	struct report_opts o;
	struct err err;

	report_opts_init(&o);
	o.tagfocus = "99999999999999999999:";
	assert_int_equal(apply(p, &o, &err), SONDE_EUSAGE);
	profile_free(p);
}

static void labels_are_shown_and_hidden_by_key(void **state)
{
	struct profile *p = make_profile();
	struct report_opts o;
	struct err err;

	report_opts_init(&o);
	o.tagshow = "thread|size";
	o.taghide = "ize";
	assert_int_equal(apply(p, &o, &err), 0);
	assert_int_equal(p->n_samples, 3);
	assert_int_equal(p->labels.n, 2);
	assert_int_equal(p->label_at.v[1], 1);
	assert_int_equal(p->label_at.v[3], 2);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stack_filters_leave_what_pprof_leaves),
		cmocka_unit_test(files_and_mappings_match_too),
		cmocka_unit_test(bad_expression_leaves_the_profile_alone),
		cmocka_unit_test(tag_filters_choose_by_range_or_expression),
		cmocka_unit_test(number_beyond_64_bits_is_refused),
		cmocka_unit_test(labels_are_shown_and_hidden_by_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
