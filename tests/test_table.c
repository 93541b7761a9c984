/* test_table.c - JSON and CSV: what is escaped, what is quoted, what is unknown. */
#include "analyze/table.h"
#include "tests/profiles.h"

#include <math.h>

static char *text;
static size_t text_bytes;

static FILE *open_text(void)
{
	return open_memstream(&text, &text_bytes);
}

static void expect(FILE *out, const char *want)
{
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

static void strings_are_escaped(void **state)
{
	static const struct {
		const char *string, *json;
	} rows[] = {
		{ "plain", "\"plain\"" },
		{ "", "\"\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\nb\tc\001d\x7f", "\"a\\nb\\tc\\u0001d\\u007f\"" },
		{ "</script>&", "\"\\u003c/script\\u003e\\u0026\"" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "a\xff"
		  "b\xc3",
		  "\"a\xef\xbf\xbd"
		  "b\xef\xbf\xbd\"" },
		{ "\xef\xbf\xbd", "\"\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < N(rows); i++) {
		FILE *out = open_text();
		struct json j = { out, false };

		json_text(&j, NULL, rows[i].string);
		expect(out, rows[i].json);
	}
}

static void members_are_parted_by_commas(void **state)
{
	FILE *out = open_text();
	struct json j = { out, false };

	json_open(&j, NULL, '{');
	json_int(&j, "min", INT64_MIN);
	json_real(&j, "half", 0.5);
	json_real(&j, "zero", -0.0);
	json_real(&j, "nan", NAN);
	json_open(&j, "list", '[');
	json_bool(&j, NULL, true);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_null(&j, NULL);
	json_close(&j, ']');
	json_line(&j);
	json_text(&j, "last", "x");
	json_close(&j, '}');
	expect(out, "{\"min\":-9223372036854775808,\"half\":0.5,\"zero\":0,\"nan\":null,"
		    "\"list\":[true,{},null],\n\"last\":\"x\"}");
}

static void print_table(FILE *out, enum report_format format)
{
	static const char *const columns[] = { "text", "n", "list", "unknown" };
	struct table t;

	table_begin(&t, out, format, "test");
	table_rows(&t, columns, N(columns));
	table_row(&t);
	table_text(&t, "a,\"b\"");
	table_int(&t, -7);
	table_list(&t);
	table_item(&t, "x");
	table_item(&t, "y\"");
	table_list_end(&t);
	table_real(&t, NAN);
	table_row(&t);
	table_text(&t, NULL);
	table_bool(&t, false);
	table_list(&t);
	table_list_end(&t);
	table_none(&t);
	table_end(&t);
}

static void rows_are_objects_in_json(void **state)
{
	FILE *out = open_text();

	print_table(out, FORMAT_JSON);
	expect(out,
	       "{\"report\":\"test\",\"schema\":1,\n\"rows\":[\n"
	       "{\"text\":\"a,\\\"b\\\"\",\"n\":-7,\"list\":[\"x\",\"y\\\"\"],\"unknown\":null},\n"
	       "{\"text\":null,\"n\":false,\"list\":[],\"unknown\":null}]}\n");
}

static void rows_are_lines_in_csv(void **state)
{
	FILE *out = open_text();

	print_table(out, FORMAT_CSV);
	expect(out, "text,n,list,unknown\n\"a,\"\"b\"\"\",-7,\"x;y\"\"\",\n,false,\"\",\n");
}

static void table_without_rows_is_whole(void **state)
{
	static const char *const columns[] = { "a", "b" };

	for (enum report_format format = FORMAT_JSON; format <= FORMAT_CSV; format++) {
		FILE *out = open_text();
		struct table t;

		table_begin(&t, out, format, "none");
		table_rows(&t, columns, N(columns));
		table_end(&t);
		expect(out, format == FORMAT_CSV
				    ? "a,b\n"
				    : "{\"report\":\"none\",\"schema\":1,\n\"rows\":[]}\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(members_are_parted_by_commas),
		cmocka_unit_test(rows_are_objects_in_json),
		cmocka_unit_test(rows_are_lines_in_csv),
		cmocka_unit_test(table_without_rows_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
