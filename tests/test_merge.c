/* test_merge.c - adding, subtracting and scaling profiles. */
#include "analyze/merge.h"
#include "analyze/text.h"
#include "tests/profiles.h"

static struct profile *merged(struct profile *a, struct profile *b)
{
	struct profile *both[] = { a, b }, *out = NULL;
	struct err err;

	if (profile_merge(&out, both, 2, &err) || profile_check_valid(out, &err))
		fail_msg("%s", err.text);
	return out;
}

static int64_t sum(const struct profile *p, size_t type)
{
	int64_t total = 0;

	for (size_t i = type; i < p->values.n; i += p->sample_types.n)
		total += p->values.v[i];
	return total;
}

static void profile_and_itself_is_twice_the_profile(void **state)
{
	struct profile *p = make_profile(), *out = merged(p, p);

	assert_int_equal(out->n_samples, p->n_samples);
	assert_int_equal(out->locations.n, p->locations.n);
	assert_int_equal(out->functions.n, p->functions.n);
	assert_int_equal(out->mappings.n, p->mappings.n);
	for (size_t i = 0; i < p->values.n; i++)
		assert_int_equal(out->values.v[i], 2 * p->values.v[i]);
	assert_int_equal(out->duration_nanos, 2 * p->duration_nanos);
	assert_int_equal(out->time_nanos, p->time_nanos);
	assert_int_equal(out->comments.n, 2);
	profile_free(out);
	profile_free(p);
}

static void binary_loaded_elsewhere_is_the_same(void **state)
{
	struct profile *a = make_profile(), *b = make_profile(), *out, *twice = merged(a, a);

	for (size_t i = 0; i < b->mappings.n; i++) {
		b->mappings.v[i].start += 0x55000000;
		b->mappings.v[i].limit += 0x55000000;
	}
	for (size_t i = 0; i < b->locations.n; i++)
		b->locations.v[i].address += 0x55000000;
	out = merged(a, b);
	assert_same_profile(out, twice);
	profile_free(twice);
	profile_free(out);
	profile_free(b);
	profile_free(a);
}

static void other_labels_are_other_samples_in_any_order(void **state)
{
	struct profile *a = make_profile(), *b = make_profile(), *out;
	struct label first = b->labels.v[0];

	b->labels.v[0] = b->labels.v[1]; /* sample 0 has the same two labels, turned round */
	b->labels.v[1] = first;
	b->labels.v[2].str = profile_intern(b, "worker");
	out = merged(a, b);
	assert_int_equal(out->n_samples, 4);
	assert_int_equal(out->values.v[0], 6);
	assert_int_equal(out->values.v[4], 2);
	profile_free(out);
	profile_free(b);
	profile_free(a);
}

static void unused_tables_and_empty_samples_go(void **state)
{
	struct profile *p = make_profile(), *out = NULL;

	add_test_location(p, 0, 0x400900);
	add_test_line(p, add_test_function(p, "unused", "unused.c"), 1);
	profile_add_sample(p, (int64_t[]){ 0, 0 }, (uint32_t[]){ 3 }, 1, NULL, 0);
	assert_int_equal(profile_merge(&out, &p, 1, NULL), 0);
	assert_int_equal(out->n_samples, 3);
	assert_int_equal(out->locations.n, 3);
	assert_int_equal(out->functions.n, 3);
	profile_free(out);
	profile_free(p);
}

static void profile_less_itself_is_empty(void **state)
{
	struct profile *p = make_profile();
	struct err err;

	assert_int_equal(profile_subtract(&p, make_profile(), (struct subtract_opts){ 0 }, &err),
			 0);
	assert_int_equal(p->n_samples, 0);
	assert_int_equal(p->locations.n, 0);
	assert_int_equal(p->mappings.n, 1); /* the main binary stays */
	profile_free(p);
}

