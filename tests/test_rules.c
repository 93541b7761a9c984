/* test_rules.c - a good profile passes; each rule, once broken, is the sentence. */
#include "tests/profiles.h"

static void good_profile_passes(void **state)
{
	struct profile *p = make_profile();
	struct err err;

	if (profile_check_rules(p, &err))
		fail_msg("%s", err.text);
	profile_free(p);
}

static void break_utf8(struct profile *p)
{
	p->comments.v[0] = profile_intern(p, "ok\xc3");
}
static void break_type_name(struct profile *p)
{
	p->sample_types.v[0].type = profile_intern(p, "cpu-samples");
}
static void break_unit(struct profile *p)
{
	p->sample_types.v[0].unit = profile_intern(p, "milliseconds");
}
static void break_default(struct profile *p)
{
	p->default_sample_type = p->sample_types.v[0].type;
}
static void break_period(struct profile *p)
{
	p->period = 0;
}
static void break_period_type(struct profile *p)
{
	p->period_type.type = profile_intern(p, "space");
}
static void break_time(struct profile *p)
{
	p->time_nanos = 0;
}
static void break_duration(struct profile *p)
{
	p->duration_nanos = -1;
}
static void break_value(struct profile *p)
{
	p->values.v[0] = -1;
}
static void break_zero(struct profile *p)
{
	p->values.v[2] = p->values.v[3] = 0;
}
static void break_stack(struct profile *p)
{
	profile_add_sample(p, (int64_t[]){ 1, 1 }, NULL, 0, NULL, 0);
}
static void break_label_name(struct profile *p)
{
	p->labels.v[0].key = profile_intern(p, "thread id");
}
static void break_label_digit(struct profile *p)
{
	p->labels.v[0].key = profile_intern(p, "1st");
}
static void break_label_unit(struct profile *p)
{
	p->labels.v[1].unit = 0;
}
static void break_label_value(struct profile *p)
{
	p->labels.v[0].str = 0;
}
static void break_label_twice(struct profile *p)
{
	p->labels.v[1].key = p->labels.v[0].key;
}
static void break_mapping_id(struct profile *p)
{
	p->mappings.v[1].id = 3;
}
static void break_location_id(struct profile *p)
{
	p->locations.v[0].id = 0x400100;
}
static void break_function_id(struct profile *p)
{
	p->functions.v[0].id = 8;
}
static void break_main(struct profile *p)
{
	p->mappings.v[0].file = profile_intern(p, "program");
}
static void break_range(struct profile *p)
{
	p->mappings.v[1].limit = p->mappings.v[1].start;
}
static void break_build_id(struct profile *p)
{
	p->mappings.v[0].build_id = profile_intern(p, "0123ABCD");
}
static void break_function_name(struct profile *p)
{
	p->functions.v[1].name = 0;
}
static void break_system_name(struct profile *p)
{
	p->functions.v[1].system_name = 0;
}
static void break_address(struct profile *p)
{
	p->locations.v[0].address = 0x500000;
}
static void break_no_address(struct profile *p)
{
	p->locations.v[2].address = 0;
}
static void break_functions_flag(struct profile *p)
{
	p->mappings.v[1].has_functions = true;
}
static void break_files_flag(struct profile *p)
{
	p->functions.v[2].filename = 0;
}
static void break_lines_flag(struct profile *p)
{
	p->lines.v[1].line = 0;
}
static void break_inlines_flag(struct profile *p)
{
	p->mappings.v[1].has_inline_frames = true;
}

static void profile_of_nothing_breaks_the_first_rule(void **state)
{
	struct profile *p = profile_new();
	struct err err = { "" };

	assert_int_equal(profile_check_rules(p, &err), SONDE_EFORMAT);
	assert_string_equal(err.text, "no sample types");
	profile_free(p);
}

