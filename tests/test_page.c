/* test_page.c - pages for a browser: their hash, their marks, what is text in them. */
#include "analyze/page.h"
#include "analyze/sha256.h"
#include "tests/profiles.h"

static void hashes_are_those_of_the_standard(void **state)
{
	/* of the bytes 3, 10, 17 ... */
	static const struct {
		size_t n;
		const char *base64;
	} rows[] = {
		{ 0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" },
		{ 3, "arDbofTx37s3tPnusJLAn8pJAK0yvc0UfY3eNdbIfDU=" },
		{ 55, "5zE9MzwnLmOfeQl4KD+es5LoQ9Dym3AWgoux2qSqxws=" },
		{ 56, "QyTWXzwQNWf1WJxxC8CPhSP5KaknLjrzb8lo5Sq8bCc=" },
		{ 63, "gcgCQhMvIww71Bs+Y7vP8WEHM5VJIUqZYU/yZmRiUFU=" },
		{ 64, "OePXtrXQddN9BTrYmyS0G+9PPCl2DIREfKs/O+GIIkE=" },
		{ 65, "qsym/3T9uyltFlpFzs+gTlEnvACHcPu91IAG8tL66V4=" },
		{ 1000, "HpvDjL+GC57DGRiwZfm1JHbFSaeC4OeZC+2M44aNI3E=" },
	};
	unsigned char data[1000];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7 + 3);
	for (size_t i = 0; i < N(rows); i++) {
		char base64[SHA256_BASE64];

		sha256_base64(base64, data, rows[i].n);
		assert_string_equal(base64, rows[i].base64);
	}
}

static void put_answer(void *ctx, struct json *j)
{
	json_int(j, NULL, *(const int *)ctx);
}

static void marks_are_replaced_once(void **state)
{
	int answer = 42;
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	page_write(out, "{{title}}|{{data}}|{{script}}|{{unknown}}|{{title}}|{{",
		   "<a & \"b\">{{data}}", "css", "{{data}}", put_answer, &answer);
	fclose(out);
	assert_string_equal(text, "&lt;a &amp; &quot;b&quot;&gt;{{data}}|42|{{data}}||"
				  "&lt;a &amp; &quot;b&quot;&gt;{{data}}|");
	free(text);
}

static void pages_are_in_the_program(void **state)
{
	static const char *const marks[] = { "{{policy}}", "{{title}}", "{{style}}", "{{script}}",
					     "{{data}}" };

	char *script = flame_page_script();

	for (size_t i = 0; i < N(marks); i++)
		assert_non_null(strstr(flame_page_html, marks[i]));
	assert_non_null(strstr(script, "class Flame"));
	assert_null(strstr(script, "</script"));
	assert_null(strstr(script, "\nimport "));
	assert_null(strstr(script, "\nexport "));
	free(script);
	assert_null(strstr(flame_page_css, "</"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_the_standard),
		cmocka_unit_test(marks_are_replaced_once),
		cmocka_unit_test(pages_are_in_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