static void diff_base_keeps_the_base_apart(void **state)
{
	struct profile *p = make_profile();
	const struct label *label;

	assert_int_equal(profile_subtract(&p, make_profile(),
					  (struct subtract_opts){ .diff_base = true }, NULL),
			 0);
	assert_int_equal(p->n_samples, 6);
	assert_int_equal(sum(p, 0), 0);
	label = &p->labels.v[p->labels.n - 1];
	assert_string_equal(profile_str(p, label->key), "pprof::base");
	assert_string_equal(profile_str(p, label->str), "true");
	profile_free(p);
}

static void normalized_source_has_the_total_of_the_base(void **state)
{
	struct profile *p = make_profile(), *base = make_profile();

	profile_scale(base, 10);
	assert_int_equal(profile_normalize(p, base, NULL), 0);
	assert_int_equal(sum(p, 0), 60);
	assert_int_equal(sum(p, 1), 600000000);
	profile_free(base);
	profile_free(p);
}

static void scaling_rounds_and_drops_what_becomes_nothing(void **state)
{
	struct profile *p = make_profile();

	profile_scale_types(p, (double[]){ 0.25, 1 });
	assert_int_equal(p->n_samples, 2); /* 3, 1, 2 -> 0.75, 0.25, 0.5 */
	assert_memory_equal(p->values.v, ((int64_t[]){ 1, 30000000, 1, 20000000 }), 32);
	assert_int_equal(p->stack_at.v[2], 5);
	assert_int_equal(profile_check_valid(p, NULL), 0);
	profile_free(p);
}

static void huge_values_wrap_and_do_not_trap(void **state)
{
	struct profile *p = make_profile(), *out;

	p->values.v[0] = INT64_MAX;
	out = merged(p, p);
	assert_int_equal(out->values.v[0], -2);
	profile_scale(out, 1e300);
	profile_free(out);
	profile_free(p);
}

static void units_become_the_finest(void **state)
{
	struct profile *ps[] = { make_profile(), make_profile() }, *out = NULL;
	struct err err;

	ps[0]->sample_types.v[1].unit = ps[0]->period_type.unit =
		profile_intern(ps[0], "milliseconds");
	for (size_t i = 1; i < ps[0]->values.n; i += 2)
		ps[0]->values.v[i] /= 1000000;
	ps[0]->period = 10;
	if (profile_combine(&out, ps, 2, &err))
		fail_msg("%s", err.text);
	assert_string_equal(profile_str(out, out->sample_types.v[1].unit), "nanoseconds");
	assert_int_equal(sum(out, 1), 120000000);
	assert_int_equal(out->period, 10000000);
	profile_free(out);
}

static void only_common_sample_types_are_kept(void **state)
{
	struct profile *ps[] = { make_profile(), make_profile() }, *out = NULL;

	ps[1]->sample_types.v[0] = ps[1]->sample_types.v[1];
	ps[1]->sample_types.v[1].type = profile_intern(ps[1], "wall");
	ps[0]->default_sample_type = ps[0]->sample_types.v[0].type;
	assert_int_equal(profile_combine(&out, ps, 2, NULL), 0);
	assert_int_equal(out->sample_types.n, 1);
	assert_string_equal(profile_str(out, out->sample_types.v[0].type), "cpu");
	assert_string_equal(profile_str(out, out->default_sample_type), "cpu");
	assert_int_equal(sum(out, 0), 60000000 + 6);
	assert_int_equal(profile_check_valid(out, NULL), 0);
	profile_free(out);
}

static void profiles_of_different_things_are_refused(void **state)
{
	struct profile *ps[] = { make_profile(), make_profile() }, *out = NULL;
	struct err err = { "" };

	ps[1]->period_type.type = profile_intern(ps[1], "space");
	assert_int_equal(profile_merge(&out, ps, 2, &err), SONDE_EUSAGE);
	assert_string_equal(err.text,
			    "incompatible period types 'cpu/nanoseconds' and 'space/nanoseconds'");
	ps[1]->sample_types.v[0].type = profile_intern(ps[1], "x");
	ps[1]->sample_types.v[1].type = profile_intern(ps[1], "y");
	assert_int_equal(profile_combine(&out, ps, 2, &err), SONDE_EUSAGE);
	assert_string_equal(err.text, "profiles have empty common sample type list");
}