static void each_broken_rule_is_the_sentence(void **state)
{
	static const struct {
		void (*break_it)(struct profile *);
		const char *sentence;
	} rows[] = {
		{ break_utf8, "is not UTF-8 at its byte 2" },
		{ break_type_name, "sample type 'cpu-samples' is not made of a-z and _" },
		{ break_unit, "unit 'milliseconds' of sample type 'samples'" },
		{ break_default,
		  "default sample type 'samples' is not the last sample type 'cpu'" },
		{ break_period, "period 0 is not positive" },
		{ break_period_type,
		  "period type 'space/nanoseconds' where a profile of 'cpu' has" },
		{ break_time, "no time of start" },
		{ break_duration, "duration -1 is negative" },
		{ break_value, "value -1 of sample 1 is negative" },
		{ break_zero, "sample 2 has no value but 0" },
		{ break_stack, "sample 4 has no stack" },
		{ break_label_name, "label 'thread id' of sample 1" },
		{ break_label_digit, "label '1st' of sample 1" },
		{ break_label_unit, "numeric label 'size' of sample 1 has no unit" },
		{ break_label_value, "label 'thread' of sample 1 has no value" },
		{ break_label_twice, "label 'thread' is twice in sample 1" },
		{ break_mapping_id, "mapping 2 has the id 3" },
		{ break_location_id, "location 1 has the id 4194560" },
		{ break_function_id, "function 1 has the id 8" },
		{ break_main, "first mapping 'program' is not the absolute path" },
		{ break_range,
		  "mapping '/lib/stripped.so' ends at 0x7f0000000000, before it begins" },
		{ break_build_id, "build id '0123ABCD' of '/bin/program'" },
		{ break_function_name, "function 2 has no name" },
		{ break_system_name, "function 'caller' has no system name" },
		{ break_address, "address 0x500000 of location 1 is outside of its mapping" },
		{ break_no_address, "location 3 has neither a function nor an address" },
		{ break_functions_flag, "claims functions, which location 3 has not" },
		{ break_files_flag, "claims file names, which location 2 has not" },
		{ break_lines_flag, "claims line numbers, which location 2 has not" },
		{ break_inlines_flag, "claims files, lines or inlining, but no functions" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct profile *p = make_profile();
		struct err err = { "" };

		rows[i].break_it(p);
		assert_int_equal(profile_check_rules(p, &err), SONDE_EFORMAT);
		if (!strstr(err.text, rows[i].sentence))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].sentence);
		profile_free(p);
	}
}

static void utf8_of_all_lengths_is_told_from_other_bytes(void **state)
{
	static const struct {
		const char *s;
		bool ok;
	} rows[] = {
		{ "a", true },
		{ "\xc3\xa9", true },
		{ "\xe2\x82\xac", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\x80", false },
		{ "\xc0\x80", false },
		{ "\xe0\x80\x80", false },
		{ "\xed\xa0\x80", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xff", false },
		{ "\xe2\x82", false },
		{ "\xf0\x9f\x98z", false },
	};

	for (size_t i = 0; i < N(rows); i++) {
		struct profile *p = make_profile();

		p->comments.v[0] = profile_intern(p, rows[i].s);
		assert_int_equal(profile_check_rules(p, NULL) == 0, rows[i].ok);
		profile_free(p);
	}
}

static void file_is_checked_by_its_bytes_too(void **state)
{
	char path[] = "/tmp/sonde-test-XXXXXX";
	struct profile *p = make_profile();
	struct test_bytes b = plain(p);
	int fd = mkstemp(path);
	struct err err = { "" };
	gzFile gz;

	assert_int_equal(profile_write_file(p, path, &err), 0);
	assert_int_equal(profile_check_file_rules(path, &err), 0);
	assert_int_equal(write(fd, "x", 1), 1);
	gz = gzopen(path, "w");
	gzwrite(gz, b.v, (unsigned)b.n);
	gzwrite(gz,
		"\x32\x03"
		"cpu",
		5); /* one more string */
	gzclose(gz);
	assert_int_equal(profile_check_file_rules(path, &err), SONDE_EFORMAT);
	assert_non_null(strstr(err.text, "is in the table twice"));
	gz = gzopen(path, "wT"); /* not compressed */
	gzwrite(gz, b.v, (unsigned)b.n);
	gzclose(gz);
	assert_int_equal(profile_check_file_rules(path, &err), SONDE_EFORMAT);
	assert_non_null(strstr(err.text, "not gzip'd"));
	close(fd);
	unlink(path);
	profile_free(p);
	free(b.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_profile_passes),
		cmocka_unit_test(profile_of_nothing_breaks_the_first_rule),
		cmocka_unit_test(each_broken_rule_is_the_sentence),
		cmocka_unit_test(utf8_of_all_lengths_is_told_from_other_bytes),
		cmocka_unit_test(file_is_checked_by_its_bytes_too),
	};

	return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