static void different_sample_types_are_united(void **state)
{
	struct profile *a = make_profile(), *b = make_profile(), *out;
	struct merger *m = merger_new();
	struct text said = { VEC_INIT };
	struct err err;

	a->default_sample_type = 0;
	b->sample_types.v[0] = (struct value_type){ profile_intern(b, "alloc_space"),
						    profile_intern(b, "bytes") };
	b->sample_types.v[1].unit = profile_intern(b, "microseconds"); /* coarser than a's */
	merger_add(m, a);
	profile_unite_types(merger_profile(m), b, "b", &said);
	merger_add(m, b);
	out = merger_take(m);
	if (profile_check_valid(out, &err))
		fail_msg("%s", err.text);
	assert_int_equal(said.v.n, strlen("'b' adds alloc_space/bytes, lacks samples/count"));
	assert_memory_equal(said.v.v, "'b' adds alloc_space/bytes, lacks samples/count", said.v.n);
	assert_int_equal(out->sample_types.n, 3);
	assert_string_equal(profile_str(out, out->default_sample_type), "cpu");
	assert_int_equal(sum(out, 0), 6);
	assert_int_equal(sum(out, 1), 60000000 + 60000000000);
	assert_int_equal(sum(out, 2), 6);
	assert_int_equal(out->n_samples, 3);
	text_release(&said);
	profile_free(out);
	profile_free(b);
	profile_free(a);
}

static void finer_unit_of_a_later_profile_is_taken(void **state)
{
	struct profile *a = make_profile(), *b = make_profile(), *out;
	struct merger *m = merger_new();
	struct text said = { VEC_INIT };

	a->sample_types.v[1].unit = profile_intern(a, "milliseconds");
	merger_add(m, a);
	profile_unite_types(merger_profile(m), b, "b", &said);
	merger_add(m, b);
	out = merger_take(m);
	assert_int_equal(said.v.n, 0);
	assert_string_equal(profile_str(out, out->sample_types.v[1].unit), "nanoseconds");
	assert_int_equal(sum(out, 1), 60000000 * 1000000LL + 60000000);
	text_release(&said);
	profile_free(out);
	profile_free(b);
	profile_free(a);
}

static void nothing_to_merge_is_said(void **state)
{
	struct profile *out = NULL;
	struct err err = { "" };

	assert_int_equal(profile_merge(&out, NULL, 0, &err), SONDE_EUSAGE);
	assert_string_equal(err.text, "no profiles to merge");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profile_and_itself_is_twice_the_profile),
		cmocka_unit_test(binary_loaded_elsewhere_is_the_same),
		cmocka_unit_test(other_labels_are_other_samples_in_any_order),
		cmocka_unit_test(unused_tables_and_empty_samples_go),
		cmocka_unit_test(profile_less_itself_is_empty),
		cmocka_unit_test(diff_base_keeps_the_base_apart),
		cmocka_unit_test(normalized_source_has_the_total_of_the_base),
		cmocka_unit_test(scaling_rounds_and_drops_what_becomes_nothing),
		cmocka_unit_test(huge_values_wrap_and_do_not_trap),
		cmocka_unit_test(units_become_the_finest),
		cmocka_unit_test(only_common_sample_types_are_kept),
		cmocka_unit_test(profiles_of_different_things_are_refused),
		cmocka_unit_test(different_sample_types_are_united),
		cmocka_unit_test(finer_unit_of_a_later_profile_is_taken),
		cmocka_unit_test(nothing_to_merge_is_said),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
